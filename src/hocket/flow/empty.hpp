#pragma once

#include <hocket/core/async_generator.hpp>

namespace hocket::flow {

/// No item. Counterpart: aiostream.stream.empty.
template <class T>
[[nodiscard]] async_generator<T> empty() {
  co_return;
}

}  // namespace hocket::flow
