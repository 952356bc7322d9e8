// Two snapshots beside each other. A task is the same in both if all that tells it apart is, it is no younger than the time between
// them, and nothing that only grows has shrunk.

#include "top_view.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

namespace hocket::app {
namespace {

using std::chrono::nanoseconds;

/// What stands for a loop's tasks at the look before.
class earlier_tasks {
 public:
  earlier_tasks(const top_view* before, const inspect::loop& now) {
    if (before == nullptr) return;
    std::size_t first = 0;
    for (const inspect::loop& each : before->seen.loops) {
      if (each.id == now.id && each.turns <= now.turns) {
        loop_ = &each;
        seen_ = &before->seen;
        rows_ = std::span(before->tasks).subspan(first, each.tasks.size());
        break;
      }
      first += each.tasks.size();
    }
    if (loop_ == nullptr) return;
    for (std::uint32_t n = 0; n < loop_->tasks.size(); ++n) by_id_.emplace(loop_->tasks[n].id, n);
  }

  [[nodiscard]] const inspect::loop* loop() const noexcept { return loop_; }

  /// The row of the same task; null if it is new.
  [[nodiscard]] const task_row* find(const inspect::snapshot& now, const inspect::task& task,
                                     nanoseconds between) const {
    const auto found = by_id_.find(task.id);
    if (found == by_id_.end()) return nullptr;
    const inspect::task& then = loop_->tasks[found->second];
    const bool is_same = then.name == task.name && then.steps <= task.steps && task.age >= between &&
                         key_of(*seen_, *loop_, then) == key_of(now, *loop_, task);
    return is_same ? &rows_[found->second] : nullptr;
  }

  [[nodiscard]] const inspect::task& task(const task_row& row) const { return loop_->tasks[row.task]; }

