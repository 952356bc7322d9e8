#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Predicate>
async_generator<T> takewhile(async_generator<T> source, Predicate predicate) {
  while (auto item = co_await source.next()) {
    if (!co_await detail::call(predicate, std::as_const(*item))) co_return;
    co_yield std::move(*item);
  }
}

}  // namespace detail

/// The items before the first one for which `predicate(item)` is false; it may return an awaitable. That one is lost.
/// Counterpart: aiostream.pipe.takewhile.
template <class Predicate>
[[nodiscard]] auto takewhile(Predicate predicate) {
  return stage([predicate = std::move(predicate)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::takewhile(std::move(source), std::move(predicate));
  });
}

}  // namespace hocket::flow
