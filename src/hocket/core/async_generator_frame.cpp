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

// A frame at rest may be destroyed, so nothing more is asked of it.
std::coroutine_handle<> async_generator_frame::refuse_to_rest() noexcept {
  try {
    throw invalid_state_error("an async generator yielded while it was being closed");
  } catch (...) {
    error_ = std::current_exception();
  }
  return end();
}

std::coroutine_handle<> async_generator_frame::body_ended() noexcept {
  async_generator_frame* const argument = next_argument_ != nullptr ? next_argument_(*this) : nullptr;
  if (argument == nullptr) return end();
  argument->closer_ = this;
  return argument->close(own_);
}

std::coroutine_handle<> async_generator_frame::end() noexcept {
  state_ = state::ended;
  closing_ = false;
  if (is_linked()) unlink();  // not if the loop was left behind
  if (closer_ == nullptr) return leave();
  async_generator_frame& closer = *std::exchange(closer_, nullptr);
  if (error_) closer.error_ = std::exchange(error_, nullptr);
  return closer.body_ended();
}

}  // namespace hocket
