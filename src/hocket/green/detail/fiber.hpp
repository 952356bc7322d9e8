#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <utility>

#include <hocket/core/task_base.hpp>
#include <hocket/green/stack.hpp>

namespace hocket::green {

class timeout;

namespace detail {

/// What a fiber waits for, on its own stack. Whoever carries the fiber suspends for it.
class parking {
 public:
  parking(const parking&) = delete;

  /// Suspends the carrier as the awaitable has it; gives the coroutine to go on with. An exception of that goes to the fiber.
  [[nodiscard]] std::coroutine_handle<> suspend(std::coroutine_handle<> carrier) noexcept {
    return suspend_(*this, carrier);
  }
  /// Where the fiber waits, as whoever waits there would say.
  [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

 protected:
  using suspend_function = std::coroutine_handle<> (*)(parking&, std::coroutine_handle<>) noexcept;
  explicit parking(suspend_function how, std::source_location where = {}) noexcept : suspend_(how), where_(where) {}
  ~parking() = default;

 private:
  suspend_function suspend_;
  std::source_location where_;
};

/// Something to run on a stack. Must not throw.
struct job {
  void (*run)(job&) noexcept;
};

/// A stack with a job on it, which runs until it parks and goes on where it parked. Belongs to one thread. Must not be destroyed between its
/// beginning and its end: its owner carries it there, by a cancellation if need be.
///
/// While it is parked, a further job may be run on the same stack, above: a section. It parks and goes on likewise, carried by whoever
/// began it; when it has ended, the fiber is parked where it was.
class fiber {
 public:
  /// Whether its carrier waits for what it parks on; or it parks for other reasons, and must not wait.
  enum class kind { waits, never_waits };

  fiber(stack memory, job& work, kind what = kind::waits) noexcept;
  ~fiber();
  fiber(const fiber&) = delete;

  /// Runs it until it parks or its innermost job has ended. True: it parked, on `parked_on`.
  [[nodiscard]] bool resume() noexcept;
  /// The same with a further job, while it is parked.
  [[nodiscard]] bool begin_section(job& work) noexcept;
  [[nodiscard]] parking& parked_on() const noexcept { return *parked_on_; }

  /// A cancellation that came while it ran what no exception may pass, code in C. To be thrown as soon as one may; until then it waits for
  /// nothing more.
  void interrupt(std::exception_ptr by) noexcept { interruption_ = std::move(by); }
  [[nodiscard]] bool is_interrupted() const noexcept { return interruption_ != nullptr; }
  [[nodiscard]] std::exception_ptr take_interruption() noexcept { return std::exchange(interruption_, nullptr); }
  void throw_if_interrupted() {
    if (interruption_) [[unlikely]]
      std::rethrow_exception(take_interruption());
  }

  /// The time-out that holds here and was started last; null: none does.
  [[nodiscard]] timeout*& innermost_timeout() noexcept { return innermost_timeout_; }

  /// True each 64th time: it has done enough in a row without waiting.
  [[nodiscard]] bool is_turn_over() noexcept { return ++calls_ % 64 == 0; }

  /// Sections that have begun and not ended.
  [[nodiscard]] unsigned depth() const noexcept { return depth_; }

  /// While one exists, the code on the fiber's stack is hocket's own, in the midst of a wait: `current` is null, and no call waits.
  class own_code {
   public:
    explicit own_code(fiber& on) noexcept : on_(on), before_(std::exchange(on.runs_own_code_, true)) {}
    ~own_code() { on_.runs_own_code_ = before_; }
    own_code(const own_code&) = delete;

   private:
    fiber& on_;
    bool before_;
  };

  /// The one that runs on this thread and may wait; null outside of any, in `own_code`, and in a task that was begun eagerly on its stack.
  [[nodiscard]] static fiber* current() noexcept;
  /// On whose stack this is, whoever runs there.
  [[nodiscard]] static const fiber* on_stack() noexcept;

  /// Within it: gives way to whoever carries it. Returns when that has waited for `on`.
  void park(parking& on) noexcept;

  [[nodiscard]] const stack& memory() const noexcept { return memory_; }
  [[nodiscard]] kind what() const noexcept { return kind_; }

  struct entry;

 private:
  void switch_out(bool for_good) noexcept;
  void swap_exceptions() noexcept;

  /// Exceptions that are being handled: the C++ runtime keeps them by thread, as if each had one stack.
  struct handled_exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  stack memory_;
  kind kind_;
  job* next_;                     // to begin with the next resume
  void* other_side_;              // of a switch: the fiber while it is parked, its carrier while it runs
  fiber* outer_ = nullptr;        // which its carrier runs in
  parking* parked_on_ = nullptr;  // null: its innermost job has ended
  unsigned depth_ = 0;
  unsigned calls_ = 0;
  bool runs_own_code_ = false;
  const task_base* task_ = nullptr;  // that carries it
  std::exception_ptr interruption_;
  timeout* innermost_timeout_ = nullptr;
  handled_exceptions exceptions_;  // of the fiber while it is parked, of its carrier while it runs
  void* thread_exceptions_;
  void* sanitizer_fiber_ = nullptr;
  void* sanitizer_stack_ = nullptr;
  const void* carrier_stack_ = nullptr;
  std::size_t carrier_stack_size_ = 0;
  void* carrier_fiber_ = nullptr;
};

}  // namespace detail
}  // namespace hocket::green
