#pragma once

#include <string>
#include <system_error>
#include <vector>

#include <sys/types.h>

namespace hocket::inspect::detail {

/// The numbers that name something in a folder of proc(5): processes, or the threads of one. What comes or goes meanwhile may be there or not.
/// Up to an error, if there is one.
[[nodiscard]] std::vector<pid_t> numbers_in(const std::string& folder, std::error_code& error);

}  // namespace hocket::inspect::detail
