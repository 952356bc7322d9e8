#pragma once

#include <chrono>
#include <optional>

namespace hocket {

class task_base;

/// Is told what a loop does: override what you want to know, and give it to `loop::add_instrument`.
///
/// The hooks run on the loop's thread, inside of what they tell of, so they must be short and must not wait. A hook that
/// throws is reported to the loop's exception handler, and its instrument removed. `any_task(&task)` (core/task.hpp) keeps a
/// task, and compares; the reference itself is good for the call only. Counterpart: trio.abc.Instrument.
class instrument {
 public:
  /// A task was made; it has its name and has not begun.
  virtual void task_created(task_base&) {}
  /// A task goes on, or begins.
  virtual void before_task_step(task_base&) {}
  /// It waits again, or has ended.
  virtual void after_task_step(task_base&) {}
  /// A task has ended, within its last step; those who wait for it have not been told.
  virtual void task_ended(task_base&) {}
  /// The loop has nothing to run and waits for the system: for `limit` at most; nothing: until something happens.
  virtual void before_io_wait(std::optional<std::chrono::nanoseconds>) {}
  virtual void after_io_wait(std::optional<std::chrono::nanoseconds>) {}

 protected:
  ~instrument() = default;
};

}  // namespace hocket
