#pragma once

#include <type_traits>
#include <utility>

#include <hocket/core/run_coroutine_threadsafe.hpp>

namespace hocket {

/// Runs a coroutine on another loop: from any thread, has `target` call `function(args...)` on its own thread and run the
/// coroutine that this returns as a task there. The result comes back: to a task of whatever loop by `co_await`, to a plain
/// thread by `result()`.
///
/// ```cpp
/// const auto page = co_await hocket::spawn_on(place.loop(2), fetch, url);
/// ```
///
/// As `run_coroutine_threadsafe`, but whoever waits for it waits for its end. Cancelling the waiting task, or the future,
/// cancels the task over there, and the future ends when that has ended, with what it gives: so within one expression, as
/// above, `function` may refer to the caller's frame. Should that task swallow the cancellation, its result arrives, and the
/// request stays pending with the waiter.
///
/// Callable and arguments are moved there, stay alive until the task has ended, and are destroyed there. It begins at once,
/// whether or not it is awaited; dropping the future leaves it running, and if it then fails, that loop's exception handler is
/// told. The end of that loop's run cancels it as any task: the future gives `cancelled` then, and `loop_closed` if the loop
/// never came to it or has to leave it behind.
///
/// The loop must exist while this is called. Throws `loop_closed` once its run comes to its end, `loop_full` if too many calls
/// wait there (`loop_options::most_calls_from_threads`); neither on the thread that runs it.
template <class Function, class... Args>
  requires awaitable<std::invoke_result_t<Function&, Args...>>
[[nodiscard]] auto spawn_on(loop& target, Function function, Args... args) {
  return detail::start_on(target, detail::when_cancelled::ends_with_its_task, std::move(function), std::move(args)...);
}

}  // namespace hocket
