#pragma once

#include <coroutine>
#include <csignal>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/detail/futures_in_line.hpp>
#include <hocket/exec/detail/process_pool.hpp>
#include <hocket/exec/executor_options.hpp>
#include <hocket/exec/process_error.hpp>
#include <hocket/exec/process_function.hpp>
#include <hocket/exec/process_pool_options.hpp>
#include <hocket/exec/process_worker.hpp>

namespace hocket {

namespace detail {

template <auto Function>
process_result_t<Function> read_result(const std::string& value) {
  if constexpr (!std::is_void_v<process_result_t<Function>>) {
    process_result_t<Function> result{};
    decode(value, "the result", result);
    return result;
  }
}

/// A call whose result goes to a future. Owns itself from when it is submitted.
template <auto Function>
class promised_call final : public process_job {
 public:
  using process_job::process_job;
  [[nodiscard]] auto future_from(process_pool& pool) const {
    promise_.brought_by(pool.thread_id());
    promise_.on_cancel([&pool] { pool.hear_of_cancelled(); });
    return promise_.get_future();
  }

  [[nodiscard]] bool begin() noexcept override {
    if (promise_.set_running()) return true;
    delete this;
    return false;
  }
  [[nodiscard]] bool drop_if_cancelled() noexcept override {
    if (!promise_.done()) return false;
    delete this;
    return true;
  }
  void ended(std::exception_ptr error, std::string value) noexcept override {
    const std::unique_ptr<promised_call> self(this);
    if (error)
      promise_.set_exception(std::move(error));
    else
      promise_.set_result_of([&] { return read_result<Function>(value); });
  }

 private:
  concurrent_promise<process_result_t<Function>> promise_;
};

/// Waits in a task for a call.
template <auto Function>
class process_call_operation final : public operation, private process_job {
 public:
  process_call_operation(std::shared_ptr<process_pool> pool, process_call call)
      : process_job(std::move(call)), pool_(std::move(pool)) {}
  process_call_operation(process_call_operation&&) noexcept = default;

  [[nodiscard]] bool await_ready() { return refuse_if_cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    prepare(waiter);
    task()->owner().begin_foreign_work();
    try {
      pool_->submit(*this, process_pool::when_full::line_up);
    } catch (...) {
      task()->owner().end_foreign_work();
      forget_waiting();
      throw;
    }
    begin_waiting();
  }
  process_result_t<Function> await_resume() {
    if (was_stopped()) resumed();
    if (was_killed() && error_) task()->throw_cancelled();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return read_result<Function>(value_);
  }

  bool stop() noexcept override {
    if (pool_->withdraw(*this)) {
      task()->owner().end_foreign_work();
      wake_stopped();
      return true;
    }
    if (pool_->options().kill_on_cancel) pool_->kill_runner(*this);
    return false;  // how it ended will be told
  }

 private:
  void ended(std::exception_ptr error, std::string value) noexcept override {
    error_ = std::move(error);
    value_ = std::move(value);
    loop& home = task()->owner();
    home.post(*this);
    home.end_foreign_work();
  }

  std::shared_ptr<process_pool> pool_;
  std::exception_ptr error_;
  std::string value_;
};

template <auto Function>
using only_parameter_t = std::tuple_element_t<0, typename process_signature_t<Function>::parameters>;

/// What a worker does with a chunk of `map`.
template <auto Function>
struct call_each {
  static constexpr auto told_as = Function;

  std::vector<process_result_t<Function>> operator()(std::vector<only_parameter_t<Function>> values) const {
    std::vector<process_result_t<Function>> results;
    results.reserve(values.size());
    for (auto&& each : values) results.push_back(Function(static_cast<only_parameter_t<Function>&&>(each)));
    return results;
  }
};
template <auto Function>
  requires(process_signature_t<Function>::is_coroutine)
struct call_each<Function> {
  static constexpr auto told_as = Function;

