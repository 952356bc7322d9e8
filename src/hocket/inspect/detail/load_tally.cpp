// A thread that sleeps in the system, or in a step that blocks, uses nothing: only samples count in which it was on a processor, and each of them stands for as
// much of what it used. The system does not tell whether it is on one or waits for one, which others have, but afterwards how long it did either: by what
// it did until the next sample, a sample is weighed. Of a loop whose thread is not known a sample stands for the time until the next one; the process has not used more in all.

#include <algorithm>
#include <utility>

#include <hocket/inspect/detail/load_tally.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t most_tasks = 100'000;  // the others count for their loop alone

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void load_tally::add(const running_loop& met, const std::optional<thread_use::reading>& thread) {
  if (!thread) return count(loops_[met.loop].at_any_time, met, 1);
  const auto last = last_.find(met.context);
  loop_count& of = loops_[last != last_.end() ? last->second.at.loop : met.loop];
  of.used += thread->used;
  if (last != last_.end() && thread->used.count() > 0)
    count(of.on_processor, last->second.at, seconds_of(thread->used) / seconds_of(thread->used + thread->waited));
  if (thread->is_on)
    last_.insert_or_assign(met.context, last_meeting{.at = met, .sample = samples_});
  else if (last != last_.end())
    last_.erase(last);
}

void load_tally::begin_anew() {
  loops_.clear();
  tasks_ = 0;
  std::erase_if(last_, [this](const auto& each) { return each.second.sample + 1 < samples_; });  // its thread has gone
  for (auto& [context, each] : last_) each.sample = 0;
  samples_ = 0;
}

void load_tally::count(meetings& to, const running_loop& met, double weight) {
  if (met.task == 0) {
    to.beside += weight;
    return;
  }
  to.in_steps += weight;
  const sampled_task key{.record = met.task, .made = met.made};
  if (const auto known = to.tasks.find(key); known != to.tasks.end()) {
    known->second += weight;
  } else if (tasks_ < most_tasks) {
    ++tasks_;
    to.tasks.emplace(key, weight);
  }
}

double load_tally::meetings::of(const sampled_task& task) const {
  const auto found = tasks.find(task);
  return found != tasks.end() ? found->second : 0;
}

// Of the time in which tasks were met while the threads were not known, so much they were on a processor.
double load_tally::factor_without_thread(double length, std::optional<std::chrono::nanoseconds> used) const {
  double left = used ? seconds_of(*used) : length * static_cast<double>(loops_.size());
  double met = 0;
  for (const auto& [loop, count] : loops_) {
    left -= seconds_of(count.used);
    met += length * count.at_any_time.in_steps / static_cast<double>(samples_);
  }
  return met > 0 ? std::clamp(left / met, 0.0, 1.0) : 0;
}

void load_tally::add_to(snapshot& seen, std::chrono::nanoseconds length,
                        std::optional<std::chrono::nanoseconds> used) const {
  const double seconds = seconds_of(length);
  if (samples_ == 0 || seconds <= 0) return;
  seen.sampled = sampling{.length = length, .samples = samples_};
  if (used) seen.sampled->load = seconds_of(*used) / seconds;
  // What one meeting stands for, as a load.
  const double at_any_time = factor_without_thread(seconds, used) / static_cast<double>(samples_);
  static const loop_count none;
  for (loop& each : seen.loops) {
    const auto found = loops_.find(each.id);
    const loop_count& count = found != loops_.end() ? found->second : none;
    const double all = seconds_of(count.used) / seconds;
    const double met = count.on_processor.in_steps + count.on_processor.beside;
    const double on_processor = met > 0 ? all / met : 0;
    const double in_steps = on_processor * count.on_processor.in_steps;
    each.load = loop_load{.in_steps = in_steps + at_any_time * count.at_any_time.in_steps,
                          .beside = std::max(0.0, all - in_steps)};  // rounding may leave less than nothing
    for (task& of : each.tasks) {
      const sampled_task key{.record = of.id, .made = of.made.count()};
      of.load = on_processor * count.on_processor.of(key) + at_any_time * count.at_any_time.of(key);
    }
  }
}

}  // namespace hocket::inspect::detail
