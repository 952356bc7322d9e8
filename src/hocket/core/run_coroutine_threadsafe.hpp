#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

namespace detail {

/// A coroutine that another thread asked for. On the loop's thread once it has arrived there, held by the callbacks that see to
/// it: when the loop drops them, nobody will tell what becomes of it.
template <class T>
class threadsafe_call {
 public:
  threadsafe_call() = default;
  threadsafe_call(const threadsafe_call&) = delete;
  ~threadsafe_call() {
    if (!promise.done()) abandon();
  }

  void cancel() {
    if (running)
      running.cancel();
    else
      cancelled_on_its_way = true;
  }
  void take_from_task() {
    const task<T> ended = std::move(running);
    running = {};
    // Nobody wants it: a failure is reported as any task's.
    if (promise.done() || (ended.record()->failed() && !promise.is_wanted())) return;
    if (ended.was_cancelled())
      promise.set_exception(std::make_exception_ptr(cancelled{}));
    else if (ended.record()->failed())
      promise.set_exception(ended.exception());
    else
      promise.set_result_of([&ended] { return ended.record()->result().take(); });
  }

  concurrent_promise<T> promise;
  task<T> running;
  bool cancelled_on_its_way = false;

 private:
  void abandon() noexcept {
    try {
      throw loop_closed("the loop ended before the coroutine had ended");
    } catch (...) {  // that, or the lack of memory for it
      promise.set_exception(std::current_exception());
    }
  }
};

enum class when_cancelled : std::uint8_t { ends_at_once, ends_with_its_task };

/// Keeps the callable and its arguments as long as their coroutine runs.
template <class Function, class... Args>
coro<std::remove_cvref_t<await_result_t<std::invoke_result_t<Function&, Args...>>>> call_and_await(Function function,
                                                                                                   Args... args) {
  co_return co_await function(std::move(args)...);
}

template <class Function, class... Args>
auto start_on(loop& target, when_cancelled how, Function function, Args... args) {
  using value = std::remove_cvref_t<await_result_t<std::invoke_result_t<Function&, Args...>>>;
  auto call = std::make_shared<threadsafe_call<value>>();
  call->promise.runs_on(target);
  if (how == when_cancelled::ends_with_its_task) call->promise.ends_by_itself();
  call->promise.on_cancel([&target, asked = std::weak_ptr(call)] {
    if (target.is_closed()) return;
    try {
      target.post_call([asked] {
        if (const auto call = asked.lock()) call->cancel();
      });
    } catch (const loop_closed&) {  // since: then there is nothing left to cancel
    }
  });
  concurrent_future<value> future = call->promise.get_future();
  target.call_soon_threadsafe(
      [call = std::move(call), function = std::move(function), ... args = std::move(args)]() mutable {
        if (call->promise.done()) return;  // cancelled on its way
        if (call->cancelled_on_its_way) {
          call->promise.set_exception(std::make_exception_ptr(cancelled{}));
          return;
        }
        task<value> made;
        try {
          made = create_task(call_and_await<Function, Args...>(std::move(function), std::move(args)...));
          made.add_done_callback([call] { call->take_from_task(); });
        } catch (...) {
          if (made) made.cancel();
          call->promise.set_exception(std::current_exception());
          throw;
        }
        call->running = std::move(made);
      });
  return future;
}

}  // namespace detail

/// From any thread: has `target` call `function(args...)` on its own thread and run the coroutine that this returns as a task.
///
/// The callable and its arguments are moved there and stay alive until the task has ended; they are destroyed on that thread.
/// The loop must exist while this is called; throws `loop_closed` if it is closed. That is also the result of a call
/// that it never comes to, and of a task that the end of `run`, which cancels it like any other, has to leave behind.
/// Cancelling the future cancels the task, which may go on for a while; what comes of that is dropped. An error that no future
/// is left to take is told to the loop's exception handler. `spawn_on` is the same for who must know that it has ended.
/// Counterpart: asyncio.run_coroutine_threadsafe.
template <class Function, class... Args>
  requires awaitable<std::invoke_result_t<Function&, Args...>>
[[nodiscard]] auto run_coroutine_threadsafe(loop& target, Function function, Args... args) {
  return detail::start_on(target, detail::when_cancelled::ends_at_once, std::move(function), std::move(args)...);
}

}  // namespace hocket
