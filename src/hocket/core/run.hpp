#pragma once

#include <optional>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

struct run_options {
  /// HOCKET_BACKEND and then what the system allows, unless one is named.
  backend_kind backend = backend_kind::automatic;
  /// Stands in for the monotonic clock; must outlive the run.
  hocket::clock* clock = nullptr;
  /// The first SIGINT cancels the main task, a second one ends the process at once. If the first one ended the main task,
  /// the process ends by SIGINT once everything is cleaned up (a shell shows 130), unless the main task swallowed it.
  /// Only on the process's first thread, and only if nobody else handles the signal.
  bool handle_sigint = true;
};

/// A loop that runs one main task after another and cleans up at the end, in its destructor: an exception that leaves `run`
/// must be caught somewhere, or the process ends without. Counterpart: asyncio.Runner.
class runner {
 public:
  /// Throws `invalid_state_error` if this thread runs a loop already.
  explicit runner(run_options options = {});
  /// Cancels every task that is left, waits for them, and closes the loop.
  ~runner();
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  [[nodiscard]] loop& get_loop() noexcept { return loop_; }

  /// Runs `main` to its end and gives its result or throws its exception. Other tasks stay for the next call.
  template <awaitable Awaitable>
  auto run(Awaitable main) {
    using value = std::remove_cvref_t<await_result_t<Awaitable>>;
    std::optional<task<value>> made;
    start([&] {
      made = create_task(std::move(main), {.name = "main"});
      return record_ref<task_base>(made->record());
    });
    if (made->was_cancelled()) throw cancelled{};
    return made->record()->result().take();
  }

 private:
  void start(std::move_only_function<record_ref<task_base>()> create);
  void run_until(future_base& target);
  void cancel_all_tasks();

  run_options options_;
  loop loop_;
  bool interrupted_ = false;
};

/// Makes a loop, runs `main` on it to its end, cancels and awaits every task that is left, and gives the result of `main`
/// or throws its exception. Throws `invalid_state_error` if this thread runs a loop already, `cancelled` if `main` cancelled
/// itself. Counterpart: asyncio.run.
template <awaitable Awaitable>
auto run(Awaitable main, run_options options = {}) {
  // The handler makes the stack unwind: an exception that nobody catches would end the process before ~runner has cleaned up.
  try {
    return runner(options).run(std::move(main));
  } catch (...) {
    throw;
  }
}

}  // namespace hocket
