#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include <hocket/base/result.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/deferred/detail/deferred_record.hpp>

namespace hocket::detail {

/// Waits for a deferred in a coroutine. A result that has come is never dropped for a cancellation.
template <class T>
class deferred_wait final : public operation {
 public:
  explicit deferred_wait(std::shared_ptr<deferred_record<T>> record) noexcept : record_(std::move(record)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    prepare(waiter);
    record_->consume([this](result<T>& from, const std::shared_ptr<deferred_link>&) -> std::shared_ptr<deferred_link> {
      outcome_.take_over(from);
      if (std::exchange(state_, state::arrived) == state::suspended) wake();
      return nullptr;
    });
    if (state_ == state::arrived) {
      forget_waiting();
      return false;
    }
    state_ = state::suspended;
    begin_waiting();
    return true;
  }
  T await_resume() {
    if (outcome_.has_error() && is_cancelled(outcome_.error())) resumed();  // may be the task's own
    return outcome_.take();
  }

  // What is asked to end says itself how it did.
  bool stop() noexcept override {
    if (state_ == state::suspended) record_->cancel();
    return false;
  }
  void leave_behind() noexcept override { state_ = state::left; }

 private:
  enum class state : unsigned char { idle, suspended, arrived, left };

  std::shared_ptr<deferred_record<T>> record_;
  result<T> outcome_;
  state state_ = state::idle;
};

}  // namespace hocket::detail
