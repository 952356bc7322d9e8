#include <algorithm>

#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/request_rules.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

/// Has a host, and nobody's name and password before it (RFC 9110, 4.2).
static bool is_http_uri(std::string_view target) {
  const auto scheme = target.substr(0, target.find("://"));
  if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return false;
  const auto rest = target.substr(std::min(scheme.size() + 3, target.size()));
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  return !authority.empty() && !authority.starts_with(':') && is_authority(authority);
}

void check_target(std::string_view method, std::string_view target) {
  const bool printable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
  const bool fits = method == "CONNECT" ? is_authority(target) && target.find(':') != std::string_view::npos
                    : target == "*"     ? method == "OPTIONS"
                                        : target.starts_with('/') || is_http_uri(target);
  if (!printable || !fits) throw bad_message("malformed target");
}

bool wants_continue(const headers& fields) {
  const auto expected = fields.get_all("Expect");
  for (const std::string_view each : expected)
    if (!equal_ignoring_case(each, "100-continue")) throw bad_message("unknown expectation", 417);
  return !expected.empty();
}

}  // namespace hocket::http::detail
