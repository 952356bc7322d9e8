#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include <hocket/inspect/detail/bound.hpp>
#include <hocket/inspect/detail/walk.hpp>

namespace hocket::inspect::detail {
namespace {

// Of a process in all, where nothing else is said.
constexpr std::size_t most_readings = 100'000'000;  // of values: lists may be shared by many
constexpr std::size_t most_loops = 10'000;
constexpr std::size_t most_tasks = 1'000'000;
constexpr std::size_t most_frames = 1'000;  // of a task
constexpr std::size_t most_places = 10'000'000;
constexpr std::size_t most_waiters = 10'000'000;
constexpr std::size_t most_characters = 100'000'000;
constexpr std::size_t longest_name = 256;
constexpr std::size_t most_operations = 256;
constexpr std::size_t longest_operation = 64;
constexpr std::size_t most_activities = 1'000'000;
constexpr std::size_t longest_activity = 256;
constexpr std::size_t longest_activities = 4096;  // of a task
constexpr address is_task = 1;                    // in a frame's parent

/// What was found so far, by all tables together.
struct counts {
  std::size_t readings = 0;
  std::size_t loops = 0;
  std::size_t tasks = 0;
  std::size_t places = 0;
  std::size_t waiters = 0;
  std::size_t characters = 0;
};

class walker {
 public:
  walker(memory_cache& memory, const process_table& table, types& classes, counts& so_far, found& to) noexcept
      : memory_(memory), table_(table), classes_(classes), counts_(so_far), found_(to) {}

  void walk_all() {
    for_each_link(reinterpret_cast<address>(table_.loops), most_loops, [this](address link) {
      const address living = link - table_.living_loop.link;
      if (const auto loop = word(living + table_.living_loop.self)) walk_loop(*loop);
    });
  }

 private:
  // What is read must be there.
  template <class Value>
  std::optional<Value> value(address from) {
    bound(counts_.readings++, most_readings);
    Value read{};
    if (memory_.read(from, read)) return read;
    ++found_.contradictions;
    return std::nullopt;
  }
  std::optional<address> word(address from) { return value<address>(from); }
  bool insist(bool holds) noexcept {
    if (!holds) ++found_.contradictions;
    return holds;
  }

  // Each link must lead back to the one before.
  template <class Visit>
  void for_each_link(address ends, std::size_t most, Visit visit) {
    address before = ends;
    auto at = word(ends + table_.link.next);
    for (std::size_t count = 0; at && *at != ends; ++count) {
      bound(count, most);
      const auto previous = word(*at + table_.link.previous);
      if (!previous || !insist(*previous == before)) return;
      visit(*at);
      before = *at;
      at = word(*at + table_.link.next);
    }
  }

  void walk_loop(address loop) {
    bound(counts_.loops++, most_loops);
    found_loop& made = found_.loops.emplace_back();
    made.at = loop;
    loop_ = &made;
    made.last_time = value<std::int64_t>(loop + table_.loop.last_time).value_or(0);
    read_figures(made.figures, loop);
    made.has_own_clock = word(loop + table_.loop.clock).value_or(0) != 0;
    const address context = word(loop + table_.loop.runs_on).value_or(0);
    made.is_running = context != 0;
    running_ = context != 0 ? word(context + table_.thread_context.task).value_or(0) : 0;
    for_each_link(loop + table_.loop.tasks, most_tasks, [this](address link) {
      bound(counts_.tasks++, most_tasks);
      walk_task(link - table_.task.link);
    });
    read_activities(loop);
  }

  void read_figures(inspect::loop& to, address loop) {
    const auto count = [this](address at) { return value<std::uint64_t>(at).value_or(0); };
    to.turns = count(loop + table_.loop.turns);
    to.looks = count(loop + table_.loop.looks);
    to.steps = count(loop + table_.loop.steps);
    to.ready = length_of(loop + table_.loop.ready) + length_of(loop + table_.loop.batch);
    for (std::size_t n = 0; n < std::min<std::size_t>(table_.loop.lag_places, to.lag.size()); ++n)
      to.lag[n] = count(loop + table_.loop.lag + n * sizeof(std::uint64_t));
    const address heap = count(loop + table_.loop.timers);
    const address heap_end = count(loop + table_.loop.timers + sizeof(address));
    const std::uint64_t in_heap =
        table_.loop.timer_size != 0 && heap_end >= heap ? (heap_end - heap) / table_.loop.timer_size : 0;
    to.timers = in_heap + count(loop + table_.loop.timers_in_wheel);
    const address backend = count(loop + table_.loop.backend);
    if (backend == 0) return;
    to.in_flight = count(backend + table_.backend.in_flight);
    to.descriptors = count(backend + table_.backend.open);
    to.bytes_received = count(backend + table_.backend.bytes_received);
    to.bytes_sent = count(backend + table_.backend.bytes_sent);
    read_operations(to, backend + table_.backend.outcomes);
  }

