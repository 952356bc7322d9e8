#include <fmt/format.h>

#include <hocket/base/function_name.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/base/wait_kind.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/to_string.hpp>

namespace hocket::detail {
namespace {

std::string place(const std::source_location& where) { return fmt::format("{}:{}", where.file_name(), where.line()); }

const char* state_of(const future_base& of) {
  if (!of.done()) return "pending";
  return of.failed() ? "failed" : of.was_cancelled() ? "cancelled" : "finished";
}

std::string function_of(const frame_base& frame) { return function_name(frame.place().function_name()); }

std::string what_it_does(const task_base& task) {
  if (&task == task_base::current()) return "running";
  const operation* const leaf = task.leaf();
  if (leaf == nullptr) return "ready";
  const frame_base& innermost = frame_base::of(leaf->waiter());
  return fmt::format("{}{} in {}() {}", leaf->is_waiting() ? "waiting for " : "ready after ",
                     wait_kind(typeid(*leaf).name()), function_of(innermost), place(innermost.place()));
}

}  // namespace

std::string description(future_base& of) {
  task_base* const task = of.as_task();
  if (task == nullptr) return fmt::format("<Future {} made at {}>", state_of(of), place(of.created()));
  const std::string beginning = fmt::format("<Task {} name='{}'", state_of(of), printable(task->name()));
  if (task->done() || !task->frame()) return fmt::format("{} made at {}>", beginning, place(of.created()));
  return fmt::format("{} coro={}() {}>", beginning, function_of(frame_base::of(task->frame())), what_it_does(*task));
}

}  // namespace hocket::detail
