#pragma once

#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Adds a field to those that go behind a body. Throws hocket::error of one that has to be known before the body (how it is framed or coded, for whom it
/// is, who one is), and as `headers::add`. Source: RFC 9110, 6.5.1.
void add_trailer_field(headers& to, std::string_view name, std::string_view value);

}  // namespace hocket::http::detail
