#pragma once

#include <cstdint>
#include <string>

namespace hocket {

/// "1,169"
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace hocket
