#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <poll.h>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/base/process_layout.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/exec/detail/process_message.hpp>
#include <hocket/exec/detail/worker_process.hpp>
#include <hocket/exec/process_function.hpp>
#include <hocket/exec/process_pool_options.hpp>

namespace hocket::detail {

struct pool_worker;

/// A call on its way through a pool: in its queue, then with a worker. Stays alive until `ended` is called or `withdraw` succeeded.
class process_job : public list_link<> {
 public:
  explicit process_job(process_call call) : call_(std::move(call)) {}
  /// Until it is submitted.
  process_job(process_job&& other) noexcept : call_(std::move(other.call_)) {}

  /// A worker is about to get it. False: nobody wants it any more, and it is gone. Under the pool's lock.
  [[nodiscard]] virtual bool begin() noexcept { return true; }
  /// Nobody wants it any more, and it is gone. Under the pool's lock, while it is in the queue.
  [[nodiscard]] virtual bool drop_if_cancelled() noexcept { return false; }
  /// Called once, on any thread: what it gave, `error` or a result as bytes. `cancelled` if it was not to run.
  virtual void ended(std::exception_ptr error, std::string value) noexcept = 0;

  [[nodiscard]] process_call& call() noexcept { return call_; }
  /// Once it has ended: `kill_runner` ended it.
  [[nodiscard]] bool was_killed() const noexcept { return killed_; }

 protected:
  ~process_job() = default;

 private:
  friend class process_pool;
  template <class>
  friend struct process_layout;

  void drop() noexcept { ended(std::make_exception_ptr(cancelled{}), {}); }

  process_call call_;
  pool_worker* worker_ = nullptr;
  std::uint64_t number_ = 0;
  bool queued_ = false;
  bool begun_ = false;
  bool killed_ = false;
};

/// A pool's workers, its queue, and the thread that looks after both. Calls are from any thread.
///
/// A fork copies the memory and the sockets, but not the thread; the lock may be held in the copy for ever. So whatever a copy of
/// the process calls does nothing, but for `submit`, which throws.
class process_pool {
 public:
  /// Throws std::invalid_argument for options that make no sense, `invalid_state_error` if `serve_if_worker` was not called.
  explicit process_pool(process_pool_options options);
  ~process_pool();
  process_pool(const process_pool&) = delete;
  process_pool& operator=(const process_pool&) = delete;

  /// Starts the thread, which keeps the pool alive as long as it runs.
  static void start(const std::shared_ptr<process_pool>& pool);

  /// The one that brings all results.
  [[nodiscard]] std::thread::id thread_id() const noexcept { return thread_id_; }
  [[nodiscard]] const process_pool_options& options() const noexcept { return options_; }

  enum class when_full : bool { refuse, line_up };
  /// Throws `invalid_state_error` after `shutdown` and in a copy of the process, `broken_process_pool` once it is broken,
  /// `executor_full` if it refuses.
  void submit(process_job& job, when_full full);
  /// Takes a job back that no worker has. False if one has, or had.
  [[nodiscard]] bool withdraw(process_job& job) noexcept;
  /// A job in the queue is being cancelled: its place will be free. Takes no lock.
  void hear_of_cancelled() noexcept;
  /// Kills the worker that runs it, if one does.
  void kill_runner(process_job& job) noexcept;

  /// It has as many calls as it may.
  [[nodiscard]] bool is_full();

  /// With a `signal`, all workers get it, one that is being started too, and there will be no others.
  void shutdown(bool cancel_pending, int signal = 0) noexcept;
  /// Waits until every worker is gone. Returns at once on the pool's own thread.
  void join() noexcept;
  [[nodiscard]] std::vector<pid_t> worker_ids() const;

 private:
  using lock = std::unique_lock<std::mutex>;
  using job_list = intrusive_list<process_job>;

  [[nodiscard]] bool is_copy() const noexcept;

  // ---- under the lock
  void require_open() const;
  [[nodiscard]] bool has_room() noexcept;
  void drop_cancelled() noexcept;
  void dispatch() noexcept;
  [[nodiscard]] pool_worker* free_worker() const noexcept;
  void give(pool_worker& to, process_job& job) noexcept;
  void send_rest(pool_worker& to) noexcept;
  void take_back(pool_worker& from) noexcept;
  void left_queue(process_job& job) noexcept;
  void empty_queue_to(job_list& list) noexcept;
  void retire(pool_worker& one) noexcept;
  void expect_end(pool_worker& one, std::chrono::nanoseconds within) noexcept;
  [[nodiscard]] bool wants_worker() const noexcept;
  [[nodiscard]] std::size_t free_number() const noexcept;
  void break_down(std::string why) noexcept;
  void count_failed_start(const std::string& how) noexcept;
  void wake() noexcept;

  // ---- on the pool's thread
  void run() noexcept;
  void start_workers(lock& guard) noexcept;
  void could_not_start(std::string why, std::error_code error) noexcept;
  void fail_jobs_if_broken(lock& guard) noexcept;
  void wait_for_news(lock& guard) noexcept;
  void look_at(pool_worker& one, const pollfd& socket, const pollfd& process) noexcept;
  void kill_late_ones() noexcept;
  [[nodiscard]] bool receive_one(pool_worker& from) noexcept;
  void take_message(pool_worker& from) noexcept;
  void take_answer(pool_worker& from) noexcept;
  void take_failed_set_up(pool_worker& from) noexcept;
  void mistrust(pool_worker& one, const char* why) noexcept;
  void bury(pool_worker& dead) noexcept;
  [[nodiscard]] std::string set_up_message(std::size_t number) const;

  const process_pool_options options_;
  const pid_t made_by_;
  const std::vector<std::string> environment_;  // copied by who made it: others may change their own meanwhile
  std::string initializer_;
  mutable std::mutex mutex_;
  job_list queue_;
  std::size_t queued_ = 0;
  std::atomic<bool> some_are_cancelled_ = false;       // that are in the queue
  std::vector<std::unique_ptr<pool_worker>> workers_;  // changed by the pool's thread only
  std::uint64_t jobs_given_ = 0;
  unsigned failed_starts_ = 0;  // since the last one that succeeded
  bool cannot_start_ = false;   // the last worker that was wanted, and there are others
  std::optional<std::chrono::steady_clock::time_point> start_again_at_;
  bool closing_ = false;
  int ended_by_ = 0;    // the signal that ends all workers, once there is to be no other one
  std::string broken_;  // why, once it is
  owned_descriptor news_;
  std::vector<pollfd> polled_;
  std::mutex join_mutex_;
  std::thread thread_;
  std::thread::id thread_id_;  // which stays when it was joined
};

}  // namespace hocket::detail