  coro<std::vector<process_result_t<Function>>> operator()(std::vector<only_parameter_t<Function>> values) const {
    std::vector<process_result_t<Function>> results;
    results.reserve(values.size());
    for (auto&& each : values) results.push_back(co_await Function(static_cast<only_parameter_t<Function>&&>(each)));
    co_return results;
  }
};

}  // namespace detail

struct process_map_options {
  /// So many elements go to a worker at a time: more for functions that take less than a tenth of a millisecond.
  std::size_t chunk_size = 1;
  /// How many chunks there may be whose results were not taken yet; 0: twice as many as there are workers.
  std::size_t buffer = 0;
  /// For all of it, from the first value that is asked for, on the loop's clock. Throws `timeout_error`.
  std::optional<delay> timeout{};
};

/// Runs functions in other processes, which are this program once more: on all processors, and with faults that hurt only the
/// call that has them.
///
/// A function is named as a template argument: `pool.submit<is_prime>(n)`. It is a plain function, a lambda without captures, or
/// one that returns a `coro`, which the worker runs on a loop that it keeps. Arguments and results go there and back by cereal, as
/// values. `main` must call `serve_if_worker()` before any work.
///
/// What the function throws comes back: std::system_error and the exceptions of the standard library and of hocket that are made of
/// a text or of nothing as what they are, others as `remote_error`. A worker that dies fails the calls that it had with
/// `broken_process_pool` and is replaced; only if workers die as they start is the pool given up. Workers die with this process,
/// however it ends.
///
/// Belongs to no loop: any thread may use it. Calls begin in the order in which they were submitted. It does not survive fork: in
/// the new process its members do nothing, and calls throw `invalid_state_error`. What is left of a worker's function that has
/// forked there ends when that function returns.
/// Counterpart: concurrent.futures.ProcessPoolExecutor, aiomultiprocess.Pool.
class process_pool_executor {
 public:
  /// Starts no worker yet; all of them will get the environment as it is now. Throws std::invalid_argument for options that make
  /// no sense, `invalid_state_error` if `main` has not called `serve_if_worker()`.
  explicit process_pool_executor(process_pool_options options = {})
      : pool_(std::make_shared<detail::process_pool>(std::move(options))) {
    detail::process_pool::start(pool_);
  }
  /// As `shutdown()`: waits.
  ~process_pool_executor() { shutdown(); }
  process_pool_executor(const process_pool_executor&) = delete;
  process_pool_executor& operator=(const process_pool_executor&) = delete;

  /// Has a worker call `Function(args...)`. Never blocks: throws `executor_full` at the bound, `message_too_large`,
  /// `invalid_state_error` after `shutdown`, `broken_process_pool` if the pool is. `cancel()` of the future succeeds until a worker
  /// has the call. Its callbacks run on the pool's thread and must not block: to wait there for another call of the pool throws
  /// `invalid_state_error`. Counterpart: Executor.submit.
  template <auto Function, class... Args>
    requires process_callable<Function, Args...>
  concurrent_future<process_result_t<Function>> submit(const Args&... args) {
    return submit_or<Function>(detail::process_pool::when_full::refuse, args...);
  }

  /// Calls `Function` with each element of `elements`, in chunks on several workers at once, and gives the results in the order of
  /// the elements. No more than `buffer` chunks are ahead of the one whose results were taken last, so the range may be endless.
  ///
  /// At the bound it waits for its own chunks, and lines one up if it has none: it throws no `executor_full`.
  ///
  /// The first error ends it. Ended or closed early, it cancels the chunks that no worker has. The pool must outlive the generator.
  /// Counterpart: Executor.map.
  template <auto Function, std::ranges::input_range Range>
    requires(process_callable<Function, std::ranges::range_value_t<Range>> &&
             !std::is_void_v<process_result_t<Function>>)
  HOCKET_CORO_WRAPPER auto map(Range elements, process_map_options options = {}) {
    return map_all<Function>(*this, std::move(elements), options);
  }

