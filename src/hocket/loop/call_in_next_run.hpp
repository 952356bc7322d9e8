#pragma once

#include <hocket/base/function.hpp>

namespace hocket {

class loop;

/// Keeps `call` for the next loop that this thread runs, which calls it in its first turn, in the order in which they were given; what it throws goes to
/// that loop's exception handler. Dropped with the thread if it runs none.
void call_in_next_run(function<void()> call);

/// For the loop that begins to run on this thread.
void take_calls_for_next_run(loop& begun);

}  // namespace hocket
