#pragma once

#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
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

}  // namespace detail

/// How each of several ended.
template <class T>
using deferred_outcomes = std::vector<std::expected<T, std::exception_ptr>>;

/// Waits for all, however they end, and gives that in their order. They have their callback by this. Cancelled, it cancels them all.
/// Counterpart: DeferredList with consumeErrors.
template <class T>
deferred<deferred_outcomes<T>> deferred_list(std::vector<deferred<T>> all) {
  struct state {
    deferred_outcomes<T> outcomes;
    std::size_t left = 0;
  };
  deferred<deferred_outcomes<T>> whole = deferred<deferred_outcomes<T>>::answering_late(detail::canceller_of(all));
  const auto shared = std::make_shared<state>();
  shared->left = all.size();
  for (std::size_t n = 0; n < all.size(); ++n) shared->outcomes.push_back(std::unexpected(std::exception_ptr()));
  if (all.empty()) whole.callback(std::move(shared->outcomes));
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto ended = [shared, whole] {
      if (--shared->left == 0) whole.callback(std::move(shared->outcomes));
    };
    const auto failed = [shared, ended, n](std::exception_ptr error) {
      shared->outcomes[n] = std::unexpected(std::move(error));
      ended();
    };
    if constexpr (std::is_void_v<T>)
      all[n].add_callbacks(
          [shared, ended, n] {
            shared->outcomes[n] = {};
            ended();
          },
          failed);
    else
      all[n].add_callbacks(
          [shared, ended, n](T value) {
            shared->outcomes[n] = std::move(value);
            ended();
          },
          failed);
  }
  return whole;
}

/// Waits for all and gives their values in their order, nothing if they have none. The first that fails makes it fail with `first_error`, and the others
/// are cancelled. Counterpart: gatherResults.
template <class T>
auto gather_results(std::vector<deferred<T>> all) {
  struct state {
    std::optional<first_error> failure;
    function<void()> cancel_all;
  };
  const auto shared = std::make_shared<state>();
  shared->cancel_all = detail::canceller_of(all);
  std::vector<deferred<T>> watched;
  for (std::size_t n = 0; n < all.size(); ++n)
    watched.push_back(all[n].add_errback([shared, n](const std::exception_ptr& error) -> T {
      if (!shared->failure) {
        shared->failure.emplace(n, error);
        shared->cancel_all();
      }
      std::rethrow_exception(error);
    }));
  return deferred_list(std::move(watched)).add_callback([shared](deferred_outcomes<T> outcomes) {
    if (shared->failure) throw first_error(*shared->failure);
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(outcomes.size());
      for (auto& each : outcomes) values.push_back(std::move(*each));
      return values;
    }
  });
}

}  // namespace hocket
