#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/core/frame.hpp>
#include <hocket/loop/loop_generator.hpp>

namespace hocket {

/// Thrown at the `co_yield` of an async generator that is closed there. Derives from nothing, as `cancelled`: code that catches
/// it to clean up throws it on, or returns. Counterpart: GeneratorExit.
struct generator_exit final {};

/// The frame of an async generator: at rest at a `co_yield`, or run by whoever awaits its next step.
///
/// It ends in two parts. Its body returns or throws; then it closes, one after the other, the generators that it was given as
/// arguments. That takes no memory, and no stack however many there are and however deep: control goes from the end of one to
/// the next, and from the last to who awaits.
class async_generator_frame : public frame_base, public loop_generator {
 public:
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] auto final_suspend() noexcept {
    struct awaiter {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return ending.body_ended(); }
      void await_resume() const noexcept {}
      async_generator_frame& ending;
    };
    return awaiter{*this};
  }
  void unhandled_exception() noexcept;
  void return_void() const noexcept {}

  [[nodiscard]] bool has_ended() const noexcept { return state_ == state::ended; }
  [[nodiscard]] bool is_unstarted() const noexcept { return state_ == state::unstarted; }
  /// True if closing it is more than destroying its frame.
  [[nodiscard]] bool needs_closing() const noexcept {
    return state_ == state::resting || (state_ == state::unstarted && collect_arguments_ != nullptr);
  }

  // ---- Each gives what to run next, in the task of `consumer`, which goes on when this has yielded or ended. They throw
  // `invalid_state_error` if it runs already. Precondition: it has not ended.

  /// Goes on to the next `co_yield`.
  std::coroutine_handle<> step(std::coroutine_handle<> consumer) {
    if (state_ != state::resting) [[unlikely]]
      begin();
    state_ = state::running;
    set_parent(consumer);
    return own_;
  }
  /// Ends it: at rest by `generator_exit`, before its beginning without running it.
  std::coroutine_handle<> close(std::coroutine_handle<> consumer);
  /// Ends it with an error before its beginning.
  std::coroutine_handle<> fail(std::exception_ptr error, std::coroutine_handle<> consumer);

  /// Throws what it ended with, once.
  void rethrow_error() {
    if (error_) [[unlikely]]
      std::rethrow_exception(std::exchange(error_, nullptr));
  }

  void destroy() noexcept {
    HOCKET_ASSERT(state_ != state::running, "an async generator was destroyed while it ran");
    if (is_linked()) unlink();
    own_.destroy();
  }

 protected:
  /// Calls `will_close` for each argument that needs closing, the last one first. Null: there are no such arguments.
  using collect_arguments = void (*)(async_generator_frame&) noexcept;

  async_generator_frame(std::coroutine_handle<> own, collect_arguments arguments, std::source_location created) noexcept
      : frame_base(created), own_(own), collect_arguments_(arguments) {}
  ~async_generator_frame() = default;

  /// At a `co_yield`: control goes back to who awaits.
  [[nodiscard]] std::coroutine_handle<> rest() noexcept {
    if (closing_) [[unlikely]]
      return refuse_to_rest();
    state_ = state::resting;
    return leave();
  }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  void will_close(async_generator_frame& argument) noexcept {
    argument.next_to_close_ = to_close_;
    to_close_ = &argument;
  }

 private:
  enum class state : std::uint8_t { unstarted, resting, running, ended };

  /// It may run; it did not rest.
  void begin();
  [[nodiscard]] std::coroutine_handle<> refuse_to_rest() noexcept;
  [[nodiscard]] std::coroutine_handle<> body_ended() noexcept;
  [[nodiscard]] async_generator_frame* next_argument() noexcept;
  void end() noexcept;

  std::coroutine_handle<> own_;
  collect_arguments collect_arguments_;
  async_generator_frame* closer_ = nullptr;         // whose argument it is, while that one closes it
  async_generator_frame* to_close_ = nullptr;       // the first of its arguments that is to be closed
  async_generator_frame* next_to_close_ = nullptr;  // of the same closer
  std::exception_ptr error_;
  state state_ = state::unstarted;
  bool closing_ = false;
};

}  // namespace hocket
