#include <algorithm>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>

namespace hocket::http {

bool field_cursor::at_end_of_element() noexcept {
  skip_blanks();
  return rest_.empty() || rest_.front() == ',';
}

void field_cursor::skip_empty_elements() noexcept {
  take_while([](char c) noexcept { return c == ' ' || c == '\t' || c == ','; });
}

std::size_t field_cursor::skip_blanks() noexcept {
  return take_while([](char c) noexcept { return c == ' ' || c == '\t'; }).size();
}

bool field_cursor::take(char expected) noexcept {
  if (!rest_.starts_with(expected)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view field_cursor::take_token() noexcept {
  return take_while([](char c) noexcept { return detail::is_token_char(c); });
}

std::string_view field_cursor::take_while(bool (*accepted)(char) noexcept) noexcept {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), accepted);
  const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(taken.size());
  return taken;
}

std::optional<std::string> field_cursor::take_quoted_string() {
  auto at = rest_;
  if (!at.starts_with('"')) return std::nullopt;
  at.remove_prefix(1);
  std::string meaning;
  while (!at.empty() && at.front() != '"') {
    if (at.front() == '\\' && at.size() > 1) at.remove_prefix(1);
    if (detail::is_control(at.front()) && at.front() != '\t') return std::nullopt;
    meaning.push_back(at.front());
    at.remove_prefix(1);
  }
  if (at.empty()) return std::nullopt;
  rest_ = at.substr(1);
  return meaning;
}

std::optional<std::string> field_cursor::take_parameter_value() {
  if (rest_.starts_with('"')) return take_quoted_string();
  const auto token = take_token();
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace hocket::http
