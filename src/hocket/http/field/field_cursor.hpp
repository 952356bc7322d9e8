#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// Walks through the value of a field, piece by piece, in the small grammar that all fields share: tokens, quoted strings,
/// lists. What does not fit is not taken. Refers to the value, which must stay alive.
///
///     for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
///       const auto token = at.take_token();
///       if (token.empty() || !at.at_end_of_element()) return malformed;
///     }
///
/// Source: RFC 9110, 5.6.
class field_cursor {
 public:
  explicit field_cursor(std::string_view value) noexcept : rest_(value) {}

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  /// Skips blanks; then whether the next is a comma, or the end.
  [[nodiscard]] bool at_end_of_element() noexcept;
  /// Skips blanks and commas. An empty element of a list stands for nothing (RFC 9110, 5.6.1.2).
  void skip_empty_elements() noexcept;
  /// Skips spaces and tabs; returns how many there were.
  std::size_t skip_blanks() noexcept;

  /// Takes that character if it comes next.
  bool take(char expected) noexcept;
  /// The longest token that comes next; empty if there is none.
  std::string_view take_token() noexcept;
  /// All that comes next and is one of `accepted`.
  std::string_view take_while(bool (*accepted)(char) noexcept) noexcept;
  /// What a quoted string means, its escapes resolved. Nothing if none comes next, or one that is not closed or holds a
  /// control.
  std::optional<std::string> take_quoted_string();
  /// The value of a parameter: a token or a quoted string.
  std::optional<std::string> take_parameter_value();

 private:
  std::string_view rest_;
};

/// A quoted string that means `text`: `"` and `\` are escaped. The text has no controls. RFC 9110, 5.6.4.
[[nodiscard]] std::string quoted_string(std::string_view text);

}  // namespace hocket::http
