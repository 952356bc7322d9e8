// Call graphs: who waits where, and for whom.
//
// Upward within a task: the operation that it waits for knows the frame that awaits it, and each frame its parent. From task
// to task: whoever waits for a task stands in its list of waiters, itself or by a watcher, and says which task it will wake.
//
// A task is followed once; where it comes up again only its name stands. So circles end, and the graph is not larger than the
// tasks and waits are many.

#include <algorithm>
#include <iterator>
#include <map>
#include <typeinfo>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/function_name.hpp>
#include <hocket/base/wait_kind.hpp>
#include <hocket/core/call_graph.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

static constexpr std::size_t most_frames = 1000;
static constexpr std::size_t most_tasks_deep = 100;

namespace detail {
namespace {

frame_call_graph_entry entry_of(const frame_base& frame) { return {frame.place()}; }

// Where a task waits, innermost first; false if that is not all. `innermost` is given for a task that asks itself.
bool add_frames(const task_base& task, std::coroutine_handle<> innermost, std::vector<frame_call_graph_entry>& to) {
  if (task.done()) return true;
  if (!innermost) innermost = task.leaf() != nullptr ? task.leaf()->waiter() : task.frame();
  if (!innermost) return true;  // it is ending
  for (const frame_base* at = &frame_base::of(innermost); at != nullptr; at = at->parent()) {
    if (to.size() == most_frames) return false;
    to.push_back(entry_of(*at));
  }
  return true;
}

struct capturing {
  std::unordered_set<future_base*> seen;
  std::size_t depth = 0;

  future_call_graph graph_of(future_base& target, std::coroutine_handle<> innermost) {
    future_call_graph graph{.created = target.created()};
    task_base* const task = target.as_task();
    if (task != nullptr) graph.name = task->name();
    if (!seen.insert(&target).second || depth == most_tasks_deep) {
      graph.shortened = true;
      return graph;
    }
    ++depth;
    if (task != nullptr) graph.shortened = !add_frames(*task, innermost, graph.call_stack);
    target.waiters().for_each([&](ready_node& waiter) {
      if (task_base* const waiting = waiter.wakes()) graph.awaited_by.push_back(graph_of(*waiting, {}));
    });
    --depth;
    return graph;
  }
};

std::string place(const std::source_location& where) { return fmt::format("{}:{}", where.file_name(), where.line()); }

void write(const future_call_graph& graph, const std::string& indent, std::string& to) {
  auto out = std::back_inserter(to);
  fmt::format_to(out, "{}* {} (made at {})\n", indent,
                 graph.name.empty() ? "Future" : fmt::format("Task '{}'", graph.name), place(graph.created));
  if (!graph.call_stack.empty()) fmt::format_to(out, "{}  + Call stack:\n", indent);
  for (const auto& frame : graph.call_stack)
    fmt::format_to(out, "{}  |   File '{}', line {}, in {}()\n", indent, frame.where.file_name(), frame.where.line(),
                   frame.function());
  if (graph.shortened) fmt::format_to(out, "{}  + ...\n", indent);
  if (!graph.awaited_by.empty()) fmt::format_to(out, "{}  + Awaited by:\n", indent);
  for (const auto& waiter : graph.awaited_by) write(waiter, indent + "     ", to);
}

// What a task waits for; null if it waits for nothing, or does not yet.
const operation* wait_of(const task_base& task) {
  const operation* const leaf = task.leaf();
  return leaf != nullptr && leaf->is_waiting() ? leaf : nullptr;
}

/// All tasks of a loop, and below each those that it awaits.
class task_tree {
 public:
  explicit task_tree(loop& of) {
    of.tasks().for_each([this](loop_task& each) { tasks_.push_back(&each.self()); });
    const std::unordered_set<task_base*> alive(tasks_.begin(), tasks_.end());
    for (task_base* const task : tasks_) {
      task->waiters().for_each([&](ready_node& waiter) {
        task_base* const waiting = waiter.wakes();
        if (waiting == nullptr || waiting == task) return;
        awaits_[waiting].push_back(task);
        is_awaited_.insert(task);
      });
      const operation* const wait = wait_of(*task);
      if (wait != nullptr && alive.contains(wait->held_by())) holders_[task] = wait->held_by();
    }
  }

  std::string format() {
    for (task_base* each : tasks_)
      if (!is_awaited_.contains(each)) write(*each, "", 0);
    for (task_base* each : tasks_)
      if (!written_.contains(each)) write(*each, "", 0);  // circles have no beginning
    return std::move(text_);
  }

