#pragma once

#include <coroutine>
#include <cstdio>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/future_like.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

/// A coroutine in a call graph: where it awaits, or where its function stands if it has not begun.
/// Counterpart: asyncio.FrameCallGraphEntry.
struct frame_call_graph_entry {
  std::source_location where;

  /// The coroutine function, with its namespaces and classes, without types: `app::server::handle`.
  [[nodiscard]] std::string function() const;
};

/// A task or future as it was when this was captured: what it waits in, and who waits for it. A plain value.
/// Counterpart: asyncio.FutureCallGraph.
struct future_call_graph {
  std::string name;              // of the task; empty for a future
  std::source_location created;  // where it was made
  /// Innermost first; of a task that runs and did not ask itself only the outermost one; empty if it has ended.
  std::vector<frame_call_graph_entry> call_stack;
  std::vector<future_call_graph> awaited_by;  // tasks
  /// Something was left out: frames beyond 1,000, waiters that are 100 tasks away, or the rest of a task that stands elsewhere
  /// in the graph already (tasks that wait for each other in a circle, two that wait for one).
  bool shortened = false;
};

namespace detail {

[[nodiscard]] future_call_graph capture(future_base& target, std::coroutine_handle<> innermost);

/// Asks who asks: the only way to know the frames of a coroutine that runs. Does not suspend.
template <class Use>
class with_own_call_graph {
 public:
  explicit with_own_call_graph(Use use) noexcept : use_(std::move(use)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> frame) {
    graph_ = capture(task_base::require_current(), frame);
    return false;
  }
  decltype(auto) await_resume() { return use_(std::move(graph_)); }

 private:
  Use use_;
  future_call_graph graph_;
};

/// The frames that a task waits in, outermost first, on one line.
[[nodiscard]] std::string await_chain(task_base& task);

/// The running loop's circles of tasks that wait for one another, for ends or for locks that the other holds: a line each,
/// "'a' waits for 'b' waits for 'a'". Of circles that share a task, the first.
[[nodiscard]] std::string format_circles_of_tasks();

}  // namespace detail

/// The call graph of a task or future of this thread. Counterpart: asyncio.capture_call_graph.
template <future_like Handle>
[[nodiscard]] future_call_graph capture_call_graph(const Handle& of) {
  return detail::capture(*of.record(), {});
}
/// Awaited, without suspending: that of the running task, down to where it asks.
[[nodiscard]] inline auto capture_call_graph() noexcept {
  return detail::with_own_call_graph([](future_call_graph graph) { return graph; });
}

/// As `print_call_graph` prints it. Counterpart: asyncio.format_call_graph.
[[nodiscard]] std::string format_call_graph(const future_call_graph& graph);

/// Captures and prints. Counterpart: asyncio.print_call_graph.
template <future_like Handle>
void print_call_graph(const Handle& of, std::FILE* to = stderr) {
  std::fputs(format_call_graph(capture_call_graph(of)).c_str(), to);
}
[[nodiscard]] inline auto print_call_graph(std::FILE* to = stderr) noexcept {
  return detail::with_own_call_graph(
      [to](const future_call_graph& graph) { std::fputs(format_call_graph(graph).c_str(), to); });
}

/// Every task of the running loop that has not ended, as a tree: below each task those that it waits for, with where each
/// waits, innermost first. Counterpart: `python -m asyncio pstree`.
[[nodiscard]] std::string format_all_tasks();
void print_all_tasks(std::FILE* to = stderr);

}  // namespace hocket
