#pragma once

#include <string>

namespace hocket::graph {

/// Where files that nobody sees may stand: `wanted` or, if that is empty, `directory` if one may write there, and otherwise the system's directory
/// for temporary files.
[[nodiscard]] std::string scratch_in(const std::string& wanted, const std::string& directory);

}  // namespace hocket::graph
