#include <hocket/sync/concurrent_channel.hpp>

namespace hocket::detail {

void require_no_loop_to_block() {
  if (loop::running_or_null() != nullptr)
    throw invalid_state_error("the loop that runs on this thread would be blocked: co_await send or receive");
  if (loop::needs_this_thread())
    throw invalid_state_error(
        "the loop inside of this thread's own (guest_run) would be blocked: call send_nowait or receive_nowait, or "
        "co_await "
        "in a task of it");
}

}  // namespace hocket::detail