  /// A line for each circle of tasks that wait for one another; of those that share tasks, one.
  std::string format_circles() const {
    std::unordered_set<task_base*> seen;
    std::string lines;
    for (task_base* const each : tasks_)
      for (const circle& members : circles_from(each, seen)) {
        for (task_base* const member : members) lines += fmt::format("'{}' waits for ", member->name());
        lines += fmt::format("'{}'\n", members.front()->name());
      }
    return lines;
  }

 private:
  // What keeps a task waiting: what it awaits, and who holds the lock that it waits for.
  std::vector<task_base*> held_up_by(task_base* task) const {
    std::vector<task_base*> all;
    if (const auto awaited = awaits_.find(task); awaited != awaits_.end())
      all.assign(awaited->second.begin(), awaited->second.end());
    if (const auto holder = holders_.find(task); holder != holders_.end()) all.push_back(holder->second);
    return all;
  }

  using circle = std::vector<task_base*>;

  // Depth first, without recursion: chains may be as long as the loop has tasks. A way back to a task on the path is a circle.
  std::vector<circle> circles_from(task_base* first, std::unordered_set<task_base*>& seen) const {
    struct step {
      task_base* task;
      std::vector<task_base*> left;
    };
    std::vector<circle> found;
    if (!seen.insert(first).second) return found;
    std::vector<step> path{{first, held_up_by(first)}};
    while (!path.empty()) {
      auto& left = path.back().left;
      if (left.empty()) {
        path.pop_back();
        continue;
      }
      task_base* const to = left.back();
      left.pop_back();
      if (seen.insert(to).second) {
        path.push_back({to, held_up_by(to)});
        continue;
      }
      const auto begin = std::ranges::find(path, to, &step::task);
      if (begin == path.end()) continue;
      auto& members = found.emplace_back();
      for (auto at = begin; at != path.end(); ++at) members.push_back(at->task);
    }
    return found;
  }

  void write(task_base& task, const std::string& indent, std::size_t depth) {
    auto out = std::back_inserter(text_);
    fmt::format_to(out, "{}* Task '{}' (made at {})\n", indent, task.name(), place(task.created()));
    if (!written_.insert(&task).second || depth == most_tasks_deep) {
      fmt::format_to(out, "{}  + ...\n", indent);
      return;
    }
    std::vector<frame_call_graph_entry> frames;
    const bool all = add_frames(task, {}, frames);
    std::string waits;
    if (const operation* const wait = wait_of(task)) waits = ": " + wait_kind(typeid(*wait).name());
    if (const auto held = holders_.find(&task); held != holders_.end())
      waits += fmt::format(", held by '{}'", held->second->name());
    for (const auto& frame : frames)
      fmt::format_to(out, "{}  | {}() {}{}\n", indent, frame.function(), place(frame.where), std::exchange(waits, ""));
    if (!all) fmt::format_to(out, "{}  | ...\n", indent);
    for (task_base* awaited : awaits_[&task]) write(*awaited, indent + "  ", depth + 1);
  }

  std::vector<task_base*> tasks_;  // in the loop's order
  std::map<task_base*, std::vector<task_base*>> awaits_;
  std::map<task_base*, task_base*> holders_;
  std::unordered_set<task_base*> is_awaited_;
  std::unordered_set<task_base*> written_;
  std::string text_;
};

}  // namespace

future_call_graph capture(future_base& target, std::coroutine_handle<> innermost) {
  return capturing{}.graph_of(target, innermost);
}

std::string await_chain(task_base& task) {
  std::vector<frame_call_graph_entry> frames;
  const bool all = add_frames(task, {}, frames);
  std::string chain = all ? "" : "... > ";
  for (std::size_t n = frames.size(); n-- > 0;)
    chain += fmt::format("{}() {}{}", frames[n].function(), place(frames[n].where), n > 0 ? " > " : "");
  return chain;
}

}  // namespace detail

std::string frame_call_graph_entry::function() const { return detail::function_name(where.function_name()); }

std::string format_call_graph(const future_call_graph& graph) {
  std::string text;
  detail::write(graph, "", text);
  return text;
}

std::string format_all_tasks() { return detail::task_tree(loop::running()).format(); }

std::string detail::format_circles_of_tasks() { return task_tree(loop::running()).format_circles(); }

void print_all_tasks(std::FILE* to) { std::fputs(format_all_tasks().c_str(), to); }

}  // namespace hocket
