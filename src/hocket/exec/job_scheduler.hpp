#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket {

struct job_scheduler_options {
  /// How many jobs run at once; none: any number.
  std::optional<std::size_t> limit = 100;
  /// How many wait for their turn; 0: any number. `spawn` waits beyond that: for ever if only jobs that do so could make room.
  std::size_t pending_limit = 10'000;
  /// How long jobs may take to end once they are cancelled.
  delay close_timeout = std::chrono::milliseconds(100);
  /// How long `wait_and_close` lets them go on before it cancels them.
  delay wait_timeout = std::chrono::minutes(1);
  /// Is told of jobs that fail while nobody waits for them, and of those that do not end in time. Without one the loop's is.
  hocket::exception_handler exception_handler{};
};

namespace detail {

/// What a scheduler knows of a job. Shared by the scheduler's core, the job's frame and its handles.
class job_record : public list_link<>, public list_link<struct in_line> {
 public:
  enum class state : unsigned char { pending, active, closed };

  state now = state::pending;
  bool is_counted = true;
  bool is_waited_for = false;  // its errors are somebody's
  event turn;
  any_task running{nullptr};
};

/// A scheduler without its interface: jobs may outlive that.
class scheduler_core {
 public:
  explicit scheduler_core(job_scheduler_options given);

  /// Waits for a place in line if there is neither a free slot nor such a place.
  coro<void> wait_for_room();
  /// Takes a free slot, or the place in line that was waited for.
  void enter(job_record& made) noexcept;
  void enter_uncounted(job_record& made) noexcept;
  void leave(job_record& ended) noexcept;

  void require_open() const;
  void cancel_all() noexcept;
  [[nodiscard]] std::vector<any_task> others() const;
  coro<void> close();
  coro<void> wait_and_close(duration limit);
  void report(const std::string& message, std::exception_ptr error, const any_task& job) noexcept;

  job_scheduler_options options;
  loop& owner = loop::running();
  std::size_t active = 0;
  std::size_t pending = 0;
  std::size_t uncounted = 0;
  bool closed = false;

 private:
  [[nodiscard]] bool has_free_slot() const noexcept { return !options.limit || active < *options.limit; }
  void start_pending() noexcept;

  semaphore places_;  // in line
  mutable intrusive_list<job_record> jobs_;
  intrusive_list<job_record, in_line> line_;
};

/// Stands in a job's frame, and so leaves with it, whether it has begun or not.
class job_slot {
 public:
  job_slot(std::shared_ptr<scheduler_core> core, std::shared_ptr<job_record> record) noexcept
      : core_(std::move(core)), record_(std::move(record)) {}
  job_slot(job_slot&& other) noexcept = default;
  job_slot& operator=(job_slot&&) = delete;
  ~job_slot() {
    if (core_) core_->leave(*record_);
  }
  [[nodiscard]] const std::shared_ptr<scheduler_core>& core() const noexcept { return core_; }
  [[nodiscard]] const std::shared_ptr<job_record>& record() const noexcept { return record_; }

 private:
  std::shared_ptr<scheduler_core> core_;
  std::shared_ptr<job_record> record_;
};

/// Work that may never begin, and rightly so.
template <class Awaitable>
class job_work {
 public:
  explicit job_work(Awaitable work) noexcept : work_(std::move(work)) {}
  job_work(job_work&& other) noexcept : work_(std::move(other.work_)), is_mine_(std::exchange(other.is_mine_, false)) {}
  job_work& operator=(job_work&&) = delete;
  ~job_work() {
    if (is_mine_) refuse(work_);
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER Awaitable&& begin() noexcept {
    is_mine_ = false;
    return std::move(work_);
  }

 private:
  Awaitable work_;
  bool is_mine_ = true;
};

template <class T, class Awaitable>
coro<T> run_job(job_slot slot, job_work<Awaitable> work) {
  job_record& self = *slot.record();
  if (self.now == job_record::state::pending) co_await self.turn.wait();
  co_return co_await work.begin();
}

}  // namespace detail

/// A handle on a job of a `job_scheduler`: shared, cheap to copy. Dropping it changes nothing.
///
/// `co_await job` waits for its end and gives its result or throws what it threw. Cancelling who waits does not cancel the job.
/// Counterpart: aiojobs.Job.
template <class T = void>
class job {
 public:
  job(task<T> running, std::shared_ptr<detail::job_record> record,
      std::shared_ptr<const detail::scheduler_core> core) noexcept
      : running_(std::move(running)), record_(std::move(record)), core_(std::move(core)) {}