 private:
  const inspect::loop* loop_ = nullptr;
  const inspect::snapshot* seen_ = nullptr;
  std::span<const task_row> rows_;
  std::unordered_map<inspect::address, std::uint32_t> by_id_;
};

double grown(std::uint64_t then, std::uint64_t now) { return now > then ? static_cast<double>(now - then) : 0; }

void count_states(const inspect::loop& loop, loop_row& row) {
  for (const inspect::task& task : loop.tasks) {
    switch (task.state) {
      case inspect::task_state::running:
        ++row.running;
        break;
      case inspect::task_state::ready:
        ++row.ready;
        break;
      case inspect::task_state::waiting:
        ++row.waiting;
        break;
    }
  }
}

std::vector<operation_rate> operation_rates(const inspect::loop* before, const inspect::loop& now, double seconds) {
  std::vector<operation_rate> rates;
  static const inspect::operations none;
  for (const inspect::operations& each : now.requests) {
    const inspect::operations* then = &none;
    if (before != nullptr) {
      const auto found = std::ranges::find(before->requests, each.kind, &inspect::operations::kind);
      if (found != before->requests.end()) then = &*found;
    }
    operation_rate rate{.kind = each.kind};
    if (seconds > 0) {
      rate.failed = grown(then->failed, each.failed) / seconds;
      rate.done =
          (grown(then->succeeded, each.succeeded) + grown(then->cancelled, each.cancelled)) / seconds + rate.failed;
    }
    rates.push_back(std::move(rate));
  }
  return rates;
}

// A loop that began since the look before did all of it since then.
loop_row row_of(const inspect::loop* before, const inspect::loop& now, double seconds) {
  static const inspect::loop none;
  const inspect::loop& then = before != nullptr ? *before : none;
  loop_row row{.due = now.ready,
               .timers = now.timers,
               .in_flight = now.in_flight,
               .descriptors = now.descriptors,
               .seconds = seconds};
  count_states(now, row);
  row.operations = operation_rates(before, now, seconds);
  if (seconds <= 0) return row;
  row.steps_per_second = grown(then.steps, now.steps) / seconds;
  row.turns_per_second = grown(then.turns, now.turns) / seconds;
  row.received_per_second = grown(then.bytes_received, now.bytes_received) / seconds;
  row.sent_per_second = grown(then.bytes_sent, now.bytes_sent) / seconds;
  for (std::size_t n = 0; n < row.lag.size(); ++n) row.lag[n] = now.lag[n] > then.lag[n] ? now.lag[n] - then.lag[n] : 0;
  return row;
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// In the task's steps since the look before; nothing where nobody counted.
std::optional<double> seconds_spent(const inspect::task* before, const inspect::task& now) {
  if (!now.spent || (before != nullptr && !before->spent)) return std::nullopt;
  return std::max(0.0, seconds_of(*now.spent) - (before != nullptr ? seconds_of(*before->spent) : 0));
}

/// Between two looks.
struct interval {
  nanoseconds length{};   // 0 before the first
  nanoseconds stopped{};  // at its end, for the look itself
};

// The longest that is known of the steps since the look before: what samples met; of one that goes on what it took already, were it not for the look; of
// those that have ended their mean.
std::optional<nanoseconds> longest_step(const inspect::task& now, nanoseconds stopped, std::uint64_t steps,
                                        std::optional<double> spent) {
  std::optional<nanoseconds> longest = now.longest_step;
  if (now.state == inspect::task_state::running && now.since > stopped)
    longest = std::max(longest.value_or(nanoseconds()), now.since - stopped);
  if (!spent || steps == 0) return longest;
  constexpr double most_seconds = 1e9;  // nanoseconds hold nine times as many
  const double mean = std::min(*spent / static_cast<double>(steps), most_seconds);
  return std::max(longest.value_or(nanoseconds()), nanoseconds(static_cast<nanoseconds::rep>(mean * 1e9)));
}

task_row row_of(const inspect::task* before, const inspect::task& now, const interval& between) {
  task_row row{.busy = now.load};
  const double seconds = seconds_of(between.length);
  const bool began_since = before == nullptr && now.age < between.length;
  if (seconds <= 0 || (before == nullptr && !began_since)) {
    row.slowest = longest_step(now, between.stopped, 0, std::nullopt);
    return row;
  }
  const std::uint64_t steps = now.steps - (before != nullptr ? before->steps : 0);
  const std::optional<double> spent = seconds_spent(before, now);
  row.steps_per_second = static_cast<double>(steps) / seconds;
  if (spent) row.busy = *spent / seconds;
  row.slowest = longest_step(now, between.stopped, steps, spent);
  return row;
}

void add(loop_row& to, const loop_row& row) {
  to.running += row.running;
  to.ready += row.ready;
  to.waiting += row.waiting;
  to.deadlocked += row.deadlocked;
  to.due += row.due;
  to.timers += row.timers;
  to.in_flight += row.in_flight;
  to.descriptors += row.descriptors;
  to.steps_per_second += row.steps_per_second;
  to.turns_per_second += row.turns_per_second;
  to.received_per_second += row.received_per_second;
  to.sent_per_second += row.sent_per_second;
  for (std::size_t n = 0; n < to.lag.size(); ++n) to.lag[n] += row.lag[n];
  for (const operation_rate& each : row.operations) {
    const auto found = std::ranges::find(to.operations, each.kind, &operation_rate::kind);
    if (found == to.operations.end()) {
      to.operations.push_back(each);
    } else {
      found->done += each.done;
      found->failed += each.failed;
    }
  }
}

// The step may have ended: where it was is not known, but whose it was is.
slow_step step_of(const top_view& view, const task_row& row) {
  const inspect::task& task = view.seen.loops[row.loop].tasks[row.task];
  const std::uint32_t place = task.frames.empty() ? task.created : task.frames.back();
  return {.name = task.name, .function = view.seen.places[place].function, .lasted = *row.slowest, .seen = view.when};
}

}  // namespace

bool task_key::operator==(const task_key& other) const noexcept {
  return loop == other.loop && id == other.id && name == other.name && created.line == other.created.line &&
         created.file == other.created.file && created.function == other.created.function;
}

task_key key_of(const inspect::snapshot& seen, const inspect::loop& loop, const inspect::task& task) {
  return {.loop = loop.id, .id = task.id, .name = task.name, .created = seen.places[task.created]};
}

double loop_row::operations_per_second() const noexcept {
  double sum = 0;
  for (const operation_rate& each : operations) sum += each.done;
  return sum;
}

top_view look(inspect::snapshot seen, std::chrono::steady_clock::time_point when, const top_view* before) {
  top_view made{.seen = std::move(seen), .when = when, .slowest = before != nullptr ? before->slowest : std::nullopt};
  const interval between{.length = before != nullptr ? when - before->when : nanoseconds(),
                         .stopped = made.seen.stopped};
  const double seconds = seconds_of(between.length);
  for (std::size_t n = 0; n < made.seen.loops.size(); ++n) {
    const inspect::loop& loop = made.seen.loops[n];
    const earlier_tasks earlier(before, loop);
    loop_row sum = row_of(earlier.loop(), loop, seconds);
    const std::size_t first = made.tasks.size();
    for (std::uint32_t number = 0; number < loop.tasks.size(); ++number) {
      const inspect::task& task = loop.tasks[number];
      const task_row* const then = earlier.find(made.seen, task, between.length);
      task_row row = row_of(then != nullptr ? &earlier.task(*then) : nullptr, task, between);
      row.loop = n;
      row.task = number;
      if (row.slowest && (!made.slowest || *row.slowest > made.slowest->lasted)) made.slowest = step_of(made, row);
      if (then != nullptr && then->slowest) row.slowest = std::max(row.slowest.value_or(nanoseconds()), *then->slowest);
      made.tasks.push_back(std::move(row));
    }
    for (const inspect::deadlock& each : loop.deadlocks) {
      for (const std::uint32_t number : each.tasks) made.tasks[first + number].deadlocked = true;
      sum.deadlocked += each.tasks.size();
    }
    add(made.all, sum);
    made.loops.push_back(sum);
  }
  made.all.seconds = seconds;
  return made;
}

}  // namespace hocket::app
