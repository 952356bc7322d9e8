#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>

#include <hocket/base/function.hpp>
#include <hocket/deferred/deferred.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket {

/// Calls a function again and again, at the multiples of an interval from the beginning: one that takes too long, or whose deferred does, misses some
/// and does not shift the others. Stopped with its owner, as by `stop`. Counterpart: twisted.internet.task.LoopingCall.
class looping_call {
 public:
  /// The next call comes no sooner than its deferred has a result.
  explicit looping_call(function<deferred<>()> work);
  /// What returns nothing is called likewise.
  template <class Function>
    requires std::is_void_v<std::invoke_result_t<Function&>>
  explicit looping_call(Function work)
      : looping_call(function<deferred<>()>([work = std::move(work)]() mutable {
          work();
          return succeed();
        })) {}
  /// A coroutine function's coroutine is run to its end.
  template <class Function>
    requires std::same_as<std::invoke_result_t<Function&>, coro<void>>
  explicit looping_call(Function work)
      : looping_call(function<deferred<>()>([work = std::make_shared<Function>(std::move(work))]() mutable {
          return succeed().add_callback([work]() -> coro<void> { co_await (*work)(); });
        })) {}
  ~looping_call();
  looping_call(const looping_call&) = delete;

  /// The first call is made at once, or after `interval` if not `now`; an interval of zero means once a turn. Has a result when it is
  /// stopped and no call is under way, and fails with what a call throws, or its deferred fails with: then it is stopped. Cancelled, it is stopped,
  /// and what is under way is cancelled and waited for. Throws `invalid_state_error` if it runs, or its last call has not ended.
  [[nodiscard]] deferred<> start(delay interval, bool now = true);
  /// No further call; one that is under way is waited for, and if it fails, its error is the result. Throws `invalid_state_error` if it does not run.
  void stop();
  [[nodiscard]] bool running() const noexcept;
  /// Multiples of the interval that have passed since the last call: 1 if none was missed. Counterpart: withCount.
  [[nodiscard]] std::uint64_t count() const noexcept;

 private:
  class state;
  std::shared_ptr<state> state_;
};

}  // namespace hocket
