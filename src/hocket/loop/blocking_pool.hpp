#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/base/intrusive_list.hpp>

namespace hocket {

/// One call that may block. `work` runs on a thread of the pool; what it does to report back is its own affair
/// (`loop::post`). Must stay alive until `work` or `refuse` has returned or `withdraw` succeeded.
class blocking_job : public list_link<> {
 public:
  virtual void work() noexcept = 0;
  /// Called instead of `work`, on any thread, by a pool that will not run it. A loop's own pool runs everything.
  virtual void refuse([[maybe_unused]] std::exception_ptr why) noexcept {}

 protected:
  ~blocking_job() = default;
};

/// A thread of a pool could not be initialised, so none of its jobs is run. Counterpart: BrokenThreadPool.
class broken_thread_pool : public error {
 public:
  using error::error;
};

struct blocking_pool_options {
  std::size_t limit;
  /// What its threads are called, with a number behind it, as far as 15 characters go.
  std::string thread_name_prefix{};
  /// Called on each thread before its first job. If it throws, the pool refuses all that waits and all that comes.
  std::function<void()> initializer{};
};

/// The threads on which a loop runs what would block it: name resolution, files without io_uring, `to_thread`.
///
/// First come, first served. Threads start when there is work and nobody idle, up to `limit`, and end with the pool, which
/// waits for the jobs under way. Counterpart: asyncio's default executor.
class blocking_pool {
 public:
  /// Counterpart of ThreadPoolExecutor's default: the number of processors and four, 32 at most.
  static std::size_t default_limit() noexcept;

  explicit blocking_pool(std::size_t limit = default_limit()) noexcept : blocking_pool({.limit = limit}) {}
  explicit blocking_pool(blocking_pool_options options) noexcept : options_(std::move(options)) {}
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Hands `job` over. Throws std::system_error if no thread can be started and none is there, `invalid_state_error` if the
  /// pool is closed, `broken_thread_pool`.
  void submit(blocking_job& job);

  /// Takes a job back that has not begun. False if it has.
  bool withdraw(blocking_job& job) noexcept;

  /// Runs what was handed over and waits for it, for at most `limit`; the threads end. Work handed over later starts new ones.
  /// False if time ran out: then the pool must not be destroyed, for the calls go on.
  bool finish(std::chrono::nanoseconds limit = std::chrono::nanoseconds::max()) noexcept;

  /// Takes nothing more. What waits is run; with `refuse_waiting` it is refused with that, at once.
  void close(std::exception_ptr refuse_waiting = nullptr) noexcept;

  /// True on a thread of this pool.
  [[nodiscard]] bool serves_here() const noexcept;

  /// Jobs handed over and not yet ended.
  [[nodiscard]] std::size_t pending() const noexcept;

 private:
  void serve(std::size_t number) noexcept;
  [[nodiscard]] std::exception_ptr initialise(std::size_t number) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;  // a job
  intrusive_list<blocking_job> waiting_;
  std::vector<std::thread> threads_;
  const blocking_pool_options options_;
  std::size_t idle_ = 0;
  std::size_t queued_ = 0;
  std::size_t working_ = 0;
  bool ending_ = false;
  bool closed_ = false;
  std::exception_ptr broken_;
};

}  // namespace hocket
