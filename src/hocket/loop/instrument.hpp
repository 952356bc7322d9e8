#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hocket {

class task_base;

/// A request to the system, as instruments are told of it.
struct io_event {
  const void* id = nullptr;    // the same when it is submitted and when it completes; later another one may have it
  std::string_view operation;  // as `name_of(io_op)`: "receive"
  int descriptor = -1;         // -1 for what is asked of a path
  std::int32_t result = 0;     // once it has completed: as the system calls have it, a negated errno if it failed
  task_base* task = nullptr;   // which asks; null if it is none
};

/// Is told what a loop does: override what you want to know, and give it to `loop::add_instrument`.
///
/// The hooks run on the loop's thread, inside of what they tell of, so they must be short and must not wait. A hook that
/// throws is reported to the loop's exception handler, and its instrument removed. `any_task(&task)` (core/task.hpp) keeps a
/// task, and compares; the reference itself is good for the call only. Counterpart: trio.abc.Instrument.
class instrument {
 public:
  /// A task was made; it has its name and has not begun.
  virtual void task_created(task_base&) {}
  /// A task will take its first or next step: in the next turn, or in the one that begins if the system or another thread woke it. Told
  /// within the step of whoever woke it, if that was one.
  virtual void task_scheduled(task_base&) {}
  /// A task goes on, or begins.
  virtual void before_task_step(task_base&) {}
  /// It waits again, or has ended.
  virtual void after_task_step(task_base&) {}
  /// A task has ended, within its last step; those who wait for it have not been told.
  virtual void task_ended(task_base&) {}
  /// The system is asked for something.
  virtual void operation_submitted(const io_event&) {}
  /// It has done it, or failed; at once, or in a later turn. Whoever waits for it has not been told.
  virtual void operation_completed(const io_event&) {}
  /// The loop has nothing to run and waits for the system: for `limit` at most; nothing: until something happens.
  virtual void before_io_wait(std::optional<std::chrono::nanoseconds>) {}
  virtual void after_io_wait(std::optional<std::chrono::nanoseconds>) {}

 protected:
  ~instrument() = default;
};

}  // namespace hocket
