#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/connection_fields.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/detail/trailers.hpp>

namespace hocket::http::detail {

bool belongs_before_body(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 30> names{
      "Age",
      "Authorization",
      "Cache-Control",
      "Content-Encoding",
      "Content-Length",
      "Content-Range",
      "Content-Type",
      "Cookie",
      "Date",
      "Expect",
      "Expires",
      "Forwarded",
      "Host",
      "If-Match",
      "If-Modified-Since",
      "If-None-Match",
      "If-Range",
      "If-Unmodified-Since",
      "Location",
      "Max-Forwards",
      "Pragma",
      "Proxy-Authenticate",
      "Range",
      "Retry-After",
      "Set-Cookie",
      "TE",
      "Trailer",
      "Vary",
      "WWW-Authenticate",
      "Proxy-Authorization",
  };
  return is_of_connection(name) ||
         std::ranges::any_of(names, [name](std::string_view each) { return equal_ignoring_case(name, each); });
}

void add_trailer_field(headers& to, std::string_view name, std::string_view value) {
  if (belongs_before_body(name)) throw error(fmt::format("{} cannot stand behind a body", name));
  to.add(name, value);
}

}  // namespace hocket::http::detail
