#pragma once

#include <hocket/loop/loop_task.hpp>

namespace hocket {

/// One line on standard error: what a loop does that has no exception handler, and what is left where there is no loop.
void print_problem(const exception_context& context) noexcept;

}  // namespace hocket
