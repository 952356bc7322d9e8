#include <unordered_map>

#include <fmt/format.h>

#include <hocket/base/function_name.hpp>
#include <hocket/base/wait_kind.hpp>
#include <hocket/inspect/detail/bound.hpp>
#include <hocket/inspect/detail/deadlocks.hpp>
#include <hocket/inspect/detail/resolve.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t longest_function = 4096;
constexpr std::size_t longest_file = 4096;
constexpr std::size_t most_characters = 100'000'000;  // of all places

class resolver {
 public:
  resolver(memory_cache& memory, const shown& from, std::optional<std::int64_t> now) noexcept
      : memory_(memory), table_(from.tables.front()), now_(now) {}

  snapshot made;

  void add(const found_loop& found) {
    loop& added = made.loops.emplace_back(found.figures);
    added.id = found.at;
    added.running = found.is_running;
    added.tasks.reserve(found.tasks.size());
    numbers_.clear();
    for (const found_task& each : found.tasks)
      numbers_.emplace(each.record, static_cast<std::uint32_t>(numbers_.size()));
    for (const found_task& each : found.tasks) {
      task& made_task = added.tasks.emplace_back(resolved(found, each));
      for (std::size_t n = 0; n < each.waiters; ++n)
        if (const auto waiter = numbers_.find(found.waiters[each.first_waiter + n]); waiter != numbers_.end())
          made_task.awaited_by.push_back(waiter->second);
    }
    for (const auto& [awaited, waits] : found.further_waiters) {
      const auto of = numbers_.find(awaited);
      const auto waiter = numbers_.find(waits);
      if (of != numbers_.end() && waiter != numbers_.end())
        added.tasks[of->second].awaited_by.push_back(waiter->second);
    }
    added.deadlocks = deadlocks_of(added);
  }

 private:
  task resolved(const found_loop& of, const found_task& found) {
    task made_task{.id = found.record,
                   .name = found.number != 0 ? fmt::format("Task-{}", found.number) : found.name,
                   .state = found.is_running   ? task_state::running
                            : found.is_waiting ? task_state::waiting
                                               : task_state::ready,
                   .created = place_of(found.created),
                   .shortened = found.shortened,
                   .activity = found.activity,
                   .steps = found.steps,
                   .made = std::chrono::nanoseconds(found.made)};
    const std::int64_t now = now_of(of);
    made_task.age = since(found.made, now);
    made_task.since = since(found.stepped, now);
    if (found.spent != 0) made_task.spent = std::chrono::nanoseconds(found.spent);
    made_task.frames.reserve(found.frames);
    for (std::size_t n = 0; n < found.frames; ++n)
      made_task.frames.push_back(place_of(of.places[found.first_frame + n]));
    if (found.waits_in != nullptr) made_task.waits_for = waits_for(of, found);
    return made_task;
  }

  // A clock of its own, and one of a process that is gone, can only be asked what it last said.
  std::int64_t now_of(const found_loop& of) const noexcept { return now_ && !of.has_own_clock ? *now_ : of.last_time; }

  // Whatever stands there.
  static std::chrono::nanoseconds since(std::int64_t then, std::int64_t now) noexcept {
    return std::chrono::nanoseconds(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(then)));
  }

  wait waits_for(const found_loop& of, const found_task& found) {
    auto& kind = kinds_[found.waits_in];
    if (kind.empty()) kind = hocket::detail::wait_kind(found.waits_in->name);
    wait what{.kind = kind, .object = found.waits_at};
    switch (found.says) {
      case shown_type::meaning::sleeps:
        what.left = since(now_of(of), static_cast<std::int64_t>(found.value));
        break;
      case shown_type::meaning::waits_for:
        if (const auto awaited = numbers_.find(found.value); awaited != numbers_.end()) what.awaited = awaited->second;
        break;
      case shown_type::meaning::asks_system:
        what.descriptor = static_cast<int>(found.value);
        break;
      case shown_type::meaning::is_held_by:
        if (const auto holder = numbers_.find(found.value); holder != numbers_.end()) what.held_by = holder->second;
        break;
      case shown_type::meaning::calls_process:
        (found.is_of_thread ? what.thread : what.process) = static_cast<int>(found.value);
        if (!found.is_of_thread) what.function = hocket::detail::function_argument(found.waits_in->name);
        break;
      case shown_type::meaning::takes_from:
      case shown_type::meaning::gathers:
        what.count = found.value;
        break;
      default:
        break;
    }
    return what;
  }

  std::uint32_t place_of(address location) {
    const auto [known, is_new] = places_.emplace(location, static_cast<std::uint32_t>(made.places.size()));
    if (!is_new) return known->second;
    place& added = made.places.emplace_back();
    address file = 0;
    address function = 0;
    if (!memory_.read(location + table_.source_location.file, file) ||
        !memory_.read(location + table_.source_location.function, function) ||
        !memory_.read(location + table_.source_location.line, added.line)) {
      added.function = added.file = "?";
      added.line = 0;
      return known->second;
    }
    added.file = text(file, longest_file);
    added.function = hocket::detail::function_name(text(function, longest_function));
    return known->second;
  }

  std::string text(address at, std::size_t longest) {
    std::string read = memory_.text(at, longest);
    bound(characters_ += read.size(), most_characters);
    return read;
  }

  memory_cache& memory_;
  const process_table& table_;
  std::size_t characters_ = 0;
  const std::optional<std::int64_t> now_;
  std::unordered_map<address, std::uint32_t> places_;
  std::unordered_map<const class_type*, std::string> kinds_;
  std::unordered_map<address, std::uint32_t> numbers_;  // of the loop's tasks, by their records
};

}  // namespace

snapshot resolve(memory_cache& memory, const shown& from, const found& all, std::optional<std::int64_t> now) {
  resolver resolving(memory, from, now);
  for (const found_loop& each : all.loops) resolving.add(each);
  return std::move(resolving.made);
}

}  // namespace hocket::inspect::detail
