#pragma once

#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/base/function.hpp>
#include <hocket/deferred/deferred.hpp>

namespace hocket {

/// The first of several deferreds that failed. Counterpart: twisted.internet.defer.FirstError.
class first_error : public error {
 public:
  first_error(std::size_t which, std::exception_ptr why);

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

 private:
  std::size_t index_;
  std::exception_ptr cause_;
};

namespace detail {

/// Cancels all, and keeps none of them.
template <class T>
function<void()> canceller_of(const std::vector<deferred<T>>& all) {
  std::vector<decltype(all.front().canceller())> each;
  for (const deferred<T>& one : all) each.push_back(one.canceller());
  return [each = std::move(each)] {
    for (const auto& cancel : each) cancel();
  };
}

/// `first_error`; `cancelled` if it is that, so that who awaits a list and is cancelled has been.
[[nodiscard]] std::exception_ptr error_of_first(std::size_t which, const std::exception_ptr& why);

/// An `exception_group` of them; `cancelled` if each is that.
[[nodiscard]] std::exception_ptr error_of_all(std::vector<std::exception_ptr> errors);

}  // namespace detail

/// How each of several ended.
template <class T>
using deferred_outcomes = std::vector<std::expected<T, std::exception_ptr>>;

/// What a list does besides waiting for all.
struct deferred_list_options {
  /// Fails with `first_error` as soon as one fails, or with `cancelled` if one is; the others go on.
  bool fire_on_one_errback = false;
  /// The error of a member is seen by whoever has the list. False: each is also told as one that nobody took.
  bool consume_errors = true;
};

namespace detail {

/// Calls `ended(n, outcome)` when number `n` has ended.
template <class T, class Ended>
void watch_each(const std::vector<deferred<T>>& all, bool consume_errors, Ended ended) {
  using outcome = std::expected<T, std::exception_ptr>;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto failed = [ended, n, consume_errors](const std::exception_ptr& error) {
      ended(n, outcome(std::unexpected(error)));
      if (!consume_errors) std::rethrow_exception(error);
    };
    if constexpr (std::is_void_v<T>)
      all[n].add_callbacks([ended, n] { ended(n, outcome()); }, failed);
    else
      all[n].add_callbacks([ended, n](T value) { ended(n, outcome(std::move(value))); }, failed);
  }
}

}  // namespace detail

/// Waits for all, however they end, and gives that in their order. They have their callback by this. Cancelled, it cancels them all.
/// Counterpart: DeferredList.
template <class T>
deferred<deferred_outcomes<T>> deferred_list(std::vector<deferred<T>> all, deferred_list_options options = {}) {
  struct state {
    deferred_outcomes<T> outcomes;
    std::size_t left = 0;
  };
  deferred<deferred_outcomes<T>> whole = deferred<deferred_outcomes<T>>::answering_late(detail::canceller_of(all));
  const auto shared = std::make_shared<state>();
  shared->left = all.size();
  for (std::size_t n = 0; n < all.size(); ++n) shared->outcomes.push_back(std::unexpected(std::exception_ptr()));
  if (all.empty()) whole.callback(std::move(shared->outcomes));
  const auto ended = [shared, whole, options](std::size_t which, deferred_outcomes<T>::value_type outcome) {
    const bool is_last = --shared->left == 0;
    if (whole.called()) return;
    const bool is_enough = options.fire_on_one_errback && !outcome;
    shared->outcomes[which] = std::move(outcome);
    if (is_enough)
      whole.errback(detail::error_of_first(which, shared->outcomes[which].error()));
    else if (is_last)
      whole.callback(std::move(shared->outcomes));
  };
  detail::watch_each(all, options.consume_errors, ended);
  return whole;
}

/// The first of several deferreds that had a value.
template <class T>
struct first_value {
  std::size_t index;
  T value;
};
template <>
struct first_value<void> {
  std::size_t index;
};

/// Waits for the first value; the others go on, and what comes of them is dropped. Fails with an `exception_group` of their errors, in their order, if
/// all fail. They have their callback by this. Cancelled, it cancels them all. Throws `invalid_state_error` for none, which would never end.
/// Counterpart: DeferredList with fireOnOneCallback.
template <class T>
deferred<first_value<T>> fire_on_one_callback(std::vector<deferred<T>> all, bool consume_errors = true) {
  if (all.empty()) throw invalid_state_error("the first value of no deferreds was asked for");
  struct state {
    std::vector<std::exception_ptr> errors;
    std::size_t left = 0;
  };
  deferred<first_value<T>> whole = deferred<first_value<T>>::answering_late(detail::canceller_of(all));
  const auto shared = std::make_shared<state>(std::vector<std::exception_ptr>(all.size()), all.size());
  const auto ended = [shared, whole](std::size_t which, std::expected<T, std::exception_ptr> outcome) {
    const bool is_last = --shared->left == 0;
    if (whole.called()) return;
    if (!outcome) {
      shared->errors[which] = std::move(outcome.error());
      if (is_last) whole.errback(detail::error_of_all(std::move(shared->errors)));
    } else if constexpr (std::is_void_v<T>) {
      whole.callback(first_value<void>{which});
    } else {
      whole.callback(first_value<T>{which, *std::move(outcome)});
    }
  };
  detail::watch_each(all, consume_errors, ended);
  return whole;
}

/// Waits for all and gives their values in their order, nothing if they have none. When one fails the others are cancelled, and
/// it fails with `first_error` of that one, or `cancelled` if it was that, when all have ended: they may use what whoever waits for it has lent them. Their
/// errors count as seen. Counterpart: gatherResults, which leaves the others running; `deferred_list_options::fire_on_one_errback` does, too.
template <class T>
auto gather_results(std::vector<deferred<T>> all) {
  struct state {
    std::exception_ptr failure;
    function<void()> cancel_all;
  };
  const auto shared = std::make_shared<state>();
  shared->cancel_all = detail::canceller_of(all);
  std::vector<deferred<T>> watched;
  for (std::size_t n = 0; n < all.size(); ++n)
    watched.push_back(all[n].add_errback([shared, n](const std::exception_ptr& error) -> T {
      if (!shared->failure) {
        shared->failure = detail::error_of_first(n, error);
        shared->cancel_all();
      }
      std::rethrow_exception(error);
    }));
  return deferred_list(std::move(watched)).add_callback([shared](deferred_outcomes<T> outcomes) {
    if (shared->failure) std::rethrow_exception(shared->failure);
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(outcomes.size());
      for (auto& each : outcomes) values.push_back(std::move(*each));
      return values;
    }
  });
}

}  // namespace hocket
