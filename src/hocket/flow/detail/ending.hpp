#pragma once

#include <utility>

#include <hocket/core/aclosing.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow::detail {

/// A stage that ends a pipeline: a coroutine that awaits `work(source)`, and closes the source however that ended.
template <class Work>
[[nodiscard]] auto ending(Work work) {
  return stage([work = std::move(work)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return aclosing(std::move(source), std::move(work));
  });
}

}  // namespace hocket::flow::detail