  /// It waits for its turn.
  [[nodiscard]] bool pending() const noexcept { return record_->now == detail::job_record::state::pending; }
  [[nodiscard]] bool active() const noexcept { return record_->now == detail::job_record::state::active; }
  /// It has ended.
  [[nodiscard]] bool closed() const noexcept { return record_->now == detail::job_record::state::closed; }

  [[nodiscard]] auto operator co_await() const& noexcept {
    record_->is_waited_for = true;
    return shield(running_);
  }
  [[nodiscard]] auto operator co_await() && noexcept {
    record_->is_waited_for = true;
    return shield(std::move(running_));
  }

  /// The same. With a `timeout` the job is closed when that has passed, and `timeout_error` thrown. Counterpart: Job.wait.
  coro<T> wait(std::optional<delay> timeout = {}) const {
    job self = *this;
    if (!co_await self.ends_within(timeout)) {
      co_await self.close();
      throw timeout_error{};
    }
    co_return co_await std::move(self);
  }

  /// Cancels it and waits for its end; one that has not begun never will. Throws what it throws meanwhile, or `timeout_error` if
  /// it does not end within `timeout` (the scheduler's `close_timeout` without one). Nothing if it has ended.
  /// Counterpart: Job.close.
  coro<void> close(std::optional<delay> timeout = {}) const {
    const job self = *this;
    if (self.closed()) co_return;
    self.running_.cancel();
    if (!co_await self.ends_within(timeout.value_or(self.core_->options.close_timeout))) throw timeout_error{};
    if (self.running_.was_cancelled()) co_return;
    if (const std::exception_ptr error = self.running_.exception()) std::rethrow_exception(error);
  }

 private:
  coro<bool> ends_within(std::optional<delay> timeout) const {
    record_->is_waited_for = true;
    const std::vector<any_task> it{running_};
    const auto seen = co_await hocket::wait(it, {.timeout = timeout});
    co_return seen.pending.empty();
  }

  task<T> running_;
  std::shared_ptr<detail::job_record> record_;
  std::shared_ptr<const detail::scheduler_core> core_;
};

/// Background jobs that nobody need wait for: so many at once, so many in line, and an end for all of them.
///
/// ```cpp
/// co_await hocket::with_job_scheduler({.limit = 10}, [&](hocket::job_scheduler& jobs) -> hocket::coro<void> {
///   while (auto order = co_await orders.next()) co_await jobs.spawn(carry_out(*order));
/// });
/// ```
///
/// Jobs begin in the order in which they were spawned. They own what they use, for they may outlive whoever spawned them. A job
/// that fails while nobody has waited for it is reported, once, when it fails.
///
/// Belongs to the loop that runs when it is made. Dropped without `close`, it cancels its jobs, which the loop then sees to.
/// Counterpart: aiojobs.Scheduler.
class job_scheduler {
 public:
  /// Throws `invalid_state_error` if no loop is running, std::invalid_argument if `limit` is 0.
  explicit job_scheduler(job_scheduler_options options = {})
      : core_(std::make_shared<detail::scheduler_core>(std::move(options))) {}
  ~job_scheduler();
  job_scheduler(const job_scheduler&) = delete;
  job_scheduler& operator=(const job_scheduler&) = delete;

  /// Hands `work` over, to begin in the next turn or in its turn. Waits while `pending_limit` jobs are in line: that holds up who
  /// spawns too many. Throws `cancelled` while it waits, and then `work` never begins; `invalid_state_error` once the scheduler
  /// is closed. Counterpart: Scheduler.spawn.
  template <awaitable Awaitable>
  coro<job<std::remove_cvref_t<await_result_t<Awaitable>>>> spawn(Awaitable work HOCKET_KEPT, std::string name = {}) {
    const auto core = core_;
    detail::job_work<Awaitable> kept(std::move(work));
    auto record = std::make_shared<detail::job_record>();  // first, for a place in line must not be lost
    co_await core->wait_for_room();
    core->enter(*record);
    co_return start(detail::job_slot(core, std::move(record)), std::move(kept), name);
  }

