#include <hocket/base/error.hpp>
#include <hocket/core/async_generator_frame.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

void async_generator_frame::unhandled_exception() noexcept {
  if (!closing_) {
    error_ = std::current_exception();
    return;
  }
  try {
    throw;
  } catch (const generator_exit&) {  // as asked for
  } catch (...) {
    error_ = std::current_exception();
  }
}

void async_generator_frame::begin() {
  if (state_ == state::running) throw invalid_state_error("the async generator is running already");
  loop::running().generators().push_back(*this);
}

std::coroutine_handle<> async_generator_frame::close(std::coroutine_handle<> consumer) {
  const bool has_body_to_end = state_ == state::resting;
  const std::coroutine_handle<> body = step(consumer);
  if (!has_body_to_end) return body_ended();
  closing_ = true;
  return body;
}

std::coroutine_handle<> async_generator_frame::fail(std::exception_ptr error, std::coroutine_handle<> consumer) {
  static_cast<void>(step(consumer));
  error_ = std::move(error);
  return body_ended();
}

// A frame at rest may be destroyed, so nothing more is asked of its body.
std::coroutine_handle<> async_generator_frame::refuse_to_rest() noexcept {
  try {
    throw invalid_state_error("an async generator yielded while it was being closed");
  } catch (...) {
    error_ = std::current_exception();
  }
  return body_ended();
}

// Goes down to arguments whose body is over before it began, and up to closers all of whose arguments have ended.
std::coroutine_handle<> async_generator_frame::body_ended() noexcept {
  async_generator_frame* frame = this;
  if (collect_arguments_ != nullptr) collect_arguments_(*this);
  for (;;) {
    if (async_generator_frame* const argument = frame->next_argument()) {
      const bool has_body_to_end = argument->state_ == state::resting;
      argument->closer_ = frame;
      static_cast<void>(argument->step(frame->own_));
      if (has_body_to_end) {
        argument->closing_ = true;
        return argument->own_;
      }
      argument->collect_arguments_(*argument);
      frame = argument;
    } else {
      frame->end();
      if (frame->closer_ == nullptr) return frame->leave();
      async_generator_frame& closer = *std::exchange(frame->closer_, nullptr);
      if (frame->error_) closer.error_ = std::exchange(frame->error_, nullptr);
      frame = &closer;
    }
  }
}

async_generator_frame* async_generator_frame::next_argument() noexcept {
  while (to_close_ != nullptr) {
    async_generator_frame* const next = to_close_;
    to_close_ = std::exchange(next->next_to_close_, nullptr);
    if (next->needs_closing()) return next;
  }
  return nullptr;
}

void async_generator_frame::end() noexcept {
  state_ = state::ended;
  closing_ = false;
  if (is_linked()) unlink();  // not if the loop was left behind
}

}  // namespace hocket
