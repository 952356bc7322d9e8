#pragma once

#include <type_traits>
#include <utility>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/awaitable.hpp>

namespace hocket::flow {

/// One item: `value`, or what it gives when it is awaited, if that can be done. Counterpart: aiostream.stream.just.
template <class Value>
[[nodiscard]] async_generator<Value> just(Value value) {
  co_yield std::move(value);
}
template <awaitable Awaitable>
[[nodiscard]] async_generator<std::remove_cvref_t<await_result_t<Awaitable>>> just(Awaitable work) {
  co_yield co_await std::move(work);
}

}  // namespace hocket::flow
