// After a comma comes a parameter of the challenge before, or another challenge: a name that an equals sign follows is
// the former.

#include <algorithm>

#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t most_challenges = 16;
constexpr std::size_t most_parameters = 32;

bool is_token68_char(char c) noexcept {
  return detail::is_alphanumeric(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
}

/// If all that is left of the element is one, that.
std::string_view take_token68(field_cursor& at) noexcept {
  auto ahead = at;
  const auto whole = at.rest();
  if (ahead.take_while(is_token68_char).empty()) return {};
  ahead.take_while([](char c) noexcept { return c == '='; });
  const auto token = whole.substr(0, whole.size() - ahead.rest().size());
  if (!ahead.at_end_of_element()) return {};
  at = ahead;
  return token;
}

/// The rest of a parameter whose name was taken.
bool take_parameter(field_cursor& at, std::string_view name, auth_challenge& into) {
  at.skip_blanks();
  if (!at.take('=')) return false;
  at.skip_blanks();
  auto value = at.take_parameter_value();
  std::string lowered = detail::lower_case(name);
  if (!value || into.get(lowered) || into.parameters.size() == most_parameters) return false;
  into.parameters.push_back({std::move(lowered), std::move(*value)});
  return true;
}

bool parameter_follows(field_cursor at) noexcept {
  at.skip_blanks();
  return at.take('=');
}

/// A scheme, and what follows it up to the next comma.
bool take_challenge(field_cursor& at, std::string_view scheme, auth_challenge& into) {
  into.scheme = detail::lower_case(scheme);
  const bool is_apart = at.skip_blanks() > 0;
  if (at.at_end_of_element()) return true;
  if (!is_apart) return false;
  into.token = take_token68(at);
  if (!into.token.empty()) return true;
  const auto name = at.take_token();
  return !name.empty() && take_parameter(at, name, into);
}

}  // namespace

std::optional<std::string_view> auth_challenge::get(std::string_view name) const noexcept {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [name](const auto& p) { return p.name == name; });
  if (found == parameters.end()) return std::nullopt;
  return found->value;
}

std::optional<std::vector<auth_challenge>> parse_auth_challenges(std::string_view field) {
  std::vector<auth_challenge> challenges;
  field_cursor at(field);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    const auto name = at.take_token();
    if (name.empty()) return std::nullopt;
    if (parameter_follows(at)) {
      const bool has_place = !challenges.empty() && challenges.back().token.empty();
      if (!has_place || !take_parameter(at, name, challenges.back())) return std::nullopt;
    } else {
      if (challenges.size() == most_challenges || !take_challenge(at, name, challenges.emplace_back()))
        return std::nullopt;
    }
    if (!at.at_end_of_element()) return std::nullopt;
  }
  return challenges;
}

std::optional<auth_challenge> parse_credentials(std::string_view field) {
  auto all = parse_auth_challenges(field);
  if (!all || all->size() != 1) return std::nullopt;
  return std::move(all->front());
}

}  // namespace hocket::http
