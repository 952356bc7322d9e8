#include <algorithm>
#include <charconv>

#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

/// Empty, or a colon and a number as far as it is there (RFC 3986, 3.2.3).
static bool is_port(std::string_view text) {
  if (text.empty()) return true;
  const auto digits = text.substr(1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return text.front() == ':' && (digits.empty() || (error == std::errc() && end == digits.data() + digits.size() &&
                                                    digits.size() <= 5 && port <= 65535));
}

bool is_authority(std::string_view text) {
  static constexpr auto of_an_address = alphanumerics_and("-._~!$&'()*+;=:");
  static constexpr auto of_a_name = alphanumerics_and("-._~%!$&'()*+;=");
  if (text.starts_with('[')) {
    const auto bracket = std::min(text.find(']'), text.size());
    const auto address = text.substr(1, bracket - 1);
    return bracket < text.size() && !address.empty() && consists_of(address, of_an_address) &&
           is_port(text.substr(bracket + 1));
  }
  const auto colon = std::min(text.find(':'), text.size());
  return consists_of(text.substr(0, colon), of_a_name) && is_port(text.substr(colon));
}

}  // namespace hocket::http::detail
