#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// What ends the body of a message.
enum class body_end { no_body, length, last_chunk, close };

struct framing {
  body_end end = body_end::no_body;
  std::optional<std::uint64_t> content_length = std::nullopt;  ///< as the field says, whether or not there is a body
};

/// How the body of a response is delimited. `request_method` is that of the request it answers.
/// Throws `bad_message` where the fields are malformed or contradict each other, in any response but an interim one.
/// Source: RFC 9112, 6.1 to 6.3.
[[nodiscard]] framing response_framing(const headers& fields, int status, std::string_view request_method);

/// How the body of a request is delimited. Throws `bad_message` as `response_framing`, and for any transfer coding in
/// HTTP/1.0, where a proxy on the way may not have known it.
/// Source: RFC 9112, 6.1 to 6.3.
[[nodiscard]] framing request_framing(const headers& fields, int http_minor);

}  // namespace hocket::http::detail
