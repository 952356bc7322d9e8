#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/inspect/detail/circles.hpp>
#include <hocket/inspect/detail/deadlocks.hpp>
#include <hocket/inspect/task_text.hpp>
#include <hocket/inspect/tree_text.hpp>

namespace hocket::inspect {
namespace {

constexpr std::size_t most_tasks_deep = 100;

class task_tree {
 public:
  task_tree(const snapshot& seen, const loop& loop, std::string& to)
      : seen_(seen),
        loop_(loop),
        text_(to),
        awaits_(loop.tasks.size()),
        is_awaited_(loop.tasks.size()),
        is_written_(loop.tasks.size()),
        circles_(detail::circles_of(detail::waits_of(loop))) {
    for (std::uint32_t n = 0; n < loop.tasks.size(); ++n)
      for (const std::uint32_t waiter : loop.tasks[n].awaited_by) add(waiter, n);
    close_circles();
  }

  void write(std::uint32_t number) {
    for (too_deep_.push_back(number); !too_deep_.empty(); too_deep_.pop_front())
      if (!is_written_[too_deep_.front()]) write(too_deep_.front(), std::nullopt, "", 0);
  }

  void write() {
    for (std::uint32_t n = 0; n < loop_.tasks.size(); ++n)
      if (!is_awaited_[n]) write(n);
    for (std::uint32_t n = 0; n < loop_.tasks.size(); ++n)
      if (!is_written_[n]) write(n);  // circles have no beginning
  }

 private:
  void add(std::uint32_t waiter, std::uint32_t awaited) {
    awaits_[waiter].push_back(awaited);
    is_awaited_[awaited] = true;
  }

  std::optional<std::uint32_t> holder_of_lock(std::uint32_t waiter) const {
    const auto& wait = loop_.tasks[waiter].waits_for;
    return wait ? wait->held_by : std::nullopt;
  }

  // Who holds a lock is not below each of those who wait for it, but where it waits for them in turn.
  void close_circles() {
    for (std::uint32_t n = 0; n < circles_.size(); ++n)
      if (const auto holder = holder_of_lock(n); holder && circles_[n] == circles_[*holder]) add(n, *holder);
  }

  void write(std::uint32_t number, std::optional<std::uint32_t> waiter, const std::string& indent, std::size_t depth) {
    const task& task = loop_.tasks[number];
    auto out = std::back_inserter(text_);
    fmt::format_to(out, "{}* Task '{}' (made at {}){}{}\n", indent, printable(task.name), file_and_line(task.created),
                   task.activity.empty() ? "" : ": ", printable(task.activity));
    if (is_written_[number]) {
      const bool is_circle = waiter && circles_[*waiter] == circles_[number];
      fmt::format_to(out, "{}  + {}\n", indent, is_circle ? "a circle: it waits for itself" : "...");
      return;
    }
    if (depth == most_tasks_deep) {
      fmt::format_to(out, "{}  + goes on below, at the left\n", indent);
      too_deep_.push_back(number);
      return;
    }
    is_written_[number] = true;
    std::string waits = wait_text(loop_, task);
    if (!waits.empty()) waits.insert(0, ": ");
    if (task.state != task_state::waiting) waits = task.state == task_state::running ? ": running" : ": ready";
    for (const std::uint32_t frame : task.frames) {
      fmt::format_to(out, "{}  | {}{}\n", indent, place_text(seen_, frame), waits);
      waits.clear();
    }
    if (task.shortened) fmt::format_to(out, "{}  | ...\n", indent);
    for (const std::uint32_t awaited : awaits_[number]) write(awaited, number, indent + "  ", depth + 1);
  }

  std::string file_and_line(std::uint32_t place) {
    return printable(fmt::format("{}:{}", seen_.places[place].file, seen_.places[place].line));
  }

  const snapshot& seen_;
  const loop& loop_;
  std::string& text_;
  std::vector<std::vector<std::uint32_t>> awaits_;
  std::vector<bool> is_awaited_;
  std::vector<bool> is_written_;
  std::vector<std::uint32_t> circles_;
  std::deque<std::uint32_t> too_deep_;
};

}  // namespace

std::string tree_text(const snapshot& seen) {
  std::string text;
  if (seen.loops.empty()) text += "no loops\n";
  std::size_t number = 0;
  for (const loop& loop : seen.loops) {
    ++number;
    if (seen.loops.size() > 1) fmt::format_to(std::back_inserter(text), "loop {}\n", number);
    if (loop.tasks.empty()) text += "no tasks\n";
    task_tree(seen, loop, text).write();
  }
  return text;
}

std::string tree_text(const snapshot& seen, const loop& of, std::uint32_t task) {
  std::string text;
  task_tree(seen, of, text).write(task);
  return text;
}

}  // namespace hocket::inspect
