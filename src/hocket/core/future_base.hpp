#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <source_location>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/base/noted.hpp>
#include <hocket/base/process_layout.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

class task_base;

namespace detail {
class done_callback;
}

/// What a task and a future have in common: they end once, and then serve those who wait, in the order in which they came.
///
/// Counted by its handles (plainly: it belongs to one loop), by those who wait for it, and, while it runs, by the loop.
class future_base : public arena_allocated {
 public:
  future_base(const future_base&) = delete;
  future_base& operator=(const future_base&) = delete;

  [[nodiscard]] bool done() const noexcept { return state_ != state::pending; }
  [[nodiscard]] bool was_cancelled() const noexcept { return state_ == state::cancelled; }
  [[nodiscard]] bool failed() const noexcept { return state_ == state::failed; }

  /// Asks it to end as cancelled. False if it has ended.
  virtual bool cancel() = 0;

  /// Itself, if it is a task.
  [[nodiscard]] virtual task_base* as_task() noexcept { return nullptr; }

  /// The exception that it ended with; looked at by that. Precondition: failed.
  [[nodiscard]] virtual std::exception_ptr error() noexcept = 0;

  /// Schedules `waiter` once it has ended (for the next turn if it has).
  void add_waiter(ready_node& waiter) noexcept {
    if (done())
      loop_.schedule(waiter);
    else
      waiters_.push_back(waiter);
  }

  /// The same for a callback that is given what has ended.
  virtual void add_done_callback(detail::done_callback& callback) noexcept = 0;

  /// It will never end: drops its callbacks. Whoever else waits stays.
  void drop_callbacks() noexcept;

  /// Those who wait, in the order in which they came.
  [[nodiscard]] ready_queue& waiters() noexcept { return waiters_; }

  /// For those who wait: throws `invalid_state_error` unless its loop is the one that runs on this thread.
  void require_running_loop() const {
    if (&loop_ != detail::here.running) [[unlikely]]
      refuse_other_loop();
  }

  /// True if more than one handle or waiter holds it.
  [[nodiscard]] bool is_shared() const noexcept { return references_ > 1; }
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) last_release();
  }

  /// Nobody needs to be told of its error any more.
  void mark_retrieved() noexcept { retrieved_ = true; }

  [[nodiscard]] hocket::loop& owner() const noexcept { return loop_; }
  [[nodiscard]] std::source_location created() const noexcept { return created_.get(); }

 protected:
  enum class state : std::uint8_t { pending, finished, failed, cancelled };

  future_base(hocket::loop& owner, std::source_location created) noexcept : loop_(owner), created_(created) {}
  virtual ~future_base() = default;

  /// It has ended: schedules its waiters.
  void end(state how) noexcept {
    state_ = how;
    loop_.schedule_all(waiters_);
  }

 private:
  friend task_base;
  template <class>
  friend struct detail::process_layout;
  [[noreturn]] static void refuse_other_loop();
  void last_release() noexcept;

  hocket::loop& loop_;
  ready_queue waiters_;
  [[no_unique_address]] detail::noted<std::source_location> created_;
  std::uint32_t references_ = 1;
  state state_ = state::pending;
  bool retrieved_ : 1 = false;
  // Of a task; here they cost nothing.
  bool left_behind_ : 1 = false;
  bool cancelled_at_shutdown_ = false;
  bool may_be_cancelled_ = false;  // false: no node that it sees was requested since that was last found out
};

/// A counted reference to a task's or future's record.
template <class Record>
class record_ref {
 public:
  record_ref() noexcept = default;
  /// Takes over one count.
  explicit record_ref(Record* record) noexcept : record_(record) {}
  record_ref(const record_ref& other) noexcept : record_(other.record_) {
    if (record_ != nullptr) record_->retain();
  }
  record_ref(record_ref&& other) noexcept : record_(other.record_) { other.record_ = nullptr; }
  template <class Derived>
    requires std::derived_from<Derived, Record>
  record_ref(const record_ref<Derived>& other) noexcept : record_ref(static_cast<Record*>(other.get())) {
    if (record_ != nullptr) record_->retain();
  }
  template <class Derived>
    requires std::derived_from<Derived, Record>
  record_ref(record_ref<Derived>&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  record_ref& operator=(record_ref other) noexcept {
    Record* const mine = record_;
    record_ = other.record_;
    other.record_ = mine;
    return *this;
  }
  ~record_ref() {
    if (record_ != nullptr) record_->release();
  }

  [[nodiscard]] Record* get() const noexcept { return record_; }
  Record* operator->() const noexcept { return record_; }
  Record& operator*() const noexcept { return *record_; }
  explicit operator bool() const noexcept { return record_ != nullptr; }

 private:
  template <class Other>
  friend class record_ref;

  Record* record_ = nullptr;
};

}  // namespace hocket
