// Where a body ends: the rules of RFC 9112, 6.3, read as strictly as they allow.
//
// Two parties that disagree here disagree on where the next message begins, and that is request smuggling. Hence only
// spellings that no party can read otherwise pass: "chunked" and nothing else, once; Content-Length as bare digits,
// once; never both. A coding other than chunked cannot be undone here, so it is an error in
// responses too, although one that lasts until close would be unambiguous.

#include <charconv>
#include <limits>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/framing.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::uint64_t largest_length = std::numeric_limits<std::int64_t>::max();

std::uint64_t parse_length(std::string_view digits) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error == std::errc::result_out_of_range || length > largest_length) {
    throw bad_message("Content-Length is too large", 413);
  }
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    throw bad_message("Content-Length is not a number");
  }
  return length;
}

std::optional<std::uint64_t> content_length(const headers& fields) {
  std::optional<std::string_view> first;
  for (const auto [name, value] : fields) {
    if (!equal_ignoring_case(name, "Content-Length")) continue;
    if (first) throw bad_message("repeated Content-Length");
    first = value;
  }
  if (!first) return std::nullopt;
  return parse_length(*first);
}

/// Whether the message is chunked; all else that Transfer-Encoding may say is refused.
bool is_chunked(const headers& fields) {
  bool chunked = false;
  for (const auto [name, value] : fields) {
    if (!equal_ignoring_case(name, "Transfer-Encoding")) continue;
    if (chunked) throw bad_message("repeated Transfer-Encoding");
    if (!equal_ignoring_case(value, "chunked")) throw bad_message("Transfer-Encoding other than chunked", 501);
    chunked = true;
  }
  return chunked;
}

/// The framing that the fields alone ask for.
framing framing_of(const headers& fields) {
  const auto length = content_length(fields);
  const bool chunked = is_chunked(fields);
  if (chunked && length) throw bad_message("both Transfer-Encoding and Content-Length");
  if (chunked) return {body_end::last_chunk};
  if (length) return {body_end::length, length};
  return {};
}

}  // namespace

framing response_framing(const headers& fields, int status, std::string_view request_method) {
  auto result = framing_of(fields);
  if (status < 200 || status == 204) {  // RFC 9112, 6.1 and RFC 9110, 8.6
    if (result.end == body_end::last_chunk) throw bad_message("Transfer-Encoding in an answer that has no body");
    const bool is_harmless =
        status == 204 && result.content_length == 0U;  // many servers say so, and all read it alike
    if (result.content_length && !is_harmless) throw bad_message("Content-Length in an answer that has no body");
    result.end = body_end::no_body;
  } else if (request_method == "HEAD" || status == 304) {
    result.end = body_end::no_body;
  } else if (request_method == "CONNECT" && status < 300) {
    result.end = body_end::no_body;  // what follows belongs to the tunnel
  } else if (result.end == body_end::no_body) {
    result.end = body_end::close;
  }
  return result;
}

framing request_framing(const headers& fields, int http_minor) {
  if (http_minor == 0 && fields.contains("Transfer-Encoding")) throw bad_message("Transfer-Encoding in HTTP/1.0");
  return framing_of(fields);
}

}  // namespace hocket::http::detail
