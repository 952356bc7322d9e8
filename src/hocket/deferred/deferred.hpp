#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/deferred/detail/deferred_record.hpp>
#include <hocket/deferred/detail/deferred_wait.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

template <class T>
class deferred;

template <class T>
deferred<T> ensure_deferred(coro<T> body, std::source_location created = std::source_location::current());
[[nodiscard]] deferred<void> succeed(std::source_location created = std::source_location::current());

namespace detail {

template <class T>
struct deferred_value {
  using type = T;
};
template <class T>
struct deferred_value<deferred<T>> {
  using type = T;
};
template <class T>
struct deferred_value<coro<T>> {
  using type = T;
};
/// What a callback gives to the next one: a deferred is waited for, and a coroutine run.
template <class Returned>
using deferred_value_t = deferred_value<std::remove_cvref_t<Returned>>::type;

template <class Function, class T>
struct callback_result {
  using type = deferred_value_t<std::invoke_result_t<Function&, T>>;
};
template <class Function>
struct callback_result<Function, void> {
  using type = deferred_value_t<std::invoke_result_t<Function&>>;
};

/// Runs a coroutine function, which with its arguments stays until its coroutine has ended.
template <class Function, class... Args>
std::invoke_result_t<Function&, Args...> run_owned(Function function, Args... args) {
  co_return co_await function(std::move(args)...);
}

/// Calls a callback, for the only time. Of a coroutine function the deferred of its coroutine is given.
template <class Function, class... Args>
auto call_back(const std::source_location& created, Function& function, Args&&... args) {
  using returned = std::invoke_result_t<Function&, std::remove_cvref_t<Args>...>;
  if constexpr (is_coro<std::remove_cvref_t<returned>>)
    return ensure_deferred(
        run_owned<Function, std::remove_cvref_t<Args>...>(std::move(function), std::forward<Args>(args)...), created);
  else
    return std::invoke(function, std::forward<Args>(args)...);
}

template <class Function>
concept gives_nothing = std::is_void_v<std::invoke_result_t<Function&>>;

}  // namespace detail

/// A result that is not there yet, and the chain of callbacks that it will go through. Counterpart: twisted.internet.defer.Deferred.
///
/// Whoever makes it calls `callback` or `errback`, once. Whoever gets it adds callbacks and errbacks: each gives a deferred of its own
/// result, to which the next one is added, so that one reads a chain as Twisted's. What a callback returns goes to the next callback, what it
/// throws to the next errback; if it returns a deferred, or is a coroutine function, the chain waits for that. They run at once, within the call that has the
/// result, or within `add_callback` if it is there already; never later, and not by the loop.
///
///     fetch(url).add_callback(parse).add_errback(log);
///
/// An error that nobody takes is told when the last handle goes, with where the deferred was made: to the exception handler of the loop that runs,
/// on standard error where none does. A cheap handle, shared; belongs to one thread.
template <class T = void>
class deferred {
 public:
  using value_type = T;

  explicit deferred(std::source_location created = std::source_location::current())
      : record_(std::make_shared<detail::deferred_record<T>>(created)) {}
  /// `canceller()` is asked to end the work when it is cancelled; it may call `callback` or `errback` itself.
  explicit deferred(function<void()> canceller, std::source_location created = std::source_location::current())
      : deferred(created) {
    record_->set_canceller(std::move(canceller));
  }

  /// One whose canceller only asks: the work still gives a result when it has ended, and that is waited for.
  [[nodiscard]] static deferred answering_late(function<void()> canceller,
                                               std::source_location created = std::source_location::current()) {
    deferred made(std::move(canceller), created);
    made.record_->answer_late();
    return made;
  }

  /// Gives the result. Throws `invalid_state_error` the second time, but once after a cancellation that the maker could not know of.
  template <class... Value>
  void callback(Value&&... value) const {
    record_->call(std::forward<Value>(value)...);
  }
  /// Gives an error. Throws as `callback`.
  void errback(std::exception_ptr error) const { record_->call_error(std::move(error)); }
  template <class Error>
    requires std::derived_from<Error, std::exception>
  void errback(Error error) const {
    errback(std::make_exception_ptr(std::move(error)));
  }
  [[nodiscard]] bool called() const noexcept { return record_->called(); }

