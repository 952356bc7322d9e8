#pragma once

#include <functional>
#include <utility>

#include <hocket/flow/detail/combine.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

/// The items of the source that `function` made last: whatever `iterate` takes. When the next item comes, the source at work is
/// cancelled, waited for and closed, and only then the next one made; what it had ready is lost. The last one goes on to its
/// end.
///
/// Fails and closes as `merge` does, the source last. Counterpart: aiostream.pipe.switchmap.
template <class Function>
[[nodiscard]] auto switchmap(Function function) {
  return stage([function = std::move(function)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::switch_to_latest(std::move(source), std::move(function));
  });
}

/// The same for a source whose items are sources. Counterpart: aiostream.pipe.switch.
[[nodiscard]] inline auto switch_() { return switchmap(std::identity{}); }

}  // namespace hocket::flow
