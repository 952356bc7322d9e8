#include <hocket/sync/concurrent_channel.hpp>

namespace hocket::detail {

void require_no_loop_to_block() {
  if (loop::running_or_null() != nullptr)
    throw invalid_state_error("the loop that runs on this thread would be blocked: co_await send or receive");
}

}  // namespace hocket::detail
