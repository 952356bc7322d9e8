#pragma once

#include <hocket/base/error.hpp>

namespace hocket {

/// How an executor ends.
struct shutdown_options {
  /// Returns only when every call has ended and the workers are gone.
  bool wait = true;
  /// Cancels the calls that have not begun.
  bool cancel_futures = false;
};

/// A call was submitted to an executor that has as many waiting as it may have. Await `run_in_executor` instead, which lines up
/// its task and so holds up who produces the calls, or submit again when a future has ended.
class executor_full : public error {
 public:
  using error::error;
};

}  // namespace hocket
