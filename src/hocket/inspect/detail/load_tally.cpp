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
  loop_count& of = loops_[met.loop];
  of.has_thread = thread.has_value();
  if (!thread) return count(of, met, 1);
  of.used += thread->used;
  if (of.last && thread->used.count() > 0)
    count(of, *of.last, seconds_of(thread->used) / seconds_of(thread->used + thread->waited));
  of.last = thread->is_on ? std::optional(met) : std::nullopt;
}

void load_tally::count(loop_count& to, const running_loop& met, double weight) {
  if (met.task == 0) {
    to.beside += weight;
    return;
  }
  to.in_steps += weight;
  const task_key key{.record = met.task, .made = met.made};
  if (const auto known = to.met.find(key); known != to.met.end()) {
    known->second += weight;
  } else if (tasks_ < most_tasks) {
    ++tasks_;
    to.met.emplace(key, weight);
  }
}

// Of the time in which tasks of such loops were met, so much they were on a processor.
double load_tally::factor_without_thread(double length, std::optional<std::chrono::nanoseconds> used) const {
  double left = used ? seconds_of(*used) : length * static_cast<double>(loops_.size());
  double met = 0;
  for (const auto& [loop, count] : loops_) {
    if (count.has_thread)
      left -= seconds_of(count.used);
    else
      met += length * count.in_steps / static_cast<double>(samples_);
  }
  return met > 0 ? std::clamp(left / met, 0.0, 1.0) : 0;
}

void load_tally::add_to(snapshot& seen, std::chrono::nanoseconds length,
                        std::optional<std::chrono::nanoseconds> used) const {
  const double seconds = seconds_of(length);
  if (samples_ == 0 || seconds <= 0) return;
  seen.sampled = sampling{.length = length, .samples = samples_};
  if (used) seen.sampled->load = seconds_of(*used) / seconds;
  const double without_thread = factor_without_thread(seconds, used);
  static const loop_count none;
  for (loop& each : seen.loops) {
    const auto found = loops_.find(each.id);
    const loop_count& count = found != loops_.end() ? found->second : none;
    // What one sample stands for, as a load.
    double weight = without_thread / static_cast<double>(samples_);
    each.load = loop_load{};
    if (count.has_thread) {
      const double all = seconds_of(count.used) / seconds;
      const double met = count.in_steps + count.beside;
      weight = met > 0 ? all / met : 0;
      each.load->beside = std::max(0.0, all - weight * count.in_steps);  // rounding may leave less than nothing
    }
    each.load->in_steps = weight * count.in_steps;
    for (task& of : each.tasks) {
      const auto met = count.met.find({.record = of.id, .made = of.made.count()});
      of.load = met != count.met.end() ? weight * met->second : 0;
    }
  }
}

}  // namespace hocket::inspect::detail
