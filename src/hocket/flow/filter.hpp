#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Predicate>
async_generator<T> filter(async_generator<T> source, Predicate predicate) {
  while (auto item = co_await source.next())
    if (co_await detail::call(predicate, std::as_const(*item))) co_yield std::move(*item);
}

}  // namespace detail

/// The items for which `predicate(item)` is true; it may return an awaitable. Counterpart: aiostream.pipe.filter.
template <class Predicate>
[[nodiscard]] auto filter(Predicate predicate) {
  return stage([predicate = std::move(predicate)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::filter(std::move(source), std::move(predicate));
  });
}

}  // namespace hocket::flow
