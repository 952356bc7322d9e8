#pragma once

#include <cstdint>
#include <exception>
#include <memory>
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
  std::uint32_t references_ : 30 = 1;  // the loop's, until it has run or was cancelled
  std::uint32_t cancelled_ : 1 = false;
  std::uint32_t is_dropped_ : 1 = false;

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
    drop_function();
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

  /// Lets go of what it would have called, and of what that holds: often the handle on itself, and then nobody else would. Once it has run, will not
  /// run, or dies, whatever handles are left.
  virtual void drop_function() noexcept {}
  /// True the first time.
  [[nodiscard]] bool is_to_be_dropped() noexcept {
    const bool is_first = is_dropped_ == 0;
    is_dropped_ = true;
    return is_first;
  }

  loop& loop_;

 private:
  context context_;
};

/// A kind of callback record with the function that it calls.
template <class Record, class Function>
class record_with_function : public Record {
 public:
  ~record_with_function() override { record_with_function::drop_function(); }

 protected:
  template <class... Args>
  explicit record_with_function(Function function, Args&&... args)
      : Record(std::forward<Args>(args)...), function_(std::move(function)) {}

  void drop_function() noexcept final {
    if (this->is_to_be_dropped()) std::destroy_at(std::addressof(function_));
  }

  union {
    Function function_;
  };
};

void report_callback_error(loop& where, std::exception_ptr error) noexcept;

template <class Function>
class callback final : public record_with_function<callback_record, Function> {
 public:
  callback(loop& owner, Function function, context inside)
      : record_with_function<callback_record, Function>(std::move(function), owner, std::move(inside)) {}

  void run() noexcept override {
    this->enter_context();
    try {
      static_cast<void>(this->function_());
    } catch (...) {
      report_callback_error(this->loop_, std::current_exception());
    }
    this->drop_function();
    this->leave_context_and_release();
  }
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
