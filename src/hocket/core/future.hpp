#pragma once

#include <source_location>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/done_callback.hpp>
#include <hocket/core/join.hpp>

namespace hocket {

namespace detail {

template <class T>
class future_record final : public future_base {
 public:
  future_record(loop& owner, std::source_location created) noexcept : future_base(owner, created) {}

  bool cancel() override {
    if (done()) return false;
    owner().require_own_thread("future::cancel was called");
    finish(state::cancelled);
    return true;
  }
  [[nodiscard]] std::exception_ptr error() noexcept override {
    mark_retrieved();
    return result_.error();
  }
  [[nodiscard]] hocket::result<T>& result() noexcept {
    mark_retrieved();
    return result_;
  }
  template <class... Value>
  void set_value(Value&&... value) {
    require_pending();
    result_.set_value(std::forward<Value>(value)...);
    finish(state::finished);
  }
  void set_error(std::exception_ptr error) {
    require_pending();
    result_.set_error(std::move(error));
    finish(state::failed);
  }

  void add_done_callback(done_callback& callback) noexcept override {
    if (done()) callback.hold();
    has_callbacks_ = true;
    add_waiter(callback);
  }

 private:
  void finish(state how) noexcept {
    if (has_callbacks_) {
      waiters().for_each([](ready_node& waiter) {
        if (auto* callback = dynamic_cast<done_callback*>(&waiter)) callback->hold();
      });
    }
    end(how);
  }
  void require_pending() const {
    if (done()) throw invalid_state_error("the future has a result already");
    owner().require_own_thread("a future was set");
  }

  bool has_callbacks_ = false;  // done_callbacks; stands in the padding of the base
  hocket::result<T> result_;
};

}  // namespace detail

/// A result that somebody will set by hand. Shared handles; belongs to the loop that ran when it was made, and to its thread.
///
/// Waiters and callbacks are served in the turn after the result is set, in order of registration; none runs inside
/// `set_result`. Cancelling a task that awaits a future cancels the future. Counterpart: asyncio.Future.
template <class T = void>
class future {
 public:
  explicit future(std::source_location created = std::source_location::current())
      : record_(new detail::future_record<T>(loop::running(), created)) {}
  explicit future(record_ref<detail::future_record<T>> record) noexcept : record_(std::move(record)) {}

  /// Throw `invalid_state_error` if it has ended.
  template <class... Value>
  void set_result(Value&&... value) const {
    record_->set_value(std::forward<Value>(value)...);
  }
  void set_exception(std::exception_ptr error) const {
    if (!error) throw invalid_state_error("a future was given no exception for one");
    record_->set_error(std::move(error));
  }
  template <class Error>
    requires std::derived_from<Error, std::exception>
  void set_exception(Error error) const {
    set_exception(std::make_exception_ptr(std::move(error)));
  }

  /// Whoever waits gets `cancelled`. False if it has ended.
  bool cancel() const { return record_->cancel(); }
  [[nodiscard]] bool done() const noexcept { return record_->done(); }
  [[nodiscard]] bool was_cancelled() const noexcept { return record_->was_cancelled(); }

  /// Its value. Throws its exception, `cancelled`, or `invalid_state_error` if it has not ended.
  decltype(auto) result() const {
    require_done();
    return record_->result().look();
  }
  /// Its exception, or null if it has a value. Throws `cancelled`, or `invalid_state_error` if it has not ended.
  /// Counterpart: Future.exception.
  [[nodiscard]] std::exception_ptr exception() const {
    require_done();
    return record_->failed() ? record_->error() : nullptr;
  }

  /// Calls `function`, with this future or with nothing, through `call_soon` when it has ended, in order with whoever else
  /// waits. `cancel()` of the handle takes it back, until it runs. Counterpart: add_done_callback, remove_done_callback.
  template <class Function>
  handle add_done_callback(Function function) const {
    return detail::call_when_done(*this, std::move(function));
  }

  friend bool operator==(const future& a, const future& b) noexcept { return a.record_.get() == b.record_.get(); }

  class awaiter final : public detail::join_operation {
   public:
    explicit awaiter(record_ref<detail::future_record<T>> record) noexcept
        : join_operation(record_ref<future_base>(std::move(record))) {}
    decltype(auto) await_resume() {
      joined();
      return static_cast<detail::future_record<T>&>(*target_).result().look();
    }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter(record_); }

  [[nodiscard]] const record_ref<detail::future_record<T>>& record() const noexcept { return record_; }

 private:
  void require_done() const {
    if (!done()) throw invalid_state_error("the future has no result yet");
    if (was_cancelled()) throw cancelled{};
  }

  record_ref<detail::future_record<T>> record_;
};

}  // namespace hocket
