#pragma once

#include <utility>

#include <hocket/core/async_generator.hpp>
#include <hocket/flow/detail/call.hpp>

namespace hocket::flow {

/// One item: what `function(args...)` gives, called when the item is asked for, and awaited if need be.
/// Counterpart: aiostream.stream.call.
template <class Function, class... Args>
[[nodiscard]] async_generator<detail::call_result_t<Function&, Args...>> call(Function function, Args... args) {
  co_yield co_await detail::call(function, std::move(args)...);
}

}  // namespace hocket::flow
