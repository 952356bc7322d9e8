#include <algorithm>
#include <stdexcept>

#include <hocket/base/assert.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/exec/thread_pool_executor.hpp>

namespace hocket {

static std::size_t require_some(std::size_t workers) {
  if (workers == 0) throw std::invalid_argument("an executor needs at least one worker");
  return workers;
}

thread_pool_executor::thread_pool_executor(thread_pool_options options)
    : max_workers_(require_some(options.max_workers)),
      max_calls_(max_workers_ + std::min(options.max_pending, unbounded - max_workers_)),
      threads_({.limit = max_workers_,
                .thread_name_prefix = std::move(options.thread_name_prefix),
                .initializer = std::move(options.initializer)}) {}

thread_pool_executor::~thread_pool_executor() {
  HOCKET_ASSERT(!threads_.serves_here(), "an executor was destroyed by a call of its own");
  shutdown();
}

void thread_pool_executor::enter(blocking_job& job, std::size_t bound) {
  if (counts_->all.fetch_add(1) >= bound) {
    --counts_->all;
    throw executor_full("the executor has as many calls waiting as it may have: await one, or run_in_executor");
  }
  ++counts_->waiting;
  try {
    threads_.submit(job);
  } catch (...) {
    --counts_->waiting;
    --counts_->all;
    throw;
  }
}

void thread_pool_executor::shutdown(shutdown_options options) {
  if (options.wait && threads_.serves_here())
    throw invalid_state_error("a call of an executor would wait for its own end");
  threads_.close(options.cancel_futures ? std::make_exception_ptr(cancelled{}) : nullptr);
  if (!options.wait) return;
  const std::lock_guard one_at_a_time(ending_);
  threads_.finish();
}

}  // namespace hocket
