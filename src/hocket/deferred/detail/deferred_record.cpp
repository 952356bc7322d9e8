#include <cstdio>

#include <hocket/deferred/detail/deferred_record.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/print_problem.hpp>

namespace hocket::detail {

void deferred_link::go_on() {
  std::shared_ptr<deferred_link> link = shared_from_this();
  while (link != nullptr && link->called_ && link->paused_ == 0) link = link->hand_on();
}

void deferred_link::cancel() {
  if (called_) return;
  std::shared_ptr<deferred_link> head = shared_from_this();
  while (auto source = head->source_.lock()) {
    head = std::move(source);
    if (head->called_) return;
  }
  head->cancel_head();
}

void deferred_link::cancel_head() {
  if (canceller_ && !std::exchange(has_canceller_run_, true)) {
    function<void()> ask = std::exchange(canceller_, {});
    ask();
    if (answers_late_) return;
  } else if (!answers_late_) {
    may_be_called_late_ = true;
  } else {
    return;  // it was asked
  }
  if (!called_) fail(std::make_exception_ptr(cancelled{}));
}

bool deferred_link::is_late_call() {
  if (std::exchange(may_be_called_late_, false)) return true;
  throw invalid_state_error("a deferred was called twice");
}

void deferred_link::report_unhandled(const std::exception_ptr& error, const std::source_location& created) noexcept {
  if (is_cancelled(error)) return;
  try {
    const exception_context problem{
        .message = "an error in a deferred was not handled", .exception = error, .where = created};
    if (loop* const here = loop::running_or_null())
      loop::report(*here, problem);
    else
      print_problem(problem);
  } catch (...) {
    std::fputs("hocket: an error in a deferred was not handled, and memory is lacking to tell more\n", stderr);
  }
}

}  // namespace hocket::detail
