#pragma once

namespace hocket {

class loop;

namespace detail {

using told_of_loop = void (*)(loop&);  // g++ 12 takes `constinit` for the function's otherwise

/// Called with each loop while it is made, on the thread that makes it; null: nothing is. How a floor above does what the environment asks
/// for, in programs that say nothing of it. To be set before `main`. What it throws, the loop's constructor throws.
extern constinit told_of_loop loop_made;

}  // namespace detail
}  // namespace hocket
