#pragma once

#include <exception>
#include <source_location>
#include <utility>
#include <vector>

#include <hocket/core/future.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// A value that one will set and any number wait for: `hocket::future` with the waiting of green threads; coroutines may await the same one,
/// by `shared`. Counterpart: gevent.event.AsyncResult.
template <class T = void>
class async_result {
 public:
  /// Once; throws `invalid_state_error` the second time.
  template <class... Value>
  void set(Value&&... value) {
    shared_.set_result(std::forward<Value>(value)...);
  }
  void set_exception(std::exception_ptr error) { shared_.set_exception(std::move(error)); }

  [[nodiscard]] bool ready() const noexcept { return shared_.done(); }

  /// Waits for it; throws the exception if that was set. One that is cancelled leaves it to the others.
  decltype(auto) get(std::source_location where = std::source_location::current()) {
    if (!ready()) green::wait(hocket::wait(std::vector{shared_}), where);
    return shared_.result();
  }
  /// The same for at most `limit`; throws `timeout_error`, and it stays to be set.
  decltype(auto) get(delay limit, std::source_location where = std::source_location::current()) {
    if (!ready() && green::wait(hocket::wait(std::vector{shared_}, {.timeout = limit}), where).done.empty())
      throw timeout_error{};
    return shared_.result();
  }

  [[nodiscard]] const future<T>& shared() const noexcept { return shared_; }

 private:
  future<T> shared_;
};

}  // namespace hocket::green
