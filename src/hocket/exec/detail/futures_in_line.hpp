#pragma once

#include <deque>

#include <hocket/core/concurrent_future.hpp>

namespace hocket::detail {

/// What `map` has submitted and nobody has taken. Cancels that when it is left.
template <class T>
struct futures_in_line : std::deque<concurrent_future<T>> {
  futures_in_line() = default;
  futures_in_line(const futures_in_line&) = delete;
  ~futures_in_line() {
    for (auto& each : *this) each.cancel();
  }
};

}  // namespace hocket::detail