  // Of a line that may change meanwhile: as far as it holds together.
  std::uint64_t length_of(address ends) {
    std::uint64_t count = 0;
    address before = ends;
    for (auto at = word(ends + table_.link.next); at && *at != ends && count < most_tasks; ++count) {
      if (word(*at + table_.link.previous) != before) break;
      before = *at;
      at = word(*at + table_.link.next);
    }
    return count;
  }

  void read_operations(inspect::loop& to, address outcomes) {
    for (std::size_t n = 0; n < std::min<std::size_t>(table_.operation_count, most_operations); ++n) {
      const auto counts = value<std::array<std::uint64_t, 3>>(outcomes + n * 3 * sizeof(std::uint64_t));
      if (!counts || *counts == std::array<std::uint64_t, 3>{}) continue;
      const address name = reinterpret_cast<address>(table_.operations) + n * 2 * sizeof(address);
      to.requests.push_back({.kind = text(name, longest_operation),
                             .succeeded = (*counts)[0],
                             .failed = (*counts)[1],
                             .cancelled = (*counts)[2]});
    }
  }

  // What a string_view refers to; nothing of it may be there any more.
  std::string text(address view, std::size_t longest) {
    const auto data = word(view + table_.string_view.data);
    const auto length = word(view + table_.string_view.length);
    if (!data || !length) return {};
    std::string read = room(*length, longest);
    return memory_.read(*data, std::as_writable_bytes(std::span(read))) ? read : std::string();
  }

  std::string room(std::uint64_t length, std::size_t longest) {
    std::string made(std::min<std::size_t>(length, longest), '\0');
    bound(counts_.characters += made.size(), most_characters);
    return made;
  }

  // Outermost first: "http://example.org/, connecting > example.org, resolving"
  void read_activities(address loop) {
    std::unordered_map<address, std::string> of_tasks;
    for_each_link(loop + table_.loop.activities, most_activities, [&](address link) {
      const address activity = link - table_.activity.link;
      const auto task = word(activity + table_.activity.task);
      std::string what = text(activity + table_.activity.what, longest_activity);
      if (!task) return;
      std::string& all = of_tasks[*task];
      if (all.size() > longest_activities) return;
      if (const std::string phase = text(activity + table_.activity.phase, longest_activity); !phase.empty())
        what += ", " + phase;
      all.append(all.empty() ? "" : " > ").append(what);
    });
    for (found_task& each : loop_->tasks)
      if (const auto does = of_tasks.find(each.record); does != of_tasks.end()) each.activity = std::move(does->second);
  }

  void read_counts(found_task& task) {
    task.steps = value<std::uint64_t>(task.record + table_.task.steps).value_or(0);
    task.made = value<std::int64_t>(task.record + table_.task.made).value_or(0);
    task.stepped = value<std::int64_t>(task.record + table_.task.stepped).value_or(0);
    task.spent = value<std::int64_t>(task.record + table_.task.spent).value_or(0);
  }

  void walk_task(address record) {
    found_task task{.record = record};
    const auto owner = word(record + table_.task.owner);
    const auto created = word(record + table_.task.created);
    const auto leaf = word(record + table_.task.leaf);
    if (!owner || !created || !leaf || !insist(*owner == loop_->at)) return;
    task.created = *created;
    task.first_frame = loop_->places.size();
    task.first_waiter = loop_->waiters.size();
    if (!read_name(task)) return;
    read_counts(task);
    if (*leaf != 0 ? !read_leaf(task, *leaf) : !read_outermost_frame(task)) {
      loop_->places.resize(task.first_frame);
      return;
    }
    read_waiters(task);
    loop_->figures.steps += task.steps;
    loop_->tasks.push_back(std::move(task));
  }

  bool read_name(found_task& task) {
    const auto bits = word(task.record + table_.task.name);
    if (!bits) return false;
    if ((*bits & 1) != 0) {
      task.number = *bits >> 1;
      return true;
    }
    const auto data = word(*bits + table_.string.data);
    const auto length = word(*bits + table_.string.length);
    if (!data || !length) return false;
    task.name = room(*length, longest_name);
    return insist(memory_.read(*data, std::as_writable_bytes(std::span(task.name))));
  }

  // It runs, or its first step is due.
  bool read_outermost_frame(found_task& task) {
    task.is_running = task.record == running_;
    const auto handle = word(task.record + table_.task.frame);
    if (!handle) return false;
    if (*handle == 0) return true;  // it is ending
    const address frame = *handle + table_.frame.promise;
    const auto parent = word(frame + table_.frame.parent);
    if (!parent || !insist(*parent == (task.record | is_task))) return false;
    if (!add_place(frame)) return false;
    // Only what runs has left its first step behind and waits for nothing: perhaps below the one that the loop runs.
    task.is_running |= task.steps != 0;
    task.frames = 1;
    return true;
  }

