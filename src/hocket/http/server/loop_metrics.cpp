#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <span>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/http/server/detail/loop_numbers.hpp>
#include <hocket/http/server/loop_metrics.hpp>
#include <hocket/inspect/own_process.hpp>
#include <hocket/inspect/unreadable.hpp>
#include <hocket/loop/process_counters.hpp>

namespace hocket::http {
namespace {

constexpr int most_readings = 5;  // until none is torn

/// Tells one figure of each loop after the other.
class loops_page {
 public:
  loops_page(prometheus_text& page, const inspect::snapshot& seen, std::span<const std::uint32_t> numbers) noexcept
      : page_(page), loops_(seen.loops), numbers_(numbers) {}

  void add(const char* name, const char* kind, const char* help, std::uint64_t inspect::loop::* figure) {
    page_.begin(name, kind, help);
    for (std::size_t n = 0; n < loops_.size(); ++n) page_.add_labelled(label(n), loops_[n].*figure);
  }

  void add_lag() {
    std::array<double, 23> bounds{};
    for (std::size_t n = 0; n < bounds.size(); ++n) bounds[n] = std::ldexp(1e-6, static_cast<int>(n));
    page_.begin("hocket_loop_lag_seconds", "histogram", "What ran between two looks at what the system has.");
    for (std::size_t n = 0; n < loops_.size(); ++n) page_.add_buckets(label(n), bounds, loops_[n].lag);
  }

  void add_tasks() {
    page_.begin("hocket_loop_tasks", "gauge", "Tasks by state.");
    for (std::size_t n = 0; n < loops_.size(); ++n) {
      const auto add = [&](const char* name, inspect::task_state state) {
        const auto count = std::ranges::count(loops_[n].tasks, state, &inspect::task::state);
        page_.add_labelled(fmt::format("{},state=\"{}\"", label(n), name), static_cast<std::uint64_t>(count));
      };
      add("running", inspect::task_state::running);
      add("ready", inspect::task_state::ready);
      add("waiting", inspect::task_state::waiting);
    }
  }

  void add_operations() {
    page_.begin("hocket_loop_operations_total", "counter", "What was asked of the system, by what came of it.");
    for (std::size_t n = 0; n < loops_.size(); ++n)
      for (const inspect::operations& each : loops_[n].requests) {
        const auto add = [&](const char* outcome, std::uint64_t count) {
          page_.add_labelled(fmt::format("{},operation=\"{}\",outcome=\"{}\"", label(n), each.kind, outcome), count);
        };
        add("succeeded", each.succeeded);
        add("failed", each.failed);
        add("cancelled", each.cancelled);
      }
  }

 private:
  [[nodiscard]] std::string label(std::size_t n) const { return fmt::format("loop=\"{}\"", numbers_[n]); }

  prometheus_text& page_;
  const std::vector<inspect::loop>& loops_;
  std::span<const std::uint32_t> numbers_;
};

void add_numbered_loops(prometheus_text& page, const inspect::snapshot& seen, std::span<const std::uint32_t> numbers) {
  using inspect::loop;
  loops_page loops(page, seen, numbers);
  loops.add("hocket_loop_turns_total", "counter", "Turns.", &loop::turns);
  loops.add("hocket_loop_looks_total", "counter", "Looks at what the system has.", &loop::looks);
  loops.add("hocket_loop_steps_total", "counter", "Steps of tasks.", &loop::steps);
  loops.add_lag();
  loops.add_tasks();
  loops.add("hocket_loop_ready", "gauge", "What is due to run: steps of tasks, callbacks.", &loop::ready);
  loops.add("hocket_loop_timers", "gauge", "Timers that are set.", &loop::timers);
  loops.add_operations();
  loops.add("hocket_loop_operations_in_flight", "gauge", "What the system was asked for and has not done.",
            &loop::in_flight);
  loops.add("hocket_loop_received_bytes_total", "counter", "Bytes that came by sockets and pipes, or were read.",
            &loop::bytes_received);
  loops.add("hocket_loop_sent_bytes_total", "counter", "Bytes that were sent or written.", &loop::bytes_sent);
  loops.add("hocket_loop_descriptors", "gauge", "Open descriptors.", &loop::descriptors);
}

// As all pages of this process call its loops.
std::vector<std::uint32_t> numbers_of(const inspect::snapshot& seen) {
  static std::mutex mutex;
  static detail::loop_numbers given;
  const std::lock_guard alone(mutex);
  return given.of(seen);
}

void add_process(prometheus_text& page) {
  const auto& counted = hocket::detail::counters_of_process;
  page.begin("hocket_stalls_total", "counter", "Turns of loops that lasted too long.");
  page.add(counted.stalls.load(std::memory_order_relaxed));
  page.begin("hocket_pool_threads", "gauge", "Threads of pools.");
  page.add(counted.pool_threads.load(std::memory_order_relaxed));
  page.begin("hocket_pool_jobs", "gauge", "Calls on pools of threads that have not ended.");
  page.add(counted.pool_jobs.load(std::memory_order_relaxed));
}

std::string text_of_all_loops() {
  prometheus_text page;
  try {
    inspect::snapshot seen = inspect::read_own_process();
    for (int again = 0; seen.torn && again < most_readings; ++again) seen = inspect::read_own_process();
    if (seen.torn) page.add_comment("The loops changed while they were read: tasks may be missing.");
    add_numbered_loops(page, seen, numbers_of(seen));
  } catch (const inspect::unreadable& problem) {
    page.add_comment(fmt::format("The loops are not shown: {}", printable(problem.what())));
  }
  add_process(page);
  return std::move(page).text();
}

}  // namespace

void add_loops(prometheus_text& page, const inspect::snapshot& seen) {
  std::vector<std::uint32_t> numbers(seen.loops.size());
  std::iota(numbers.begin(), numbers.end(), 1U);
  add_numbered_loops(page, seen, numbers);
}

coro<std::string> loop_metrics() { co_return co_await to_thread(text_of_all_loops); }

}  // namespace hocket::http
