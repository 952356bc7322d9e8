#include <hocket/base/arena.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace hocket::testing {
namespace {

/// Counts suspensions and cancels the victim at one of them.
class saboteur final : public hocket::detail::suspension_observer {
 public:
  explicit saboteur(std::size_t strike_at) noexcept : left_(strike_at) {}

  void aim_at(const task<void>& victim) {
    victim_ = victim;
    hocket::detail::here.observer = this;  // of the running loop's context, gone with it
  }
  void suspending(task_base& task) noexcept override {
    if (&task == spared_ || left_ == 0 || --left_ > 0) return;
    task.owner().call_soon([victim = victim_] { victim.cancel(); });
  }
  void spare(task_base* task) noexcept { spared_ = task; }
  [[nodiscard]] bool struck() const noexcept { return left_ == 0; }

 private:
  std::size_t left_;
  task<void> victim_;
  task_base* spared_ = nullptr;
};

coro<void> disturb(std::move_only_function<coro<void>()>& scenario, saboteur& trouble, bool& ended_cancelled) {
  task<void> victim = create_task(scenario());
  trouble.spare(task_base::current());
  trouble.aim_at(victim);
  try {
    co_await victim;
  } catch (const cancelled&) {
    ended_cancelled = true;
  }
}

}  // namespace

cancel_everywhere_report cancel_at_every_suspension(std::move_only_function<coro<void>()> scenario,
                                                    run_options options) {
  cancel_everywhere_report report;
  for (bool disturbed = true; disturbed;) {
    const long before = arena::live_blocks();
    bool ended_cancelled = false;
    {
      virtual_clock time;
      options.clock = &time;
      saboteur trouble(++report.runs);
      run(disturb(scenario, trouble, ended_cancelled), options);
      disturbed = trouble.struck();
    }
    report.cancelled += ended_cancelled ? 1 : 0;
    report.leaked_blocks += static_cast<std::size_t>(arena::live_blocks() - before);
  }
  return report;
}

}  // namespace hocket::testing
