#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Predicate>
async_generator<T> until(async_generator<T> source, Predicate predicate) {
  while (auto item = co_await source.next()) {
    const bool is_last = co_await detail::call(predicate, std::as_const(*item));
    co_yield std::move(*item);
    if (is_last) co_return;
  }
}

}  // namespace detail

/// The items up to the first one for which `predicate(item)` is true, and that one; it may return an awaitable.
/// Counterpart: aiostream.pipe.until.
template <class Predicate>
[[nodiscard]] auto until(Predicate predicate) {
  return stage([predicate = std::move(predicate)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::until(std::move(source), std::move(predicate));
  });
}

}  // namespace hocket::flow
