#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

/// One call that may block. `work` runs on a thread of the pool; what it does to report back is its own affair
/// (`loop::post`). Must stay alive until `work` has returned or `withdraw` succeeded.
class blocking_job : public list_link<> {
 public:
  virtual void work() noexcept = 0;

 protected:
  ~blocking_job() = default;
};

/// The threads on which a loop runs what would block it: name resolution, files without io_uring, `to_thread`.
///
/// First come, first served. Threads start when there is work and nobody idle, up to `limit`, and end with the pool, which
/// waits for the jobs under way. Counterpart: asyncio's default executor.
class blocking_pool {
 public:
  /// Counterpart of ThreadPoolExecutor's default: the number of processors and four, 32 at most.
  static std::size_t default_limit() noexcept;

  explicit blocking_pool(std::size_t limit = default_limit()) noexcept : limit_(limit) {}
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Hands `job` over. Throws std::system_error if no thread can be started and none is there.
  void submit(blocking_job& job);

  /// Takes a job back that has not begun. False if it has.
  bool withdraw(blocking_job& job) noexcept;

  /// Runs what was handed over and waits for it, for at most `limit`; the threads end. Work handed over later starts new ones.
  /// False if time ran out: then the pool must not be destroyed, for the calls go on.
  bool finish(std::chrono::nanoseconds limit = std::chrono::nanoseconds::max()) noexcept;

  /// Jobs handed over and not yet ended.
  [[nodiscard]] std::size_t pending() const noexcept;

 private:
  void serve() noexcept;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;  // a job
  intrusive_list<blocking_job> waiting_;
  std::vector<std::thread> threads_;
  std::size_t limit_;
  std::size_t idle_ = 0;
  std::size_t queued_ = 0;
  std::size_t working_ = 0;
  bool ending_ = false;
};

}  // namespace hocket
