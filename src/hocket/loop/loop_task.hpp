#pragma once

#include <exception>
#include <functional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/ready_node.hpp>

namespace hocket {

/// Something went wrong that nobody waits for. Counterpart: the context of asyncio's exception handler.
struct exception_context {
  std::string message;
  std::exception_ptr exception;  // null if there is none
  std::source_location where{};  // where the task was made, as far as one is concerned
};

using exception_handler = std::move_only_function<void(const exception_context&)>;

/// A task as its loop sees it: in the loop's list until it has ended. Implemented by `task_base`.
class loop_task : public ready_node, public list_link<loop_task> {
 public:
  [[nodiscard]] virtual task_base& self() noexcept = 0;

  /// Keeps it, even when it has ended, until `let_go`.
  virtual void hold() noexcept = 0;
  virtual void let_go() noexcept = 0;

  /// It will never end: drops the callbacks that wait for that.
  virtual void leave_behind() noexcept = 0;

  /// Its name, in the handler of a signal too: takes no memory but `room`.
  [[nodiscard]] virtual std::string_view name_in(std::span<char, 32> room) const noexcept = 0;
  [[nodiscard]] virtual std::source_location made_at() const noexcept = 0;

  /// A step of it took so long; only counted while the loop has a monitor that takes the time.
  virtual void count_time(duration step) noexcept = 0;

  /// What is to be said if this and the other tasks of its loop wait for what cannot happen any more.
  [[nodiscard]] virtual exception_context deadlock_report() = 0;

  /// What is to be said of it if the loop is closed before it has ended.
  [[nodiscard]] virtual exception_context pending_report() = 0;

  /// What is to be said of a step of it that took too long, and had begun where the task waited at `from` (nowhere if that was
  /// its first step).
  [[nodiscard]] virtual exception_context slow_step_report(double seconds, std::source_location from) = 0;

 protected:
  ~loop_task() = default;
};

}  // namespace hocket
