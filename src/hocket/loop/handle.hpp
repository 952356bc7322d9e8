#pragma once

#include <cstdint>
#include <exception>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/loop/context.hpp>
#include <hocket/loop/thread_context.hpp>
#include <hocket/loop/timer_node.hpp>

namespace hocket {

class loop;

namespace detail {

/// A callback on its way: in the ready queue or among the timers, held by the loop and by any number of handles.
class callback_record : public timer_node, public arena_allocated {
  // First, for they fit into the gap that a timer_node leaves.
  std::uint32_t references_ : 31 = 1;  // the loop's, until it has run or was cancelled
  std::uint32_t cancelled_ : 1 = false;

 public:
  virtual ~callback_record() = default;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  void cancel() noexcept;
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_ != 0; }

  /// The loop gives it up, having taken it out of wherever it stood.
  void abandon() noexcept {
    cancelled_ = true;
    release();
  }

 protected:
  callback_record(loop& owner, context inside) noexcept : loop_(owner), context_(std::move(inside)) {}

  /// Whatever runs from here to the end of the callback runs in its context.
  [[nodiscard]] context& inside() noexcept { return context_; }
  void enter_context() noexcept { here.variables = &context_; }
  /// It has run.
  void leave_context_and_release() noexcept {
    here.variables = nullptr;
    release();
  }

  loop& loop_;

 private:
  context context_;
};

void report_callback_error(loop& where, std::exception_ptr error) noexcept;

template <class Function>
class callback final : public callback_record {
 public:
  callback(loop& owner, Function function, context inside)
      : callback_record(owner, std::move(inside)), function_(std::move(function)) {}

  void run() noexcept override {
    enter_context();
    try {
      static_cast<void>(function_());
    } catch (...) {
      report_callback_error(loop_, std::current_exception());
    }
    leave_context_and_release();
  }

 private:
  Function function_;
};

}  // namespace detail

/// A callback scheduled with `call_soon`, `call_later` or `call_at`. Dropping the handle changes nothing.
/// Belongs to the loop's thread. Counterpart: asyncio.Handle, asyncio.TimerHandle.
class handle {
 public:
  handle() noexcept = default;
  explicit handle(detail::callback_record& record) noexcept : record_(&record) { record.retain(); }
  handle(const handle& other) noexcept : record_(other.record_) {
    if (record_ != nullptr) record_->retain();
  }
  handle(handle&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  handle& operator=(handle other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~handle() {
    if (record_ != nullptr) record_->release();
  }

  /// The callback will not run, unless it has already. A cancelled timer leaves nothing behind.
  void cancel() noexcept {
    if (record_ != nullptr) record_->cancel();
  }
  [[nodiscard]] bool cancelled() const noexcept { return record_ != nullptr && record_->cancelled(); }

 private:
  detail::callback_record* record_ = nullptr;
};

}  // namespace hocket
