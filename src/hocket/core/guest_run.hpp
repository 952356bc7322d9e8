#pragma once

#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/core/run.hpp>
#include <hocket/loop/guest_descriptor.hpp>

namespace hocket {

namespace detail {

/// The result of a task that has ended, or what it threw, `cancelled` included.
template <class T>
std::expected<T, std::exception_ptr> outcome_of(task<T> ended) {
  try {
    if constexpr (std::is_void_v<T>) {
      result_of(std::move(ended));
      return {};
    } else {
      return result_of(std::move(ended));
    }
  } catch (...) {
    return std::unexpected(std::current_exception());
  }
}

}  // namespace detail

/// A run inside of another event loop, the host: that of a GUI, of GLib, libuv, Asio or a library of one's own.
///
/// The host polls one descriptor and calls `run_ready` whenever it is readable; it needs no timer, no thread and nothing else
/// of hocket. All happens on the thread that made this. Between the calls no loop is running here, and the host's own callbacks
/// may use what may be used without one: `call_soon`, set a future, put into a queue, cancel; each makes the descriptor
/// readable.
///
/// For the backends `epoll` and `io_uring`, and in real time. Signals are the host's affair: SIGINT is not handled
/// (`get_loop().notify()` cancels the main task, from a signal handler too). See docs/foreign_loops.md.
/// Counterpart: trio.lowlevel.start_guest_run; uv_backend_fd.
class guest_run {
 public:
  /// Begins `main` in the first `run_ready`. `done` is called once, at the end of a `run_ready`, when `main` has ended, all
  /// that was left is cancelled and has ended too, and the loop is closed: with a `std::expected` of its result or what it
  /// threw (`cancelled`, too). It may destroy this.
  /// Throws `invalid_state_error` if a loop runs on this thread, or where there can be no guest.
  template <awaitable Awaitable, class Done>
  guest_run(Awaitable main, Done done, run_options options = {}) : guest_run(std::move(options)) {
    auto made = detail::create_task_from_outside(get_loop(), std::move(main), {.name = "main"});
    main_ = made.record();
    done_ = [made = std::move(made), done = std::move(done)]() mutable { done(detail::outcome_of(std::move(made))); };
  }
  /// Before the end: cancels all and waits for it here, without the host, as the destructor of a `runner` does; `done` is not
  /// called. Not inside of `run_ready`.
  ~guest_run();
  guest_run(const guest_run&) = delete;
  guest_run& operator=(const guest_run&) = delete;

  /// To be polled for reading, as long as the run lasts. It stays this object's, and nobody reads from it.
  [[nodiscard]] int descriptor() const noexcept { return waker_.number(); }

  /// Runs what is ready, without waiting, and not for long: after 64 turns, or the turn in which a millisecond has passed, the
  /// host has its turn, and the descriptor stays readable. No effect once it is done. Throws what `done` throws;
  /// std::system_error if the system refuses to serve the loop; `invalid_state_error` inside of itself, or if a loop runs on
  /// this thread.
  void run_ready();

  /// Cancels the main task. No effect once that has ended.
  void cancel();

  /// `done` was called, or is being called.
  [[nodiscard]] bool is_done() const noexcept { return phase_ == phase::done; }

  /// Throws `invalid_state_error` once it is done.
  [[nodiscard]] loop& get_loop() const { return runner_.get_loop(); }

 private:
  enum class phase : std::uint8_t { running, ending, done };

  explicit guest_run(run_options options);
  [[nodiscard]] bool has_ended();
  void begin_end();
  void finish();

  runner runner_;  // first, for the rest refers to its loop
  guest_descriptor waker_;
  record_ref<task_base> main_;
  std::move_only_function<void()> done_;
  phase phase_ = phase::running;
  record_ref<task_base> awaited_;  // what the end waits for
  handle alarm_;
  handle next_look_;
  bool too_late_ = false;
};

}  // namespace hocket
