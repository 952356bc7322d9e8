#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/flow/spaceout.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::flow {

namespace detail {

template <std::integral Int>
async_generator<Int> range(Int value, Int stop, std::make_signed_t<Int> step) {
  using distance = std::make_unsigned_t<Int>;  // between any two of them, and it may wrap
  const bool up = step > 0;
  const auto stride = static_cast<distance>(up ? distance(step) : distance(0) - distance(step));
  while (up ? value < stop : value > stop) {
    co_yield value;
    const auto left = static_cast<distance>(up ? distance(stop) - distance(value) : distance(value) - distance(stop));
    if (left <= stride) break;
    value = static_cast<Int>(up ? distance(value) + stride : distance(value) - stride);
  }
}

template <std::integral Int>
async_generator<Int> count(Int value, std::type_identity_t<Int> step) {
  do co_yield value;
  while (!__builtin_add_overflow(value, step, &value));
  throw std::overflow_error("count has come to the last number of its type");
}

}  // namespace detail

/// The numbers from `start` up to `stop`, which is not one of them, or down to it if `step` is negative; with at least `interval`
/// between them, as `spaceout` does it. Throws std::invalid_argument for a step of 0. Counterpart: aiostream.stream.range.
template <std::integral Int>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<Int> range(Int start, std::type_identity_t<Int> stop,
                                                                    std::make_signed_t<Int> step = 1,
                                                                    hocket::delay interval = {}) {
  if (step == 0) throw std::invalid_argument("range: the step must not be 0");
  return detail::spaced(detail::range<Int>(start, stop, step), interval);
}
template <std::integral Int>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<Int> range(Int stop) {
  return flow::range<Int>(0, stop);
}

/// `start`, `start + step` and so on, without end; with at least `interval` between them, as `spaceout` does it.
/// Throws std::overflow_error after the last number that the type can hold. Counterpart: aiostream.stream.count.
template <std::integral Int = std::int64_t>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<Int> count(Int start = 0, std::type_identity_t<Int> step = 1,
                                                                    hocket::delay interval = {}) {
  return detail::spaced(detail::count<Int>(start, step), interval);
}

}  // namespace hocket::flow
