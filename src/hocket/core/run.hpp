#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

struct run_options {
  /// HOCKET_BACKEND and then what the system allows, unless one is named.
  backend_kind backend = backend_kind::automatic;
  /// Makes the backend, instead of the one above: a simulator, a backend of your own.
  backend_factory make_backend{};
  /// Stands in for the monotonic clock; must outlive the run.
  hocket::clock* clock = nullptr;
  /// As in `loop_options`: where random numbers come from, and whether the order within a turn is random.
  std::optional<std::uint64_t> seed{};
  bool shuffle = false;
  /// The first SIGINT cancels the main task, a second one ends the process at once. If the first one ended the main task,
  /// the process ends by SIGINT once everything is cleaned up (a shell shows 130), unless the main task swallowed it.
  /// Only on the process's first thread, and only if nobody else handles the signal.
  bool handle_sigint = true;
  /// Debug mode, see docs/debugging.md; also by HOCKET_DEBUG=1 in the environment.
  bool debug = false;
  /// As in `loop_options`: a turn that lasts so long is told of while it lasts.
  std::optional<duration> watchdog{};
  /// How long cleaning up may take. What has not ended by then (a task that swallows its cancellation, a call on the blocking
  /// pool) is reported and left behind together with the loop.
  delay shutdown_timeout = std::chrono::minutes(5);
  /// Makes the loop, instead of the options above. Counterpart: loop_factory.
  std::function<std::unique_ptr<loop>()> loop_factory{};
};

namespace detail {

/// Counts as running a loop that is not, so that tasks can be made for it from outside.
/// Throws `invalid_state_error` if this thread runs a loop, or if `on` is closed.
class entered_loop {
 public:
  explicit entered_loop(loop& on);
  ~entered_loop() { here = before_; }
  entered_loop(const entered_loop&) = delete;

 private:
  thread_context before_;
  context inside_ = context::current().detached();  // the loop may run on another thread
};

template <awaitable Awaitable>
auto create_task_from_outside(loop& on, Awaitable work, const task_options& options = {}) {
  const entered_loop inside(on);
  return create_task(std::move(work), options);
}

/// Ends the async generators that have begun on the loop, which must not be closed meanwhile.
[[nodiscard]] coro<void> close_all_generators(loop& on);

/// Throws `invalid_state_error` if the loop was stopped before `work` had ended.
void run_until_ended(loop& on, task_base& work);

template <class T>
T result_of(task<T> ended) {
  if (ended.was_cancelled()) throw cancelled{};
  return ended.record()->result().take();
}

}  // namespace detail

/// Runs `work` on `on`, a loop that is not running, to its end, and gives its result or throws its exception. Other tasks of
/// the loop run meanwhile and stay. Throws `cancelled` if the work was cancelled, `invalid_state_error` if the loop was
/// stopped before it had ended (then it is still pending). Counterpart: loop.run_until_complete.
template <awaitable Awaitable>
auto run_until_complete(loop& on, Awaitable work) {
  auto made = detail::create_task_from_outside(on, std::move(work));
  detail::run_until_ended(on, *made.record());
  return detail::result_of(std::move(made));
}

/// A loop that runs one main task after another and cleans up at the end: in `close`, or in its destructor, and then an
/// exception that leaves `run` must be caught somewhere, or the process ends without. Counterpart: asyncio.Runner.
class runner {
 public:
  /// Throws `invalid_state_error` if this thread runs a loop already.
  explicit runner(run_options options = {});
  ~runner() { close(); }
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  /// Throws `invalid_state_error` once it is closed.
  [[nodiscard]] loop& get_loop() const;

  /// Runs `main` to its end and gives its result or throws its exception. Other tasks stay for the next call, and so does what
  /// `main` sets of context variables. Throws `invalid_state_error` once it is closed.
  template <awaitable Awaitable>
  auto run(Awaitable main) {
    auto made = detail::create_task_from_outside(get_loop(), std::move(main), {.name = "main", .context = &context_});
    run_main(*made.record());
    return detail::result_of(std::move(made));
  }

  /// Cancels every task that is left and waits for them, waits for the calls on the blocking pool, and closes the loop.
  /// If that takes longer than `run_options::shutdown_timeout`, reports what has not ended and leaves it behind.
  void close() noexcept;

 private:
  void run_main(task_base& main);
  friend class guest_run;

  [[nodiscard]] bool shut_down();
  void cancel_all_tasks(const bool& too_late);
  void close_generators(const bool& too_late);
  void report_what_is_left() noexcept;

  run_options options_;
  std::unique_ptr<loop> loop_;  // once it is closed it stays, to refuse what other threads still ask of it
  bool closed_ = false;
  context context_ = context::current().detached();  // another thread may run it
  bool interrupted_ = false;
};

/// Makes a loop, runs `main` on it to its end, cancels and awaits every task that is left, and gives the result of `main`
/// or throws its exception. Throws `invalid_state_error` if this thread runs a loop already, `cancelled` if `main` cancelled
/// itself. Counterpart: asyncio.run.
template <awaitable Awaitable>
auto run(Awaitable main, run_options options = {}) {
  // The handler makes the stack unwind: an exception that nobody catches would end the process before ~runner has cleaned up.
  try {
    return runner(std::move(options)).run(std::move(main));
  } catch (...) {
    throw;
  }
}

}  // namespace hocket
