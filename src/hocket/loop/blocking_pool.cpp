#include <algorithm>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <hocket/base/process_table.hpp>
#include <hocket/loop/blocking_pool.hpp>
#include <hocket/loop/process_counters.hpp>
#include <hocket/loop/signals_blocked.hpp>

namespace hocket {

constinit detail::process_counters detail::counters_of_process;

namespace {

// A thread that serves. The link of a job that was taken out of its line has no next one; the one before it is then the thread that has the job.
struct serving_thread : list_link<> {
  std::uint32_t number = static_cast<std::uint32_t>(::gettid());
};

}  // namespace

HOCKET_SHOW(detail::shown_types<1>, hocket_shows_blocking_jobs){
    {{&typeid(blocking_job),
      detail::shown_type::meaning::calls_process,
      {offsetof(blocking_job, next), offsetof(blocking_job, previous), offsetof(serving_thread, number)}}}};
HOCKET_NOTE(2, hocket_shows_blocking_jobs);

static void count_job() noexcept { detail::counters_of_process.pool_jobs.fetch_add(1, std::memory_order_relaxed); }
static void count_end_of_job() noexcept {
  detail::counters_of_process.pool_jobs.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t blocking_pool::default_limit() noexcept {
  return std::min<std::size_t>(32, std::size_t{std::thread::hardware_concurrency()} + 4);
}

blocking_pool::~blocking_pool() { finish(); }

bool blocking_pool::finish(std::chrono::nanoseconds limit) noexcept {
  std::vector<std::thread> idle;
  {
    std::unique_lock guard(mutex_);
    ending_ = true;
    changed_.notify_all();
    const auto all_ended = [this] { return queued_ + working_ == 0; };
    // Only what is short enough for a deadline has one.
    if (limit < std::chrono::hours(24 * 365)) {
      if (!ended_.wait_for(guard, limit, all_ended)) return false;
    } else {
      ended_.wait(guard, all_ended);
    }
    idle.swap(threads_);
  }
  for (std::thread& thread : idle) thread.join();
  const std::lock_guard guard(mutex_);
  ending_ = false;
  return true;
}

void blocking_pool::submit(blocking_job& job) {
  std::lock_guard guard(mutex_);
  if (closed_) throw invalid_state_error("the pool of threads was shut down");
  if (broken_) std::rethrow_exception(broken_);
  if (idle_ <= queued_ && threads_.size() < options_.limit) {
    const detail::signals_blocked blocked;
    try {
      threads_.emplace_back([this, number = threads_.size()] { serve(number); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
    }
  }
  waiting_.push_back(job);
  ++queued_;
  count_job();
  changed_.notify_one();
}

bool blocking_pool::withdraw(blocking_job& job) noexcept {
  std::lock_guard guard(mutex_);
  if (!job.is_linked()) return false;
  job.unlink();
  --queued_;
  count_end_of_job();
  if (ending_) ended_.notify_all();
  return true;
}

std::size_t blocking_pool::pending() const noexcept {
  std::lock_guard guard(mutex_);
  return queued_ + working_;
}

void blocking_pool::close(std::exception_ptr refuse_waiting) noexcept {
  std::unique_lock guard(mutex_);
  closed_ = true;
  while (refuse_waiting && !waiting_.empty()) {
    blocking_job& job = waiting_.pop_front();
    --queued_;
    ++working_;
    guard.unlock();
    job.refuse(refuse_waiting);
    guard.lock();
    --working_;
    count_end_of_job();
  }
  ended_.notify_all();
}

bool blocking_pool::serves_here() const noexcept {
  std::lock_guard guard(mutex_);
  return std::any_of(threads_.begin(), threads_.end(),
                     [](const std::thread& each) { return each.get_id() == std::this_thread::get_id(); });
}

std::exception_ptr blocking_pool::initialise(std::size_t number) noexcept {
  try {
    if (!options_.thread_name_prefix.empty()) {
      std::string name = options_.thread_name_prefix + "_" + std::to_string(number);
      name.resize(std::min<std::size_t>(name.size(), 15));
      pthread_setname_np(pthread_self(), name.c_str());
    }
    try {
      if (options_.initializer) options_.initializer();
    } catch (const std::exception& known) {
      throw broken_thread_pool(std::string("a thread of the pool could not be initialised: ") + known.what());
    } catch (...) {
      throw broken_thread_pool("a thread of the pool could not be initialised");
    }
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void blocking_pool::serve(std::size_t number) noexcept {
  const struct counted {
    counted() noexcept { detail::counters_of_process.pool_threads.fetch_add(1, std::memory_order_relaxed); }
    ~counted() { detail::counters_of_process.pool_threads.fetch_sub(1, std::memory_order_relaxed); }
  } as_thread;
  serving_thread mine;
  std::exception_ptr failed = initialise(number);
  std::unique_lock guard(mutex_);
  if (failed) broken_ = std::move(failed);
  for (;;) {
    ++idle_;
    changed_.wait(guard, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) break;
    blocking_job& job = waiting_.pop_front();
    job.previous = &mine;
    --queued_;
    ++working_;
    const std::exception_ptr why = broken_;
    guard.unlock();
    if (why)
      job.refuse(why);
    else
      job.work();
    guard.lock();
    --working_;
    count_end_of_job();
    if (ending_) ended_.notify_all();
  }
}

}  // namespace hocket
