#pragma once

#include <hocket/core/async_generator.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::flow {

/// No item and no end: waits until it is cancelled. Counterpart: aiostream.stream.never.
template <class T>
[[nodiscard]] async_generator<T> never() {
  event nothing;
  co_await nothing.wait();
}

}  // namespace hocket::flow
