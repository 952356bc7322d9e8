#pragma once

#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// It has to be known before the body: how that is framed or coded, for whom it is, who one is. Of what comes such fields are dropped, of what is
/// sent refused. Source: RFC 9110, 6.5.1.
[[nodiscard]] bool belongs_before_body(std::string_view name) noexcept;

/// Adds a field to those that go behind a body. Throws hocket::error of one that belongs before it, and as `headers::add`.
void add_trailer_field(headers& to, std::string_view name, std::string_view value);

}  // namespace hocket::http::detail