  bool read_leaf(found_task& task, address leaf) {
    const auto phase = value<std::uint8_t>(leaf + table_.operation.phase);
    const auto of = word(leaf + table_.operation.task);
    const auto waiter = word(leaf + table_.operation.waiter);
    if (!phase || !of || !waiter || !insist(*of == task.record)) return false;
    task.is_waiting = *phase == table_.operation.is_waiting;
    if (!read_frames(task, *waiter)) return false;
    if (task.is_waiting) read_wait(task, leaf);
    return true;
  }

  bool read_frames(found_task& task, address handle) {
    while (true) {
      const address frame = handle + table_.frame.promise;
      const auto parent = word(frame + table_.frame.parent);
      if (!parent || !add_place(frame)) return false;
      ++task.frames;
      if (*parent == 0) return true;
      if ((*parent & is_task) != 0) return insist(*parent == (task.record | is_task));
      if (task.frames == most_frames) return task.shortened = true;
      handle = *parent;
    }
  }

  bool add_place(address frame) {
    const auto place = word(frame + table_.frame.place);
    if (!place) return false;
    bound(counts_.places++, most_places);
    loop_->places.push_back(*place);
    return true;
  }

  void read_wait(found_task& task, address leaf) {
    const auto vtable = word(leaf);
    if (!vtable) return;
    task.waits_in = &classes_.of_vtable(*vtable);
    for (const class_type::base& each : task.waits_in->bases) {
      const address at = leaf + static_cast<address>(each.offset);
      const auto& offsets = each.shown.to.offsets;
      std::optional<std::uint64_t> read;
      switch (each.shown.says) {
        case shown_type::meaning::sleeps:
        case shown_type::meaning::waits_for:
          read = word(at + offsets[0]);
          break;
        case shown_type::meaning::asks_system:
          if (const auto descriptor = word(at + offsets[0]); descriptor && *descriptor != 0)
            if (const auto number = value<std::uint32_t>(*descriptor + offsets[1])) read = *number;
          break;
        case shown_type::meaning::calls_process:
          read = worker_of(at, each.shown.to);
          task.is_of_thread = each.shown.to.length == 3;
          break;
        case shown_type::meaning::takes_from:
          read = follow_list(task, at, each.shown.to);
          break;
        case shown_type::meaning::is_held_by:
        case shown_type::meaning::gathers:
          read = by_way(at, each.shown.to);
          break;
        case shown_type::meaning::waits_at:
          task.waits_at = word(at + offsets[0]);
          break;
        default:
          break;
      }
      if (!read || task.says != shown_type::meaning::none) continue;
      task.says = each.shown.says;
      task.value = *read;
    }
  }

  // Its number; 0 as long as none has it.
  std::optional<std::uint64_t> worker_of(address from, const hocket::detail::way& way) {
    const bool has_line = way.length == 3;
    if (has_line) {
      const auto in_line = word(from + way.offsets[0]);
      if (!in_line || *in_line != 0) return in_line ? std::optional<std::uint64_t>(0) : std::nullopt;
    }
    const auto owner = word(from + way.offsets[has_line ? 1 : 0]);
    if (!owner || *owner == 0) return owner;
    return value<std::uint32_t>(*owner + way.offsets[has_line ? 2 : 1]);
  }

  std::optional<std::uint64_t> follow_list(const found_task& task, address from, const hocket::detail::way& way) {
    const auto owner = word(from + way.offsets[0]);
    if (!owner) return std::nullopt;
    std::uint64_t count = 0;
    for_each_link(*owner + way.offsets[1], most_waiters, [&](address link) {
      ++count;
      if (const auto awaited = word(link + way.offsets[2])) {
        bound(counts_.waiters++, most_waiters);
        loop_->further_waiters.emplace_back(*awaited, task.record);
      }
    });
    return count;
  }

  void read_waiters(found_task& task) {
    for_each_link(task.record + table_.task.waiters, most_waiters, [&](address link) {
      const address node = link - table_.ready_node.link;
      const auto vtable = word(node);
      if (!vtable) return;
      for (const class_type::base& each : classes_.of_vtable(*vtable).bases) {
        if (each.shown.says != shown_type::meaning::wakes) continue;
        const auto waiting = by_way(node + static_cast<address>(each.offset), each.shown.to);
        if (!waiting || *waiting == task.record) return;
        bound(counts_.waiters++, most_waiters);
        loop_->waiters.push_back(*waiting);
        ++task.waiters;
        return;
      }
    });
  }

  std::optional<address> by_way(address from, const hocket::detail::way& way) {
    for (std::size_t n = 0; n < std::min<std::size_t>(way.length, way.offsets.size()); ++n) {
      const auto next = word(from + way.offsets[n]);
      if (!next) return std::nullopt;
      from = *next;
    }
    return from;
  }

  memory_cache& memory_;
  const process_table& table_;
  types& classes_;
  counts& counts_;
  found& found_;
  found_loop* loop_ = nullptr;
  address running_ = 0;
};

}  // namespace

found walk(memory_cache& memory, const shown& from, types& classes) {
  found all;
  counts so_far;
  for (const process_table& table : from.tables) walker(memory, table, classes, so_far, all).walk_all();
  return all;
}

}  // namespace hocket::inspect::detail
