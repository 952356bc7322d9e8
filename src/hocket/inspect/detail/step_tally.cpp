#include <algorithm>
#include <cstddef>

#include <hocket/inspect/detail/step_tally.hpp>

namespace hocket::inspect::detail {

static constexpr std::size_t most_threads = 10'000;
static constexpr std::size_t most_tasks = 100'000;

void step_tally::add(const running_loop& met, time_point when) {
  const auto last = now_.find(met.context);
  if (met.task == 0) {
    if (last != now_.end()) now_.erase(last);
    return;
  }
  const sampled_task task{.record = met.task, .made = met.made};
  if (last == now_.end()) {
    if (now_.size() == most_threads) now_.clear();  // of threads that have gone
    now_.emplace(met.context, going_on{.task = task, .number = met.steps, .since = when});
    return;
  }
  if (last->second.task != task || last->second.number != met.steps) {
    last->second = {.task = task, .number = met.steps, .since = when};
    return;
  }
  if (longest_.size() == most_tasks && !longest_.contains(task)) return;
  auto& longest = longest_[task];
  longest = std::max(longest, std::chrono::nanoseconds(when - last->second.since));
}

void step_tally::move_to(snapshot& seen) {
  for (loop& each : seen.loops) {
    for (task& of : each.tasks) {
      const auto found = longest_.find({.record = of.id, .made = of.made.count()});
      if (found != longest_.end() && found->second > seen.stopped) of.longest_step = found->second - seen.stopped;
    }
  }
  longest_.clear();
  for (auto& [thread, step] : now_) step.since += seen.stopped;
}

}  // namespace hocket::inspect::detail