  /// Runs `work` as a job that no limit holds up, and waits for it. Who waits is cancelled at once, the work goes on, and `close`
  /// and `wait_and_close` see to it. Throws `invalid_state_error` once the scheduler is closed. Counterpart: Scheduler.shield.
  template <awaitable Awaitable>
  coro<std::remove_cvref_t<await_result_t<Awaitable>>> shield(Awaitable work HOCKET_KEPT) {
    const auto core = core_;
    detail::job_work<Awaitable> kept(std::move(work));
    auto record = std::make_shared<detail::job_record>();
    core->require_open();
    core->enter_uncounted(*record);
    co_return co_await start(detail::job_slot(core, std::move(record)), std::move(kept), {});
  }

  /// Takes no more jobs, cancels all and waits for them, for `close_timeout` at most; who has not ended then is reported and left
  /// to the loop. Jobs in line never begin. A job that calls it is not waited for. The second call returns at once.
  /// Counterpart: Scheduler.close.
  coro<void> close() {
    const auto core = core_;
    co_await core->close();
  }

  /// Waits until all jobs have ended, those too that are spawned meanwhile, and closes; after `timeout` (`wait_timeout` without
  /// one) it closes all the same. Cancelled, it cancels the jobs, waits for none, and throws.
  /// Counterpart: Scheduler.wait_and_close.
  coro<void> wait_and_close(std::optional<delay> timeout = {}) {
    const auto core = core_;
    co_await core->wait_and_close(timeout.value_or(core->options.wait_timeout));
  }

  /// Jobs that have not ended, those in line among them.
  [[nodiscard]] std::size_t size() const noexcept { return core_->active + core_->pending + core_->uncounted; }
  [[nodiscard]] std::size_t active_count() const noexcept { return core_->active; }
  [[nodiscard]] std::size_t pending_count() const noexcept { return core_->pending; }
  [[nodiscard]] bool closed() const noexcept { return core_->closed; }
  [[nodiscard]] std::optional<std::size_t> limit() const noexcept { return core_->options.limit; }
  [[nodiscard]] std::size_t pending_limit() const noexcept { return core_->options.pending_limit; }
  [[nodiscard]] duration close_timeout() const noexcept { return core_->options.close_timeout; }

 private:
  template <class Awaitable>
  static auto start(detail::job_slot slot, detail::job_work<Awaitable> work, const std::string& name) {
    using value = std::remove_cvref_t<await_result_t<Awaitable>>;
    const auto core = slot.core();
    const auto record = slot.record();
    const auto running = create_task(detail::run_job<value>(std::move(slot), std::move(work)), {.name = name});
    record->running = running;
    try {
      running.add_done_callback([core, record](const task<value>& ended) {
        record->running = any_task(nullptr);
        if (ended.record()->failed() && !record->is_waited_for) core->report("a job failed", ended.exception(), ended);
      });
    } catch (...) {
      running.cancel();
      throw;
    }
    return job<value>(running, record, core);
  }

  std::shared_ptr<detail::scheduler_core> core_;
};

/// Calls `body(scheduler)`, waits for what it returns, and then for the jobs: `wait_and_close`, or `close` if the body throws, which
/// is thrown on. Jobs are not waited for where nothing can be: in a cancelled scope that cancels every await (`move_on_after`), and
/// when it is cancelled during `wait_and_close`. They are cancelled, and end on the loop. Counterpart: async with aiojobs.Scheduler().
template <class Body>
coro<void> with_job_scheduler(job_scheduler_options options, Body body) {
  job_scheduler scheduler(std::move(options));
  std::exception_ptr error;
  try {
    co_await body(scheduler);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return co_await scheduler.wait_and_close();
  co_await scheduler.close();
  std::rethrow_exception(error);
}

}  // namespace hocket