  /// Takes no more calls. Those that it has are run, or cancelled if that is asked for and no worker has them. Blocks if it is to
  /// wait: in a task, `co_await to_thread([&pool] { pool.shutdown(); })`. May be called again. Counterpart: Executor.shutdown.
  void shutdown(shutdown_options options = {}) noexcept {
    pool_->shutdown(options.cancel_futures);
    if (options.wait) pool_->join();
  }

  /// Ends the workers by SIGTERM, whatever they do, and starts no others. Takes no more calls; those that a worker has, or was
  /// about to get, end in `broken_process_pool`, the others are cancelled.
  /// Counterpart: ProcessPoolExecutor.terminate_workers.
  void terminate_workers() noexcept { pool_->shutdown(true, SIGTERM); }
  /// The same by SIGKILL. Counterpart: ProcessPoolExecutor.kill_workers.
  void kill_workers() noexcept { pool_->shutdown(true, SIGKILL); }

  /// The workers that there are now. They come and go.
  [[nodiscard]] std::vector<pid_t> worker_ids() const { return pool_->worker_ids(); }

 private:
  template <auto Function, class... Args>
    requires process_callable<Function, Args...>
  friend auto run_in_executor(process_pool_executor& pool, const Args&... args);

  template <auto Function, class... Args>
  concurrent_future<process_result_t<Function>> submit_or(detail::process_pool::when_full full, const Args&... args) {
    auto job = std::make_unique<detail::promised_call<Function>>(
        process_call::of_at_most<Function>(pool_->options().max_message_bytes, args...));
    auto result = job->future_from(*pool_);
    pool_->submit(*job, full);
    static_cast<void>(job.release());
    return result;
  }

  template <auto Function, class Range>
  static async_generator<process_result_t<Function>> map_all(process_pool_executor& pool, Range elements,
                                                             process_map_options options);

  std::shared_ptr<detail::process_pool> pool_;
};

template <auto Function, class Range>
async_generator<process_result_t<Function>> process_pool_executor::map_all(process_pool_executor& pool, Range elements,
                                                                           process_map_options options) {
  std::optional<time_point> deadline;
  if (options.timeout) deadline = loop::running().time_after(*options.timeout);
  const std::size_t buffer = options.buffer > 0 ? options.buffer : 2 * pool.pool_->options().max_workers;
  detail::futures_in_line<std::vector<process_result_t<Function>>> line;
  auto next = std::ranges::begin(elements);
  for (;;) {
    while (next != std::ranges::end(elements) && line.size() < buffer) {
      if (!line.empty() && pool.pool_->is_full()) break;  // there is one to wait for
      std::vector<detail::only_parameter_t<Function>> chunk;
      do chunk.push_back(*next);
      while (++next != std::ranges::end(elements) && chunk.size() < options.chunk_size);
      line.push_back(pool.submit_or<detail::call_each<Function>{}>(detail::process_pool::when_full::line_up, chunk));
    }
    if (line.empty()) co_return;
    auto first = std::move(line.front());
    line.pop_front();
    for (auto&& each : co_await with_timeout_at(deadline, std::move(first)))
      co_yield static_cast<process_result_t<Function>>(std::forward<decltype(each)>(each));
  }
}

/// Has a worker call `Function(args...)`, and gives what it returns or throws.
///
/// Cancelled before a worker has it, the call is taken back. After that the await ends when the function has, as that of
/// `to_thread`, and its result is not lost; with `process_pool_options::kill_on_cancel` the worker is killed, and `cancelled`
/// thrown. Who does not want to wait awaits `pool.submit<Function>(args...)` instead. The arguments become bytes in this call:
/// it throws what `submit` throws for them. Counterpart: loop.run_in_executor.
template <auto Function, class... Args>
  requires process_callable<Function, Args...>
[[nodiscard]] auto run_in_executor(process_pool_executor& pool, const Args&... args) {
  return detail::process_call_operation<Function>(
      pool.pool_, process_call::of_at_most<Function>(pool.pool_->options().max_message_bytes, args...));
}

}  // namespace hocket
