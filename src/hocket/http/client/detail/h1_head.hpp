#pragma once

#include <string>
#include <string_view>

#include <hocket/http/client/detail/outgoing_request.hpp>

namespace hocket::http::detail {

/// Writes a request's line and fields, with those that say what its body is, in place of what `into` holds. Throws `client_error` if the
/// method is no token, or a field contradicts the body (Content-Length, Transfer-Encoding), or there are several Hosts, or one that is none: two
/// parties who disagree on where a request ends, or for whom it is, can be played against each other. Source: RFC 9112, 3 and 6.
void write_head(std::string& into, const outgoing_request& request);

/// The fields out of which `write_head` writes those of that name; null: it writes none.
[[nodiscard]] const headers* fields_that_say(std::string_view name, const outgoing_request& request) noexcept;

/// The body goes in chunks, for its length is not known.
[[nodiscard]] bool is_chunked(const outgoing_request& request) noexcept;

}  // namespace hocket::http::detail
