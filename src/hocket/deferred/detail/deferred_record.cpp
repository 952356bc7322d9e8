#include <cstdio>

#include <hocket/deferred/detail/deferred_record.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {

void deferred_link::go_on() {
  if (!called_ || paused_ > 0) return;
  std::shared_ptr<deferred_link> next = hand_on();
  while (next != nullptr && next->called_ && next->paused_ == 0) next = next->hand_on();
}

void deferred_link::cancel() {
  if (called_) return;
  std::shared_ptr<deferred_link> held;  // links may let go of each other on the way
  deferred_link* head = this;
  while (auto source = head->source_.lock()) {
    held = std::move(source);
    head = held.get();
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
  loop* const here = loop::running_or_null();
  try {
    if (here != nullptr && !is_cancelled(error))
      loop::report(*here, {.message = "an error in a deferred was not handled", .exception = error, .where = created});
  } catch (...) {
    std::fputs("hocket: an error in a deferred was not handled, and memory is lacking to tell more\n", stderr);
  }
}

}  // namespace hocket::detail
