#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check_result.hpp"

namespace hocket::app {

/// The names of what a result can be printed as, in the order of the alphabet.
[[nodiscard]] const std::vector<std::string>& check_formats();

/// A result in one of these formats. Whatever servers and pages chose in it is a sequence of visible characters.
[[nodiscard]] std::string formatted(const check_result& result, std::string_view format);

}  // namespace hocket::app
