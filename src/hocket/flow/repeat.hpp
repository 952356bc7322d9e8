#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/spaceout.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::flow {

namespace detail {

template <class Value>
async_generator<Value> repeat(Value value, std::optional<std::ptrdiff_t> times) {
  while (!times || (*times)-- > 0) co_yield value;
}

}  // namespace detail

/// Copies of `value`: `times` of them, or without end; with at least `interval` between them, as `spaceout` does it.
/// Counterpart: aiostream.stream.repeat.
template <class Value>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<Value> repeat(
    Value value, std::optional<std::ptrdiff_t> times = std::nullopt, hocket::delay interval = {}) {
  if (times) detail::require_at_least(0, "repeat", *times);
  return detail::spaced(detail::repeat(std::move(value), times), interval);
}

}  // namespace hocket::flow
