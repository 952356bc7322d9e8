#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace hocket::flow::detail {

/// Refuses the number that an operator was given if it is too small.
inline void require_at_least(std::ptrdiff_t least, const char* name, std::ptrdiff_t given) {
  if (given < least)
    throw std::invalid_argument(std::string(name) + "(" + std::to_string(given) + "): the number must be " +
                                std::to_string(least) + " or more");
}

}  // namespace hocket::flow::detail
