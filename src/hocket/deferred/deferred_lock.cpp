#include <hocket/deferred/deferred_lock.hpp>

namespace hocket {

deferred<> deferred_semaphore::acquire() const {
  if (state_->tokens == 0) return state_->line.line_up();
  --state_->tokens;
  return succeed();
}

void deferred_semaphore::release() const {
  if (state_->tokens == state_->limit) throw invalid_state_error("a token was released that nobody had acquired");
  if (state_->line.empty())
    ++state_->tokens;
  else
    state_->line.pop().callback();
}

}  // namespace hocket
