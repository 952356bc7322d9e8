#include <fmt/format.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/detail/trial.hpp>

namespace hocket::testing {
namespace {

/// Counts suspensions and cancels the victim in the turn after one of them.
class canceller final : public detail::interference {
 public:
  canceller(std::size_t strike_at, cancel_by how) noexcept : left_(strike_at), how_(how) {}

  HOCKET_CORO_WRAPPER coro<void> start(scenario& body) override {
    supervisor_ = task_base::current();
    return how_ == cancel_by::scope ? run_in_scope(body) : body();
  }
  void aim_at(const task<void>& victim) override { victim_ = victim; }
  void finish() noexcept override { victim_ = {}; }

  void suspending(task_base& task) noexcept override {
    if (&task == supervisor_ || !is_due(left_)) return;
    if (how_ == cancel_by::scope)
      task.owner().call_soon([this] { scope_.cancel(); });
    else
      task.owner().call_soon([victim = victim_] { victim.cancel(); });
  }

 private:
  coro<void> run_in_scope(scenario& body) {
    co_await scope_.run(body());
    if (scope_.cancelled_caught()) throw cancelled{};
  }

  std::size_t left_;
  cancel_by how_;
  cancel_scope scope_;
  task<void> victim_;
  const task_base* supervisor_ = nullptr;
};

}  // namespace

cancel_everywhere_report cancel_at_every_suspension(scenario body, run_options options, cancel_by how) {
  cancel_everywhere_report report;
  for (bool disturbed = true; disturbed;) {
    const std::size_t strike_at = ++report.runs;
    canceller trouble(strike_at, how);
    try {
      const detail::outcome seen = detail::try_once(body, options, trouble);
      report += seen.left;
      if (is_cancelled(seen.error))
        ++report.cancelled;
      else if (seen.error)
        std::rethrow_exception(seen.error);
    } catch (...) {
      detail::rethrow_with(fmt::format("cancelled at suspension {}", strike_at), std::current_exception());
    }
    disturbed = trouble.struck();
  }
  return report;
}

}  // namespace hocket::testing