  /// Adds `success`, given the value, and `failure`, given the error as a `std::exception_ptr`; one of them runs, and neither sees what the other
  /// throws. Throws `invalid_state_error` if there is a callback already. Counterpart: addCallbacks.
  template <class Success, class Failure>
  auto add_callbacks(Success success, Failure failure) const {
    using next = detail::callback_result<Success, T>::type;
    return chain<next>(
        [success = std::move(success), failure = std::move(failure)](result<T>& from, auto into) mutable {
          const auto made = into->created();
          if (from.has_error()) return settle_by(into, [&] { return detail::call_back(made, failure, from.error()); });
          if constexpr (std::is_void_v<T>)
            return settle_by(into, [&] { return detail::call_back(made, success); });
          else
            return settle_by(into, [&] { return detail::call_back(made, success, from.take()); });
        });
  }
  /// Errors pass by. Counterpart: addCallback.
  template <class Success>
  auto add_callback(Success success) const {
    using next = detail::callback_result<Success, T>::type;
    return add_callbacks(std::move(success),
                         [](const std::exception_ptr& error) -> deferred<next> { std::rethrow_exception(error); });
  }
  /// Values pass by; what `failure` returns takes the place of the value. Counterpart: addErrback.
  template <class Failure>
  deferred add_errback(Failure failure) const {
    if constexpr (std::is_void_v<T>)
      return add_callbacks([] {}, std::move(failure));
    else
      return add_callbacks([](T value) { return value; }, std::move(failure));
  }
  /// Runs `function` without arguments, however it went, and passes on what there was, or what it throws; a deferred that it returns, or its
  /// coroutine, is waited for before. Counterpart: addBoth, as used for cleaning up.
  template <class Function>
  deferred add_both(Function function) const {
    static_assert(std::is_void_v<detail::deferred_value_t<std::invoke_result_t<Function&>>>,
                  "add_both passes on what there was: what its function gives would be lost");
    const auto shared = std::make_shared<Function>(std::move(function));
    const auto clean_up = [shared] { return succeed().add_callback(std::move(*shared)); };
    const auto failed = [clean_up](const std::exception_ptr& error) {
      return clean_up().add_callback([error]() -> deferred { std::rethrow_exception(error); });
    };
    if constexpr (std::is_void_v<T>)
      return add_callbacks(clean_up, failed);
    else
      return add_callbacks(
          [clean_up](T value) {
            return clean_up().add_callback([value = std::move(value)]() mutable { return std::move(value); });
          },
          failed);
  }
  template <detail::gives_nothing Function>
  deferred add_both(Function function) const {
    return chain<T>(
        [function = std::move(function)](result<T>& from, auto into) mutable -> std::shared_ptr<detail::deferred_link> {
          try {
            std::invoke(function);
            into->settle_with(from);
          } catch (...) {
            into->settle_error(std::current_exception());
          }
          return into;
        });
  }
  /// Hands the result on to `next`, which nobody else calls. Counterpart: chainDeferred.
  void chain_deferred(const deferred& next) const {
    next.record_->comes_from(record_);
    record_->consume(
        [](result<T>& from, std::shared_ptr<detail::deferred_link> into) {
          static_cast<detail::deferred_record<T>&>(*into).settle_with(from);
          return into;
        },
        next.record_);
  }

  /// No callback runs until `unpause` was called as often.
  void pause() const noexcept { record_->pause(); }
  void unpause() const { record_->unpause(); }

  /// Asks whatever the result comes from to end: the canceller of the deferred that this one, however long the chain, waits for. If that gives no
  /// result, `cancelled` runs down the chain as an error. No effect once there is a result.
  void cancel() const { record_->cancel(); }

  /// Cancels it after `limit`; `cancelled` is then `timeout_error`. Counterpart: addTimeout.
  deferred add_timeout(delay limit) const {
    struct state {
      handle timer;
      bool expired = false;
    };
    const auto shared = std::make_shared<state>();
    const deferred limited = chain<T>([shared](result<T>& from, auto into) -> std::shared_ptr<detail::deferred_link> {
      std::exchange(shared->timer, {}).cancel();
      if (shared->expired && from.has_error() && is_cancelled(from.error()))
        into->settle_error(std::make_exception_ptr(timeout_error{}));
      else
        into->settle_with(from);
      return into;
    });
    if (!limited.called())
      shared->timer = loop::running().call_later(limit, [shared, mine = std::weak_ptr(limited.record_)] {
        shared->timer = {};  // which holds what holds this
        shared->expired = true;
        if (const auto still = mine.lock()) still->cancel();
      });
    return limited;
  }

