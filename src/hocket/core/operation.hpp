#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/core/limited_operation.hpp>
#include <hocket/core/task_base.hpp>

namespace hocket {

/// What a suspended task waits for: the base of every leaf awaitable. Its state lives in the awaiting frame; it allocates
/// nothing.
///
/// A derived class gives `await_ready`, calls `suspend` in `await_suspend` after it has arranged to be woken, and `resumed`
/// first thing in `await_resume`. It may be moved until it is awaited, and must not be destroyed while in flight (checked).
class operation : public timer_node {
 public:
  operation() noexcept = default;
  operation(operation&& other) noexcept {
    HOCKET_ASSERT(other.phase_ == phase::idle, "an operation was moved after it had been awaited");
  }
  ~operation() { HOCKET_ASSERT(phase_ != phase::waiting, "a frame was destroyed while it waited for an operation"); }

  /// Resumes the task.
  void run() noexcept override { resume(); }

  [[nodiscard]] task_base* wakes() noexcept override { return task_; }
  /// The coroutine that waits. Precondition: it was awaited.
  [[nodiscard]] std::coroutine_handle<> waiter() const noexcept { return waiter_; }

  [[nodiscard]] bool is_waiting() const noexcept { return phase_ == phase::waiting; }

  /// Cancellation arrives. True: taken, the operation will end by itself, stopped. False: it has ended, does not listen, or
  /// will say itself how it ended; the request stays pending.
  virtual bool stop() noexcept = 0;

  /// Its loop is gone and the frame leaked: whoever would post it there must not.
  virtual void leave_behind() noexcept {}

  /// The task that this waits for, if that is what it does: a cancellation goes on to it.
  [[nodiscard]] virtual task_base* awaited_task() noexcept { return nullptr; }

  /// The task that holds what this waits for, if that is known. It may have ended since, so it is for comparing only.
  [[nodiscard]] virtual task_base* held_by() const noexcept { return nullptr; }

 protected:
  enum class phase : std::uint8_t { idle, waiting, ended, stopped };

  /// The task waits from here on; a cancellation that is pending arrives at once.
  void suspend(std::coroutine_handle<> waiter) {
    prepare(waiter);
    begin_waiting();
  }
  void prepare(std::coroutine_handle<> waiter) {
    task_ = &task_base::require_current();
    waiter_ = waiter;
    phase_ = phase::waiting;
  }
  void begin_waiting() noexcept {
    task_->wait_for(*this);
    if (detail::here.observer != nullptr) [[unlikely]]
      detail::here.observer->suspending(*task_);
    if (task_->must_throw()) task_->poke();
  }
  /// For what must not even start when a cancellation is due: called in `await_ready`; true: `resumed` will throw.
  [[nodiscard]] bool refuse_if_cancelled() {
    task_ = &task_base::require_current();
    if (!task_->must_throw()) return false;
    phase_ = phase::stopped;
    return true;
  }

  /// Not waiting after all: `prepare` was too early.
  void forget_waiting() noexcept { phase_ = phase::ended; }

  /// Ends the wait and schedules the task.
  void wake() noexcept { wake_as(phase::ended); }
  void wake_stopped() noexcept { wake_as(phase::stopped); }
  void wake_in(loop& running) noexcept {
    phase_ = phase::ended;
    running.schedule(*this);
  }

  void resume() noexcept {
    if (phase_ == phase::waiting) phase_ = phase::ended;
    task_->resumes();
    waiter_.resume();
  }

  /// True if it was woken and no cancellation is due: then it may look around, and `wait_on` if it was woken in vain.
  [[nodiscard]] bool may_go_on() const noexcept { return phase_ == phase::ended && !task_->must_throw(); }
  void wait_on() noexcept { phase_ = phase::waiting; }

  /// Throws `cancelled` if the wait was stopped or a cancellation is due.
  void resumed() {
    if (task_ == nullptr) return;
    if (phase_ == phase::stopped || task_->must_throw()) [[unlikely]]
      task_->throw_cancelled();
  }

  [[nodiscard]] bool was_stopped() const noexcept { return phase_ == phase::stopped; }
  [[nodiscard]] task_base* task() const noexcept { return task_; }

 private:
  template <class>
  friend struct detail::process_layout;

  void wake_as(phase how) noexcept {
    phase_ = how;
    task_->owner().schedule(*this);
  }

  phase phase_ = phase::idle;

 protected:
  // Of an I/O operation; here they cost nothing.
  bool completed_inline_ : 1 = false;  // but the task has had its share and queues
  bool stop_asked_ : 1 = false;
  bool expired_ : 1 = false;
  detail::operation_limit::kind limit_kind_ = detail::operation_limit::kind::none;

 private:
  task_base* task_ = nullptr;
  std::coroutine_handle<> waiter_;
};

}  // namespace hocket
