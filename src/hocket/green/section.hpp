#pragma once

#include <concepts>
#include <optional>
#include <source_location>
#include <utility>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/green/detail/carry.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Runs `function` in the running green thread for at most `limit`; throws `timeout_error`. What it waits for is cancelled; what does not
/// wait is not interrupted. Counterpart: gevent.with_timeout.
template <std::invocable Function>
auto with_timeout(delay limit, Function function, std::source_location where = std::source_location::current()) {
  detail::fiber& here = detail::require_current();
  return wait(hocket::with_timeout(limit, detail::carry_section(here, function)), where);
}

/// Runs `function` in the running green thread within `scope`: as `scope.run` runs a coroutine. Gives nothing for a function without a
/// value, and a `std::optional` otherwise, empty if the scope swallowed a cancellation.
template <std::invocable Function>
auto with_scope(cancel_scope& scope, Function function, std::source_location where = std::source_location::current()) {
  detail::fiber& here = detail::require_current();
  return wait(scope.run(detail::carry_section(here, function)), where);
}

}  // namespace hocket::green
