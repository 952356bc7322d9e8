#pragma once

#include <string>

#include <hocket/http/client/detail/outgoing_request.hpp>

namespace hocket::http::detail {

/// Writes a request's line and fields, with those that say what its body is, in place of what `into` holds. Throws `client_error` as
/// `require_method` and `require_fields`. Source: RFC 9112, 3 and 6.
void write_head(std::string& into, const outgoing_request& request);

}  // namespace hocket::http::detail
