#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/future_like.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

/// When `wait` returns. Counterparts: asyncio.ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION.
enum class return_when : std::uint8_t {
  all_completed,
  first_completed,
  first_exception,  // at the first error, or when all have ended; `cancelled` is no error
};

struct wait_options {
  hocket::return_when return_when = hocket::return_when::all_completed;
  std::optional<delay> timeout{};
};

/// Each of what `wait` was given, once, in the order of the arguments.
template <future_like Handle>
struct wait_result {
  std::vector<Handle> done;
  std::vector<Handle> pending;
};

namespace detail {

/// Wakes its task one turn after enough of the targets have ended, or after the time-out.
class wait_operation final : public operation {
 public:
  wait_operation(const std::vector<future_base*>& targets, const wait_options& options);

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() { resumed(); }

  void run() noexcept override;
  bool stop() noexcept override;

 private:
  template <class>
  friend struct process_layout;

  // Stands among a target's waiters.
  class watcher final : public ready_node {
   public:
    ~watcher() {
      if (is_linked()) unlink();
    }
    void run() noexcept override { owner->target_ended(*target); }
    [[nodiscard]] task_base* wakes() noexcept override { return owner->wakes(); }

    wait_operation* owner = nullptr;
    future_base* target = nullptr;
  };

  void target_ended(const future_base& target) noexcept;

  std::vector<watcher> watchers_;  // never grows: its elements must not move
  std::size_t left_;
  wait_options options_;
};

}  // namespace detail

/// Waits until enough of `handles` have ended, or `timeout` has passed, and tells which have.
///
/// Cancels nothing, neither at its time-out, which is no error, nor when it is cancelled itself, and looks at no exception:
/// that is for who gets the tasks. Suspends even if enough have ended before, and wakes one turn after the last end that it
/// needed; what ends until then counts as done. Of several types: as `std::vector<any_task>`.
/// Throws `invalid_state_error` if there is nothing to wait for, and `cancelled`. Counterpart: asyncio.wait.
template <future_like Handle>
coro<wait_result<Handle>> wait(std::vector<Handle> handles, wait_options options = {}) {
  if (handles.empty()) throw invalid_state_error("there is nothing to wait for");
  handles = detail::distinct(std::move(handles));
  co_await detail::wait_operation(detail::records_of(handles), options);
  wait_result<Handle> sorted;
  for (Handle& each : handles) (each.done() ? sorted.done : sorted.pending).push_back(std::move(each));
  co_return sorted;
}

}  // namespace hocket
