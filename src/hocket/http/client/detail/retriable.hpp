#pragma once

#include <exception>
#include <string_view>

namespace hocket::http::detail {

/// What may be sent again when nobody knows what became of it. Source: RFC 9110, 9.2.2.
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;

/// It may be otherwise the next time: the system refused, the connection broke, no answer came in time.
[[nodiscard]] bool is_passing(const std::exception_ptr& failure) noexcept;

}  // namespace hocket::http::detail
