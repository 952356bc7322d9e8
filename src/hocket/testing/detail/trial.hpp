#pragma once

#include <exception>

#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/run_observer.hpp>
#include <hocket/testing/leak_check.hpp>
#include <hocket/testing/scenario.hpp>

namespace hocket::testing::detail {

/// What interferes with one run. Base: nothing does.
class interference : public hocket::detail::run_observer {
 public:
  virtual ~interference() = default;

  /// The scenario's coroutine; called in the task that will run it, just before.
  HOCKET_CORO_WRAPPER virtual coro<void> start(scenario& body) { return body(); }
  /// The scenario's task has been made and has not begun.
  virtual void aim_at(const task<void>&) {}
  /// The scenario's task has ended.
  virtual void finish() noexcept {}

  /// Has it interfered?
  [[nodiscard]] bool struck() const noexcept { return struck_; }

 protected:
  /// Counts down to where it strikes. True once.
  [[nodiscard]] bool is_due(std::size_t& left) noexcept {
    if (left == 0 || --left > 0) return false;
    return struck_ = true;
  }

 private:
  bool struck_ = false;
};

struct outcome {
  std::exception_ptr error;  // what left the scenario
  leftovers left;
};

/// Runs the scenario once, on a new loop with a virtual clock. Tasks that it leaves running are counted, cancelled and awaited.
/// Throws hocket::error if it does not end, even though nothing is left that it could wait for: after it was cancelled for
/// good. A scenario that does not end even then ends the program.
[[nodiscard]] outcome try_once(scenario& body, run_options options, interference& trouble);

/// Lets an error out of a helper, as hocket::error with `where` before its words and the error itself nested in it.
[[noreturn]] void rethrow_with(const std::string& where, const std::exception_ptr& error);

}  // namespace hocket::testing::detail
