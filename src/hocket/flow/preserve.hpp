#pragma once

#include <utility>

#include <hocket/core/async_generator.hpp>

namespace hocket::flow {

/// The items of `source`, which stays the caller's: what ends a pipeline of them does not close it, and it can be gone on with.
/// Must not outlive it. Counterpart: aiostream.stream.preserve.
template <class T>
[[nodiscard]] async_generator<T> preserve(async_generator<T>& source) {
  while (auto item = co_await source.next()) co_yield std::move(*item);
}

}  // namespace hocket::flow
