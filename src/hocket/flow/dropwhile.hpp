#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Predicate>
async_generator<T> dropwhile(async_generator<T> source, Predicate predicate) {
  bool drops = true;
  while (auto item = co_await source.next()) {
    if (drops) drops = co_await detail::call(predicate, std::as_const(*item));
    if (!drops) co_yield std::move(*item);
  }
}

}  // namespace detail

/// The items from the first one on for which `predicate(item)` is false, which is then asked no more; it may return an awaitable.
/// Counterpart: aiostream.pipe.dropwhile.
template <class Predicate>
[[nodiscard]] auto dropwhile(Predicate predicate) {
  return stage([predicate = std::move(predicate)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::dropwhile(std::move(source), std::move(predicate));
  });
}

}  // namespace hocket::flow
