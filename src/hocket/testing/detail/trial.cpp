// One run of a scenario under interference.
//
// The run's main task supervises: it starts the scenario as a task of its own and looks at what is left when that has ended.
// A watchdog stands in the timers at the end of time. Virtual time gets there only when nothing is ready, no other timer is
// set and no thread of the pool works; what may still come, from the kernel or from other threads, is given seconds. After that
// the scenario is stuck. It is cancelled, for a suspended frame cannot be destroyed; who is stuck even then cannot be helped.

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include <hocket/base/assert.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/detail/trial.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace hocket::testing::detail {
namespace {

constexpr auto far_away = std::chrono::hours(100'000);
constexpr auto longest_wait = std::chrono::seconds(1);  // for what other threads may bring
constexpr auto longest_wait_for_io = std::chrono::seconds(5);
constexpr int most_cancellations = 8;

class watchdog final : public timer_node {
 public:
  explicit watchdog(loop& owner) : owner_(owner) { wait(); }
  ~watchdog() { owner_.unschedule(*this); }

  void watch(const task<void>& victim) noexcept { victim_ = victim; }
  [[nodiscard]] bool found_it_stuck() const noexcept { return cancellations_ > 0; }

  void run() noexcept override {
    const auto now = std::chrono::steady_clock::now();
    if (first_ == std::chrono::steady_clock::time_point{}) first_ = now;
    if (now - first_ < (owner_.io().in_flight() > 0 ? longest_wait_for_io : longest_wait)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else {
      HOCKET_ASSERT(cancellations_ < most_cancellations, "a scenario under test does not end, not even when cancelled");
      ++cancellations_;
      if (victim_) victim_.cancel();
    }
    wait();
  }

 private:
  void wait() { owner_.schedule_at(*this, owner_.time_after(far_away)); }

  loop& owner_;
  task<void> victim_;
  std::chrono::steady_clock::time_point first_{};  // when it was woken first, in real time
  int cancellations_ = 0;
};

/// Removes the interference when it goes out of scope.
class observed {
 public:
  explicit observed(interference& trouble) noexcept : trouble_(trouble) { hocket::detail::here.observer = &trouble; }
  ~observed() {
    trouble_.finish();
    hocket::detail::here.observer = nullptr;
  }
  observed(const observed&) = delete;

 private:
  interference& trouble_;
};

std::size_t other_tasks() { return loop::running().tasks().count() - 1; }

void cancel_other_tasks() {
  loop::running().tasks().for_each([](loop_task& listed) {
    auto& each = static_cast<task_base&>(listed);
    if (&each != task_base::current()) each.cancel();
  });
}

coro<void> run_observed(scenario& body, interference& trouble, watchdog& guard) {
  const observed until_it_ended(trouble);
  const task<void> victim = create_task(trouble.start(body));
  trouble.aim_at(victim);
  guard.watch(victim);
  co_await victim;
}

coro<void> supervise(scenario& body, interference& trouble, outcome& seen) {
  loop& owner = loop::running();
  watchdog guard(owner);
  auto ended = co_await as_result(run_observed(body, trouble, guard));
  if (!ended.has_value()) seen.error = ended.error();

  seen.left.leaked_tasks = other_tasks();
  if (other_tasks() > 0) cancel_other_tasks();
  while (other_tasks() > 0 || owner.io().in_flight() > 0) co_await sleep(std::chrono::hours(1));
  seen.left.leaked_buffers = owner.io().lent_buffers();
  if (guard.found_it_stuck()) throw error("it was stuck: it waited for what nobody would bring");
}

}  // namespace

outcome try_once(scenario& body, run_options options, interference& trouble) {
  const leak_check before;
  outcome seen;
  {
    virtual_clock time;
    options.clock = &time;
    options.handle_sigint = false;  // it ends the program, not one run of many
    run(supervise(body, trouble, seen), options);
  }
  seen.left += before.left();
  return seen;
}

void rethrow_with(const std::string& where, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    std::throw_with_nested(hocket::error(fmt::format("{}: {}", where, known.what())));
  } catch (...) {
    std::throw_with_nested(hocket::error(where + ": an exception that is no std::exception"));
  }
}

}  // namespace hocket::testing::detail
