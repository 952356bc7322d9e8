// Every job is a task from the beginning; one in line waits for its turn as its first await. So a job is cancelled like any task,
// wherever it stands, and never begins if it was in line.
//
// The slot in a job's frame gives up its place when the frame dies, and so the next in line is woken in the turn in which a job
// ends. Places in line are permits of a semaphore: spawners beyond the limit wait for one, first come, first served.

#include <exception>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include <hocket/core/wait.hpp>
#include <hocket/exec/job_scheduler.hpp>

namespace hocket {
namespace detail {

static std::size_t places(const job_scheduler_options& options) {
  if (options.limit == std::size_t{0}) throw std::invalid_argument("a scheduler that runs no job at all never ends");
  return options.pending_limit > 0 ? options.pending_limit : std::numeric_limits<std::size_t>::max() / 2;
}

scheduler_core::scheduler_core(job_scheduler_options given) : options(std::move(given)), places_(places(options)) {}

void scheduler_core::require_open() const {
  if (closed) throw invalid_state_error("a job was spawned after its scheduler was closed");
}

coro<void> scheduler_core::wait_for_room() {
  require_open();
  if (has_free_slot()) co_return;
  co_await places_.acquire();
  if (!closed && !has_free_slot()) co_return;
  places_.release();
  require_open();
}

void scheduler_core::enter(job_record& made) noexcept {
  jobs_.push_back(made);
  if (has_free_slot()) {
    made.now = job_record::state::active;
    ++active;
  } else {
    line_.push_back(made);
    ++pending;
  }
}

void scheduler_core::enter_uncounted(job_record& made) noexcept {
  jobs_.push_back(made);
  made.now = job_record::state::active;
  made.is_counted = false;
  made.is_waited_for = true;
  ++uncounted;
}

void scheduler_core::leave(job_record& ended) noexcept {
  static_cast<list_link<>&>(ended).unlink();
  if (ended.now == job_record::state::pending) {
    static_cast<list_link<in_line>&>(ended).unlink();
    --pending;
    places_.release();
  } else {
    --(ended.is_counted ? active : uncounted);
  }
  ended.now = job_record::state::closed;
  start_pending();
}

void scheduler_core::start_pending() noexcept {
  while (has_free_slot() && !line_.empty()) {
    job_record& next = line_.pop_front();
    --pending;
    places_.release();
    next.now = job_record::state::active;
    ++active;
    next.turn.set();
  }
}

std::vector<any_task> scheduler_core::others() const {
  std::vector<any_task> tasks;
  jobs_.for_each([&tasks](job_record& each) {
    if (each.running.record().get() != task_base::current()) tasks.push_back(each.running);
  });
  return tasks;
}

void scheduler_core::cancel_all() noexcept {
  closed = true;
  jobs_.for_each([](job_record& each) {
    if (each.running.record().get() != task_base::current()) each.running.cancel();
  });
}

coro<void> scheduler_core::close() {
  if (closed) co_return;
  std::vector<any_task> left = others();
  cancel_all();
  if (left.empty()) co_return;
  const auto seen = co_await wait(std::move(left), {.timeout = options.close_timeout});
  for (const any_task& each : seen.pending)
    report("a job did not end in time when its scheduler was closed", nullptr, each);
}

coro<void> scheduler_core::wait_and_close(duration limit) {
  const time_point deadline = owner.time_after(limit);
  try {
    for (auto left = others(); !left.empty() && owner.time() < deadline; left = others())
      co_await wait(std::move(left), {.timeout = deadline - owner.time()});
  } catch (const cancelled&) {
    cancel_all();
    throw;
  }
  co_await close();
}

void scheduler_core::report(const std::string& message, std::exception_ptr error, const any_task& job) noexcept {
  try {
    const exception_context problem{.message = fmt::format("{}: task '{}'", message, job.name()),
                                    .exception = std::move(error),
                                    .where = job.record()->created()};
    if (options.exception_handler)
      options.exception_handler(problem);
    else
      owner.call_exception_handler(problem);
  } catch (...) {
    report_callback_error(owner, std::current_exception());
  }
}

}  // namespace detail

job_scheduler::~job_scheduler() {
  if (loop::running_or_null() == &core_->owner) core_->cancel_all();
}

}  // namespace hocket
