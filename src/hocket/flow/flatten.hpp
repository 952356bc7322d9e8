#pragma once

#include <functional>
#include <utility>

#include <hocket/flow/detail/combine.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

struct flatten_options {
  /// Sources that run at the same time, each at most one item ahead.
  flow::task_limit task_limit = 16;
};

/// The items, as they come, of the sources that `function` makes of each item: whatever `iterate` takes. They run at the same
/// time, each in a task of its own, up to the limit; beyond it the source is not asked for more.
///
/// Fails and closes as `merge` does, the source last. Throws `std::invalid_argument` for a limit of 0. Counterpart:
/// aiostream.pipe.flatmap, whose limit is infinite unless one is given.
template <class Function>
[[nodiscard]] auto flatmap(Function function, flatten_options options = {}) {
  const auto limit = detail::require_room(options.task_limit);
  return stage([function = std::move(function), limit] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::combine(std::move(source), std::move(function), limit, detail::result_order::as_they_come);
  });
}

/// The same for a source whose items are sources. Counterpart: aiostream.pipe.flatten.
[[nodiscard]] inline auto flatten(flatten_options options = {}) { return flatmap(std::identity{}, options); }

}  // namespace hocket::flow
