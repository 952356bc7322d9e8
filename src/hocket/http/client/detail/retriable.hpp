#pragma once

#include <exception>
#include <string_view>
#include <system_error>

namespace hocket::http::detail {

/// What may be sent again when nobody knows what became of it. Source: RFC 9110, 9.2.2.
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;

/// It may be otherwise the next time: the network failed, the system has no descriptor or no memory left, the connection broke, also in TLS's
/// handshake, a name could not be looked up now. Not so a name that nobody knows, or a certificate. What a resolver means by errors of its
/// own, it says by their conditions (see `resolver`).
[[nodiscard]] bool is_passing(const std::error_code& failure) noexcept;
/// The same of what was thrown; or the server has closed, or no answer came in time.
[[nodiscard]] bool is_passing(const std::exception_ptr& failure) noexcept;

}  // namespace hocket::http::detail
