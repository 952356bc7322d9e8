#pragma once

#include <functional>
#include <utility>

#include <hocket/flow/detail/combine.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

struct concat_options {
  /// Sources that run at the same time, each at most one item ahead. With 1 they run one after the other.
  flow::task_limit task_limit = 16;
};

/// The items of the source that `function` makes of each item, source after source: whatever `iterate` takes. The next ones run
/// already meanwhile, each in a task of its own, up to the limit; beyond it the source is not asked for more.
///
/// An error of one of them comes when its turn does, one of the source at once; then, and whenever else it ends, it closes as
/// `merge` does, the source last. Throws `std::invalid_argument` for a limit of 0. Counterpart: aiostream.pipe.concatmap, whose
/// limit is infinite unless one is given.
template <class Function>
[[nodiscard]] auto concatmap(Function function, concat_options options = {}) {
  const auto limit = detail::require_room(options.task_limit);
  return stage([function = std::move(function), limit] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::combine(std::move(source), std::move(function), limit, detail::result_order::of_their_sources);
  });
}

/// The same for a source whose items are sources. Counterpart: aiostream.pipe.concat.
[[nodiscard]] inline auto concat(concat_options options = {}) { return concatmap(std::identity{}, options); }

}  // namespace hocket::flow
