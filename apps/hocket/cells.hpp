#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hocket::app {

// Text on a terminal, whose columns are filled by none, one or two of a character: wcwidth(3), which the locale decides. What the locale
// does not show is a question mark. `text` is UTF-8.

/// How many columns it takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// How many of its bytes fit into so many columns.
[[nodiscard]] std::size_t leading_bytes(std::string_view text, std::size_t columns);

/// As much of it as fits into so many columns.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

/// The same, with blanks behind it, or before it, so that it fills them.
[[nodiscard]] std::string padded(std::string_view text, std::size_t columns);
[[nodiscard]] std::string right_aligned(std::string_view text, std::size_t columns);

}  // namespace hocket::app
