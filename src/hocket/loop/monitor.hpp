#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/instrument.hpp>
#include <hocket/loop/loop_task.hpp>
#include <hocket/loop/thread_context.hpp>
#include <hocket/loop/watchdog.hpp>

namespace hocket {

class loop;
struct io_request;

namespace detail {

/// What debug mode and instruments add to a loop. A loop has one in use only while either is on: otherwise each of the places
/// that tell it something costs a look at a pointer.
class monitor {
 public:
  explicit monitor(loop& owner) noexcept : loop_(owner) {}
  monitor(const monitor&) = delete;

  [[nodiscard]] bool debug() const noexcept { return debug_; }
  void set_debug(bool on) noexcept { debug_ = on; }
  void add(instrument& added) { instruments_.push_back(&added); }
  void remove(instrument& removed) noexcept;
  [[nodiscard]] bool is_needed() const noexcept;

  /// The loop is a guest's and at rest: whoever has something for it passes by here, and it is woken, once.
  void set_at_rest(bool on) noexcept;

  // ---- the watchdog

  /// Lets the loop be watched, or not any more, as it wants it by now: while it is run.
  void choose_watchdog() noexcept;
  /// Turns that lasted too long.
  [[nodiscard]] std::uint64_t stalls() const noexcept { return stalls_.count.load(std::memory_order_relaxed); }
  /// In the handler of a signal, by which the watchdog asks what this thread does.
  void answer_watchdog() const noexcept {
    if (watchdog_ != nullptr) watchdog_->answer(step_);
  }

  // ---- calls on the wrong thread; `what` says what was called

  /// Throws `invalid_state_error`: this is another thread than the loop's.
  [[noreturn]] static void refuse_thread(const char* what);
  /// Does so if it is, in debug mode.
  void require_own_thread(const char* what) const;
  /// For what cannot throw: ends the program with one line.
  HOCKET_ASIDE void insist_on_own_thread(const char* what) const noexcept;

  // ---- what is to run

  HOCKET_ASIDE void scheduled(ready_node& node) noexcept;
  HOCKET_ASIDE void all_scheduled(ready_queue& nodes) noexcept;

  // ---- steps

  /// Runs `node` and takes the time, which does not include that of other nodes run inside of it.
  void run(ready_node& node) noexcept;
  /// What runs is a step of `task`, which waited at `from` until now.
  void step_begins(loop_task& task, const await_places& from) noexcept;

  HOCKET_ASIDE void task_created(task_base& task) noexcept;
  HOCKET_ASIDE void task_ended(task_base& task) noexcept;
  HOCKET_ASIDE void operation_submitted(const io_request& request) noexcept;
  HOCKET_ASIDE void operation_completed(const io_request& request) noexcept;
  void before_io_wait(std::optional<std::chrono::nanoseconds> limit) noexcept;
  void after_io_wait(std::optional<std::chrono::nanoseconds> limit) noexcept;

  // ---- coroutines that never began

  void never_awaited(const std::source_location& created) noexcept;

  /// While one of these lives, a coroutine that never began is no news: what holds it was dropped, and that was reported or
  /// is as it should be.
  class dropping {
   public:
    explicit dropping(monitor* told) noexcept : monitor_(told) {
      if (monitor_ != nullptr) ++monitor_->dropping_;
    }
    ~dropping() {
      if (monitor_ != nullptr) --monitor_->dropping_;
    }
    dropping(const dropping&) = delete;

   private:
    monitor* monitor_;
  };

 private:
  using real_clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_elsewhere() const noexcept;
  HOCKET_ASIDE void wake_from_rest() const noexcept;
  void step_ends(const step& ended, real_clock::duration took) noexcept;
  [[nodiscard]] io_event event_of(const io_request& request) const noexcept;
  void report_slow(const step& slow, real_clock::duration took) noexcept;
  template <class Hook>
  void tell(Hook hook) noexcept;
  void report_removed(std::exception_ptr error) noexcept;

  loop& loop_;
  bool debug_ = false;
  mutable bool at_rest_ = false;
  unsigned dropping_ = 0;
  unsigned telling_ = 0;
  step step_;
  stall_record stalls_;
  duration watched_limit_{};  // zero: not watched
  std::unique_ptr<watchdog> watchdog_;
  std::vector<instrument*> instruments_;  // null: removed while they are told something
};

}  // namespace detail
}  // namespace hocket
