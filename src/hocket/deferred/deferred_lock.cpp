#include <hocket/deferred/deferred_lock.hpp>

namespace hocket {

deferred<> deferred_semaphore::acquire() const {
  if (state_->tokens == 0 || state_->is_handing_out) return state_->line.line_up();
  --state_->tokens;
  return succeed();
}

// Who gets a token may give it back at once: then it is the loop below that goes on, and not a call within a call.
void deferred_semaphore::release() const {
  if (state_->tokens == state_->limit) throw invalid_state_error("a token was released that nobody had acquired");
  ++state_->tokens;
  if (state_->is_handing_out) return;
  const std::shared_ptr<state> mine = state_;
  mine->is_handing_out = true;
  while (mine->tokens > 0 && !mine->line.empty()) {
    --mine->tokens;
    mine->line.pop().callback();
  }
  mine->is_handing_out = false;
}

}  // namespace hocket
