#include <algorithm>

#include <hocket/base/error.hpp>
#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/base64.hpp>

namespace hocket::http {
namespace {

bool has_control(std::string_view text) noexcept { return std::any_of(text.begin(), text.end(), detail::is_control); }

}  // namespace

std::string format_basic(const basic_credentials& credentials) {
  if (credentials.user.find(':') != std::string::npos) throw error("a user's name must not have a colon");
  if (has_control(credentials.user) || has_control(credentials.password))
    throw error("a user's name or password has a control character");
  return "Basic " + base64_encode(credentials.user + ":" + credentials.password);
}

std::optional<basic_credentials> parse_basic(std::string_view field) {
  const auto given = parse_credentials(field);
  if (!given || given->scheme != "basic" || !given->parameters.empty()) return std::nullopt;
  const auto text = base64_decode(given->token);
  if (!text || has_control(*text)) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return basic_credentials{text->substr(0, colon), text->substr(colon + 1)};
}

}  // namespace hocket::http
