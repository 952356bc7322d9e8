#pragma once

#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/flow/iterate.hpp>

namespace hocket::flow {

/// A part of a pipeline that waits for its source: what operators give, and what `|` joins.
///
/// `source | stage` gives the source to the stage: an async generator, or a coroutine if the pipeline ends there. `stage | stage`
/// is a stage. The source may be whatever `iterate` takes. A stage keeps copies of what it was made with, and is used once if
/// those can only be moved. Counterpart: aiostream.pipe.
template <class Function>
class stage {
 public:
  explicit stage(Function apply) : apply_(std::move(apply)) {}

  template <iterable Source>
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER friend auto operator|(Source&& source, stage self) {
    return self.apply_(iterate(std::forward<Source>(source)));
  }
  template <class Other>
  [[nodiscard]] friend auto operator|(stage first, stage<Other> second) {
    return flow::stage([first = std::move(first), second = std::move(second)] HOCKET_CORO_OWNING_WRAPPER(
                           auto source) mutable { return std::move(source) | std::move(first) | std::move(second); });
  }

 private:
  Function apply_;
};

}  // namespace hocket::flow