  /// Waits for it: gives its value or throws its error. Cancelled, it is cancelled too, and what comes of that is waited for: a value is given, and the
  /// cancellation arrives at the next await; `cancelled` as its error is the cancellation.
  [[nodiscard]] auto operator co_await() const noexcept { return detail::deferred_wait<T>(record_); }

  /// A function that cancels it and does not keep it: for the canceller of what waits for this one.
  [[nodiscard]] auto canceller() const {
    return [mine = std::weak_ptr<detail::deferred_link>(record_)] {
      if (const auto still = mine.lock()) still->cancel();
    };
  }

  friend bool operator==(const deferred&, const deferred&) = default;

 private:
  template <class U>
  friend class deferred;

  explicit deferred(std::shared_ptr<detail::deferred_record<T>> record) noexcept : record_(std::move(record)) {}

  template <class Next, class Step>
  deferred<Next> chain(Step step) const {
    auto into = std::make_shared<detail::deferred_record<Next>>(record_->created());
    into->comes_from(record_);
    record_->consume(
        [step = std::move(step)](result<T>& from, std::shared_ptr<detail::deferred_link> next) mutable {
          return step(from, std::static_pointer_cast<detail::deferred_record<Next>>(std::move(next)));
        },
        into);
    return deferred<Next>(into);
  }

  // Runs a callback and leaves what it gives in `into`, or has `into` wait for the deferred that it gives.
  template <class Next, class Run>
  static std::shared_ptr<detail::deferred_link> settle_by(const std::shared_ptr<detail::deferred_record<Next>>& into,
                                                          Run run) {
    using returned = std::remove_cvref_t<decltype(run())>;
    try {
      if constexpr (std::is_void_v<returned>) {
        run();
        into->settle();
      } else if constexpr (std::same_as<returned, deferred<Next>>) {
        const deferred<Next> inner = run();
        if (inner.record_->give_to(*into)) return into;
        inner.chain_deferred(deferred<Next>(into));
        return nullptr;  // that goes on
      } else {
        into->settle(run());
      }
    } catch (...) {
      into->settle_error(std::current_exception());
    }
    return into;
  }

  std::shared_ptr<detail::deferred_record<T>> record_;
};

/// One that has been called. Counterpart: defer.succeed.
template <class T>
[[nodiscard]] deferred<std::decay_t<T>> succeed(T&& value,
                                                std::source_location created = std::source_location::current()) {
  deferred<std::decay_t<T>> made(created);
  made.callback(std::forward<T>(value));
  return made;
}
[[nodiscard]] inline deferred<> succeed(std::source_location created) {
  deferred<> made(created);
  made.callback();
  return made;
}

/// One that has failed. Counterpart: defer.fail.
template <class T = void>
[[nodiscard]] deferred<T> fail(std::exception_ptr error,
                               std::source_location created = std::source_location::current()) {
  deferred<T> made(created);
  made.errback(std::move(error));
  return made;
}

/// What `function` gives, throws or defers, as a deferred. Counterpart: maybeDeferred.
template <class Function>
auto maybe_deferred(Function function, std::source_location created = std::source_location::current()) {
  return succeed(created).add_callback(std::move(function));
}

/// Runs a coroutine as a task whose result the deferred is. To cancel the deferred cancels the task; it has its result when that has ended.
/// Counterpart: ensureDeferred, and what `inlineCallbacks` makes of a generator.
template <class T>
deferred<T> ensure_deferred(coro<T> body, std::source_location created) {
  const task<T> running = create_task(std::move(body), {.created = created});
  deferred<T> made = deferred<T>::answering_late([running] { running.cancel(); }, created);
  running.add_done_callback([made](task<T> ended) {
    if (made.called()) return;  // by somebody else
    if (ended.was_cancelled())
      made.errback(std::make_exception_ptr(cancelled{}));
    else if (const std::exception_ptr error = ended.exception())
      made.errback(error);
    else if constexpr (std::is_void_v<T>)
      made.callback();
    else
      made.callback(ended.record()->result().take());
  });
  return made;
}

}  // namespace hocket
