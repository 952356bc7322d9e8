#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <hocket/core/generator.hpp>
#include <hocket/deferred/deferred.hpp>

namespace hocket {

/// Runs a generator step by step, in turns with everything else on the loop, and waits for each deferred that it yields before it takes the next step. Has
/// a result when the generator has ended; fails with what it throws, or a deferred of its fails with. Cancelled, it takes no further step, and
/// waits for the end of the deferred that it waits for, which it cancels. Counterpart: twisted.internet.task.coiterate.
[[nodiscard]] deferred<> coiterate(generator<deferred<>> steps);

}  // namespace hocket
