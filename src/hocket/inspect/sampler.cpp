// A sample is a few words of each loop, read by process_vm_readv(2), and what the system says of the loop's thread: some microseconds in all. It is taken at
// irregular times, lest these beat with what the process does at regular ones.

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/inspect/detail/load_tally.hpp>
#include <hocket/inspect/detail/loop_threads.hpp>
#include <hocket/inspect/detail/running_loops.hpp>
#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/detail/step_tally.hpp>
#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/sampler.hpp>
#include <hocket/inspect/unreadable.hpp>
#include <hocket/loop/signals_blocked.hpp>

namespace hocket::inspect {
namespace {

using std::chrono::nanoseconds;
using steady_clock = std::chrono::steady_clock;

constexpr int pause_to_work = 50;  // at least so much longer is it idle than it works

std::optional<nanoseconds> time_of(clockid_t clock) noexcept {
  timespec now{};
  if (::clock_gettime(clock, &now) != 0) return std::nullopt;
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

// By all its threads, those that have ended, too.
std::optional<nanoseconds> time_used_by(pid_t process) noexcept {
  clockid_t clock{};
  return ::clock_getcpuclockid(process, &clock) == 0 ? time_of(clock) : std::nullopt;
}

std::vector<detail::process_table> tables_of(pid_t process) {
  process_memory source(process);
  detail::memory_cache constants(source);
  return detail::find_shown(constants, mappings_of(process), fmt::format("process {}", process)).tables;
}

}  // namespace

class sampler::work {
 public:
  work(pid_t process, const sampler_options& options)
      : process_(process), interval_(options.interval), tables_(tables_of(process)), threads_(process) {
    source_.emplace(process);
    const hocket::detail::signals_blocked in_the_thread;
    thread_ = std::thread([this] { run(); });
  }
  ~work() {
    {
      const std::scoped_lock lock(mutex_);
      is_to_end_ = true;
    }
    end_.notify_one();
    thread_.join();
  }
  work(const work&) = delete;

  void add_to(snapshot& seen) {
    const auto now = steady_clock::now();
    const auto used = time_used_by(process_);
    const std::scoped_lock lock(mutex_);
    tally_.add_to(seen, now - since_, used && used_before_ ? std::optional(*used - *used_before_) : std::nullopt);
    tally_.begin_anew();
    steps_.move_to(seen);
    since_ = now;
    used_before_ = used;
  }

  std::uint64_t samples() {
    const std::scoped_lock lock(mutex_);
    return tally_.samples();
  }

 private:
  void run() noexcept {
    try {
      for (bool goes_on = true; goes_on;) {
        const nanoseconds begin = time_of(CLOCK_THREAD_CPUTIME_ID).value_or(nanoseconds());
        if (!sample_or_look_for_memory()) return;
        const nanoseconds cost = time_of(CLOCK_THREAD_CPUTIME_ID).value_or(begin) - begin;
        const double part = std::uniform_real_distribution<double>(0.5, 1.5)(random_);
        const auto pause = std::chrono::duration_cast<nanoseconds>(interval_ * part);
        goes_on = !is_told_to_end_within(std::max(pause, pause_to_work * cost));
      }
    } catch (const std::exception&) {  // there is no memory left: there are no further samples
    }
  }

  bool is_told_to_end_within(nanoseconds limit) {
    std::unique_lock lock(mutex_);
    return end_.wait_for(lock, limit, [this] { return is_to_end_; });
  }

  // False if the process has ended. It may have looked so: the thread by which its memory was to be had may have ended.
  bool sample_or_look_for_memory() {
    try {
      sample();
      has_failed_ = false;
      return true;
    } catch (const unreadable&) {
      source_.emplace(process_);
      return !std::exchange(has_failed_, true);
    }
  }

  // What a thread is at is asked between two questions whether it is on a processor: only if it was all the time do the answers belong together.
  // In another order each time, lest the loops that are asked late be met in other moments than the first.
  void sample() {
    struct place {
      const detail::process_table* table;
      detail::loops_of_thread thread;
    };
    std::vector<place> places;
    for (const detail::process_table& table : tables_) {
      const auto threads = detail::read_running_loops(*source_, table);
      if (!threads) return;
      for (const detail::loops_of_thread& each : *threads) places.push_back({&table, each});
    }
    std::ranges::shuffle(places, random_);
    ++number_;
    struct meeting {
      detail::running_loop at;
      std::optional<detail::thread_use::reading> use;
      steady_clock::time_point when;
    };
    std::vector<meeting> met;
    for (const auto& [table, thread] : places) {
      auto use = threads_.use_in(number_, thread.context);
      const detail::running_loop at = detail::read_step(*source_, *table, thread);
      if (use && use->is_on) use->is_on = threads_.is_on(thread.context);
      met.push_back({at, use, steady_clock::now()});
    }
    const std::scoped_lock lock(mutex_);
    for (const auto& [at, use, when] : met) {
      tally_.add(at, use);
      steps_.add(at, when);
    }
    tally_.end_sample();
  }

  const pid_t process_;
  const nanoseconds interval_;
  const std::vector<detail::process_table> tables_;
  // The thread's own.
  std::optional<process_memory> source_;
  detail::loop_threads threads_;
  std::minstd_rand random_;
  std::uint64_t number_ = 0;  // of samples
  bool has_failed_ = false;

  std::mutex mutex_;
  std::condition_variable end_;
  bool is_to_end_ = false;
  detail::load_tally tally_;
  detail::step_tally steps_;
  steady_clock::time_point since_ = steady_clock::now();
  std::optional<nanoseconds> used_before_ = time_used_by(process_);
  std::thread thread_;
};

sampler::sampler(pid_t process, const sampler_options& options) : work_(std::make_unique<work>(process, options)) {}
sampler::~sampler() = default;

void sampler::add_to(snapshot& seen) { work_->add_to(seen); }
std::uint64_t sampler::samples() const { return work_->samples(); }

}  // namespace hocket::inspect
