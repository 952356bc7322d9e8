#pragma once

#include <source_location>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/join.hpp>

namespace hocket {

namespace detail {

template <class T>
class future_record final : public future_base {
 public:
  future_record(loop& owner, std::source_location created) noexcept : future_base(owner, created) {}

  bool cancel() override {
    if (done()) return false;
    end(state::cancelled);
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
    end(state::finished);
  }
  void set_error(std::exception_ptr error) {
    require_pending();
    result_.set_error(std::move(error));
    end(state::failed);
  }

 private:
  void require_pending() const {
    if (done()) throw invalid_state_error("the future has a result already");
  }

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
    if (!done()) throw invalid_state_error("the future has no result yet");
    if (was_cancelled()) throw cancelled{};
    return record_->result().look();
  }

  /// Calls `function` through `call_soon` when it has ended, in order with whoever else waits.
  template <class Function>
  void add_done_callback(Function function) const {
    record_->add_waiter(*new detail::callback<Function>(record_->owner(), std::move(function)));
  }

  class awaiter final : public detail::join_operation {
   public:
    explicit awaiter(record_ref<detail::future_record<T>> record) noexcept
        : join_operation(record_ref<future_base>(record)) {}
    decltype(auto) await_resume() {
      joined();
      return static_cast<detail::future_record<T>&>(*target_).result().look();
    }
  };
  [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter(record_); }

 private:
  record_ref<detail::future_record<T>> record_;
};

}  // namespace hocket
