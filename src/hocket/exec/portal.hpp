#pragma once

#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/sync/event.hpp>

namespace hocket {

namespace detail {

/// What a function gives, or what is given by the coroutine that it gives.
template <class Called>
struct eventual {
  using type = std::remove_cvref_t<Called>;
};
template <awaitable Called>
struct eventual<Called> {
  using type = std::remove_cvref_t<await_result_t<Called>>;
};
template <class Function, class... Args>
using eventual_t = typename eventual<std::invoke_result_t<Function&, Args...>>::type;

/// A plain function as a coroutine.
template <class Function, class... Args>
coro<eventual_t<Function, Args...>> call_plainly(Function function, Args... args) {
  co_return function(std::move(args)...);
}

/// Throws `invalid_state_error` if this thread runs a loop.
void require_no_loop_here();

}  // namespace detail

/// A loop on a thread of its own, for threads that have none: plain code calls async code through it.
///
/// ```cpp
/// hocket::portal background;
/// auto page = background.start(fetch, url);   // at once; a concurrent_future
/// use(page.result());                         // on a thread: blocks it
/// use(co_await page);                         // in a task of another loop: blocks nobody
/// ```
///
/// What it is given it runs on that thread: a coroutine function as a task, a plain function inside of one. Callable and
/// arguments are moved there, stay alive until that has ended, and are destroyed there. Used by any number of threads.
/// Counterpart: anyio's BlockingPortal with start_blocking_portal, unsync's background loop.
class portal {
 public:
  /// Returns when the loop runs. Throws what making it throws.
  explicit portal(run_options options = {});
  /// `stop(true)`. Not on its own thread.
  ~portal();
  portal(const portal&) = delete;
  portal& operator=(const portal&) = delete;

  /// Never blocks. Cancelling the future cancels the task. Throws `invalid_state_error` once it is being stopped; a task that the
  /// stop leaves behind gives that too. Throws `loop_full` if too many calls wait for its thread. Counterpart: BlockingPortal.start_task_soon.
  template <class Function, class... Args>
  auto start(Function function, Args... args) {
    const std::lock_guard guard(mutex_);
    require_open();
    if constexpr (awaitable<std::invoke_result_t<Function&, Args...>>)
      return run_coroutine_threadsafe(*loop_, std::move(function), std::move(args)...);
    else
      return run_coroutine_threadsafe(*loop_, detail::call_plainly<Function, Args...>, std::move(function),
                                      std::move(args)...);
  }

  /// Blocks this thread until it has ended, and gives what it gives or throws what it throws. In a task, of whatever loop, it
  /// throws `invalid_state_error`: `co_await start(...)` there. Counterpart: BlockingPortal.call.
  template <class Function, class... Args>
  auto call(Function function, Args... args) {
    detail::require_no_loop_here();
    return start(std::move(function), std::move(args)...).result();
  }

  /// Takes nothing more, waits until all that it runs has ended, and ends the thread; with `cancel_remaining` that is cancelled
  /// first. What has not ended `run_options::shutdown_timeout` after its cancellation is reported and left behind. Blocks; may
  /// be called again. Throws `invalid_state_error` on its own thread. Counterpart: BlockingPortal.stop.
  void stop(bool cancel_remaining = false);

 private:
  void require_open() const;
  void serve(run_options options, std::promise<void> started) noexcept;
  coro<void> wait_to_be_stopped(std::promise<void>& started);

  mutable std::mutex mutex_;
  loop* loop_ = nullptr;  // as long as it exists
  bool open_ = false;
  bool has_started_ = false;  // this one and the next: on its thread
  event stopping_;
  std::mutex joining_;
  std::thread thread_;
};

/// Runs async code on a thread that runs no loop, to its end, and gives its result: `run` for a call in the middle of plain code.
/// Each call makes a loop and cleans it up. Takes an awaitable, or a function with its arguments. In a task it throws
/// `invalid_state_error`: `co_await` there. Counterpart: asyncio.run, anyio.from_thread.run.
template <awaitable Awaitable>
auto block_on(Awaitable work) {
  try {
    detail::require_no_loop_here();
  } catch (...) {
    detail::refuse(work);
    throw;
  }
  return run(std::move(work), {.handle_sigint = false});
}
template <class Function, class... Args>
  requires(!awaitable<Function> && awaitable<std::invoke_result_t<Function&, Args...>>)
auto block_on(Function function, Args... args) {
  detail::require_no_loop_here();
  return run(detail::call_and_await<Function, Args...>(std::move(function), std::move(args)...),
             {.handle_sigint = false});
}

}  // namespace hocket
