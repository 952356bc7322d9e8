#pragma once

#include <string>
#include <string_view>

namespace hocket {

/// `text` as valid UTF-8 without control characters, those of C1 and those that change the direction of text included: each, and what is no
/// UTF-8, is U+FFFD. So nothing that a server chose commands a terminal or hides in a line.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace hocket
