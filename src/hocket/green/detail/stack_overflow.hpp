#pragma once

namespace hocket::green::detail {

/// From the first call on, a green thread that runs over the end of its stack ends the process with a line that names it, and the way
/// out. Each thread that runs green threads calls it: signals are handled on a stack of their own.
void watch_for_overflow() noexcept;

}  // namespace hocket::green::detail
