// A loop on a thread of its own.
//
// The thread runs one main coroutine, which waits to be told to stop and then for every other task. To cancel what is left is
// to cancel that coroutine, as SIGINT would: `run` does the rest.
//
// Who starts something holds the mutex, and the loop is struck out under it before its end begins: so it exists for as long as
// anybody hands it something.

#include <exception>
#include <utility>
#include <vector>

#include <hocket/base/assert.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/exec/portal.hpp>

namespace hocket {

// An id would not do: those of joined threads are given out again.
static thread_local const portal* served_here = nullptr;

void detail::require_no_loop_here() {
  if (loop::running_or_null() != nullptr)
    throw invalid_state_error("the loop that runs on this thread would be blocked: co_await instead");
}

portal::portal(run_options options) {
  std::promise<void> promise;
  std::future<void> started = promise.get_future();
  thread_ = std::thread([this, options = std::move(options), promise = std::move(promise)]() mutable {
    serve(std::move(options), std::move(promise));
  });
  try {
    started.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

portal::~portal() {
  HOCKET_ASSERT(served_here != this, "a portal was destroyed on its own thread");
  stop(true);
}

void portal::serve(run_options options, std::promise<void> started) noexcept {
  served_here = this;
  try {
    runner running(std::move(options));
    struct struck_out {
      portal& self;
      ~struck_out() {
        const std::lock_guard guard(self.mutex_);
        self.open_ = false;
        self.loop_ = nullptr;
      }
    } before_its_end{*this};
    running.run(wait_to_be_stopped(started));
  } catch (...) {
    if (!has_started_) started.set_exception(std::current_exception());
    // Otherwise it was cancelled, or somebody stopped its loop.
  }
}

coro<void> portal::wait_to_be_stopped(std::promise<void>& started) {
  loop_ = &loop::running();  // nobody else has the portal yet
  open_ = true;
  has_started_ = true;
  started.set_value();
  co_await stopping_.wait();
  for (;;) {
    std::vector<any_task> others = all_tasks();
    std::erase_if(others, [](const any_task& each) { return each.record().get() == task_base::current(); });
    if (others.empty()) co_return;
    co_await wait(std::move(others));
  }
}

void portal::require_open() const {
  if (!open_) throw invalid_state_error("the portal was stopped");
}

void portal::stop(bool cancel_remaining) {
  if (served_here == this) throw invalid_state_error("the portal's thread would wait for itself");
  {
    const std::lock_guard guard(mutex_);
    open_ = false;
    if (loop_ != nullptr && cancel_remaining) loop_->notify();  // which cancels the main task
    if (loop_ != nullptr && !cancel_remaining) loop_->post_call([this] { stopping_.set(); });
  }
  const std::lock_guard one_at_a_time(joining_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace hocket
