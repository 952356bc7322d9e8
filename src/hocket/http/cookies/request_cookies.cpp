#include <algorithm>

#include <hocket/http/cookies/request_cookies.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http {

request_cookies request_cookies::parse(std::string_view field, std::size_t most) {
  request_cookies cookies;
  while (!field.empty() && cookies.pairs_.size() < most) {
    const auto piece = field.substr(0, field.find(';'));
    field.remove_prefix(std::min(piece.size() + 1, field.size()));
    const std::size_t equals = piece.find('=');
    const auto name = equals == std::string_view::npos ? std::string_view() : detail::trim(piece.substr(0, equals));
    const auto value = detail::trim(equals == std::string_view::npos ? piece : piece.substr(equals + 1));
    if (!name.empty() || !value.empty()) cookies.pairs_.push_back({name, value});
  }
  return cookies;
}

std::optional<std::string_view> request_cookies::get(std::string_view name) const noexcept {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [name](const pair& at) { return at.name == name; });
  if (found == pairs_.end()) return std::nullopt;
  return found->value;
}

}  // namespace hocket::http
