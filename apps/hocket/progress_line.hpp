#pragma once

#include <string>

namespace hocket::app {

/// As much of a line as fits into the terminal at standard error: one that is too long would scroll instead of staying in place.
[[nodiscard]] std::string fitted(std::string line);

}  // namespace hocket::app
