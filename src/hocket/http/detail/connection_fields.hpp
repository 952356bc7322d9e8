#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

/// It is about a connection, or about how a message goes over it, and no part of the message: over HTTP/2 there is none of it.
/// Source: RFC 9113, 8.2.2; RFC 9110, 7.6.1; HTTP2-Settings is of RFC 7540, 3.2.1.
[[nodiscard]] inline bool is_of_connection(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> names{"Connection",       "HTTP2-Settings",    "Keep-Alive",
                                                  "Proxy-Connection", "Transfer-Encoding", "Upgrade"};
  return std::ranges::any_of(names, [name](std::string_view each) { return equal_ignoring_case(name, each); });
}

}  // namespace hocket::http::detail
