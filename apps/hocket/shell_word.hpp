#pragma once

#include <string>
#include <string_view>

namespace hocket::app {

/// The text as a shell takes it for one word: quoted unless it needs none. Source: POSIX, Shell Command Language, 2.2.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace hocket::app
