// A pool of worker processes.
//
// One thread looks after the pool, so it belongs to no loop. It waits for answers, for the ends of workers (their pidfds), and for
// an eventfd; it starts workers, for they die with the thread that started them, and reaps them. Calls are handed to a free
// worker by whoever submits them, under the lock; only what a socket has no room for, or what finds no free worker, is left to it.
//
// A worker that dies takes down the calls that it had, and is replaced when there is work. Which of its calls had begun cannot be
// told, so none is repeated. Workers that end before they are set up, three in a row, break the pool: there is something wrong
// with the program, and the next one would end the same way. So does a program that cannot be started, but for a lack of
// descriptors, processes or memory: that passes, and is tried again.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/base/process_table.hpp>
#include <hocket/exec/detail/carried_exception.hpp>
#include <hocket/exec/detail/process_pool.hpp>
#include <hocket/exec/executor_options.hpp>
#include <hocket/exec/process_worker.hpp>

namespace hocket::detail {

using std::chrono::steady_clock;

namespace {

constexpr unsigned most_failed_starts = 3;
constexpr std::chrono::seconds time_to_end_by_itself(5);  // for a worker that has no more work
constexpr std::chrono::seconds time_to_die(1);            // for one that has closed its connection
constexpr std::chrono::milliseconds time_between_attempts(100);

/// The pool whose thread this is.
constinit thread_local const process_pool* served_here = nullptr;

std::size_t most_bytes_of_an_answer(const process_pool_options& options) noexcept {
  return std::min(options.max_message_bytes, std::numeric_limits<std::size_t>::max() - message_overhead_bytes) +
         message_overhead_bytes;
}

/// The machine, or this process, has none of something just now.
bool is_shortage(const std::error_code& error) noexcept {
  return error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system ||
         error == std::errc::resource_unavailable_try_again || error == std::errc::not_enough_memory ||
         error == std::errc::no_buffer_space;
}

std::exception_ptr error_of_lost(process_job& job, pid_t worker, const std::string& how) noexcept {
  try {
    throw broken_process_pool(
        fmt::format("worker process {} {} while it ran {}", worker, how, job.call().function_name()));
  } catch (...) {  // that, or the lack of memory for it
    return std::current_exception();
  }
}

}  // namespace

struct pool_worker {
  pool_worker(worker_process started, std::size_t as_number, std::size_t max_bytes)
      : process(std::move(started)), number(as_number), answers(max_bytes) {}

  [[nodiscard]] std::size_t busy() const noexcept { return unsent.count() + jobs.count(); }

  worker_process process;
  const std::size_t number;
  message_reader answers;
  std::string set_up;                  // what is to be sent first
  intrusive_list<process_job> jobs;    // that it has, as far as we know
  intrusive_list<process_job> unsent;  // to go there, in order
  std::size_t sent = 0;                // of the first of these, or of `set_up`
  std::size_t tasks_given = 0;
  bool ready = false;
  bool retired = false;  // gets no more work
  bool let_go = false;   // and was told so
  bool connected = true;
  std::string fault;  // what it did that nobody may
  std::optional<steady_clock::time_point> to_be_killed;
};

template <>
struct process_layout<worker_process> {
  static constexpr std::uint32_t number = offsetof(worker_process, pid_);
};
template <>
struct process_layout<process_job> {
  static constexpr shown_types<1> types{
      {{&typeid(process_job),
        shown_type::meaning::calls_process,
        {offsetof(process_job, worker_), offsetof(pool_worker, process) + process_layout<worker_process>::number}}}};
};
HOCKET_SHOW(shown_types<1>, hocket_shows_process_calls) = process_layout<process_job>::types;
HOCKET_NOTE(2, hocket_shows_process_calls);

process_pool::process_pool(process_pool_options options)
    : options_(std::move(options)), made_by_(getpid()), environment_(environment_of_workers()) {
  require_worker_line();
  if (options_.max_workers == 0) throw std::invalid_argument("a process pool needs a worker: max_workers is 0");
  if (options_.max_pending == 0) throw std::invalid_argument("a process pool needs a place to wait: max_pending is 0");
  if (options_.max_tasks_per_child == 0)
    throw std::invalid_argument("a worker runs a call at least: max_tasks_per_child is 0");
  if (options_.child_concurrency == 0)
    throw std::invalid_argument("a worker runs a call at a time at least: child_concurrency is 0");
  if (options_.kill_on_cancel && options_.child_concurrency > 1)
    throw std::invalid_argument("kill_on_cancel would kill the other calls of a worker: child_concurrency must be 1");
  news_ = owned_descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (news_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  if (options_.initializer) initializer_ = options_.initializer->message().substr(sizeof(message_header));
}

// Its thread has ended, or is the one that destroys it.
process_pool::~process_pool() {
  if (thread_.joinable()) thread_.detach();
}

void process_pool::start(const std::shared_ptr<process_pool>& pool) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals belong to the program's threads
  struct mask_again {
    sigset_t& mask;
    ~mask_again() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } at_the_end{before};
  pool->thread_ = std::thread([pool] { pool->run(); });
  pool->thread_id_ = pool->thread_.get_id();
}

// ---- from any thread

bool process_pool::is_copy() const noexcept { return getpid() != made_by_; }

void process_pool::require_open() const {
  if (!broken_.empty()) throw broken_process_pool(broken_);
  if (closing_) throw invalid_state_error("a process pool takes no calls after its shutdown");
}

void process_pool::submit(process_job& job, when_full full) {
  if (is_copy()) throw invalid_state_error("a process pool does not survive fork: make another one in the new process");
  lock guard(mutex_);
  require_open();
  if (full == when_full::refuse && !has_room())
    throw executor_full("the executor has as many calls as it may have: await one, or run_in_executor");
  queue_.push_back(job);
  job.queued_ = true;
  ++queued_;
  dispatch();
}

bool process_pool::is_full() {
  if (is_copy()) return false;
  const lock guard(mutex_);
  return !has_room();
}

// Counts those that the workers have as well: who has not started yet, or is about to be free, is no reason to refuse a call.
bool process_pool::has_room() noexcept {
  if (options_.max_pending == process_pool_options::unlimited) return true;
  drop_cancelled();
  std::size_t calls = queued_;
  for (const auto& each : workers_) calls += each->busy();
  if (calls / options_.child_concurrency < options_.max_workers) return true;
  return calls - options_.max_workers * options_.child_concurrency < options_.max_pending;
}

void process_pool::hear_of_cancelled() noexcept {
  if (is_copy()) return;
  some_are_cancelled_ = true;
  wake();
}

void process_pool::drop_cancelled() noexcept {
  if (!some_are_cancelled_.exchange(false)) return;
  job_list wanted;
  while (!queue_.empty()) {
    process_job& each = queue_.pop_front();
    if (each.drop_if_cancelled())
      --queued_;
    else
      wanted.push_back(each);
  }
  queue_.splice_back(wanted);
}

bool process_pool::withdraw(process_job& job) noexcept {
  if (is_copy()) return false;
  const lock guard(mutex_);
  if (!job.queued_) return false;
  job.unlink();
  left_queue(job);
  return true;
}

void process_pool::left_queue(process_job& job) noexcept {
  job.queued_ = false;
  --queued_;
}

void process_pool::empty_queue_to(job_list& list) noexcept {
  queue_.for_each([](process_job& each) { each.queued_ = false; });
  list.splice_back(queue_);
  queued_ = 0;
}

void process_pool::kill_runner(process_job& job) noexcept {
  if (is_copy()) return;
  const lock guard(mutex_);
  if (job.worker_ == nullptr) return;
  job.killed_ = true;
  job.worker_->retired = true;
  job.worker_->process.signal(SIGKILL);
}

void process_pool::shutdown(bool cancel_pending, int signal) noexcept {
  if (is_copy()) return;
  job_list dropped;
  {
    const lock guard(mutex_);
    closing_ = true;
    if (cancel_pending) empty_queue_to(dropped);
    if (signal != 0) {
      ended_by_ = signal;
      for (const auto& each : workers_) each->process.signal(signal);
    }
    wake();
  }
  while (!dropped.empty()) dropped.pop_front().drop();
}

void process_pool::join() noexcept {
  if (is_copy() || served_here == this) return;
  const std::lock_guard guard(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

std::vector<pid_t> process_pool::worker_ids() const {
  if (is_copy()) return {};
  const lock guard(mutex_);
  std::vector<pid_t> ids;
  for (const auto& each : workers_) ids.push_back(each->process.pid());
  return ids;
}

void process_pool::wake() noexcept { eventfd_write(news_.get(), 1); }

// ---- work and workers

void process_pool::dispatch() noexcept {
  while (!queue_.empty()) {
    pool_worker* const to = free_worker();
    if (to == nullptr) {
      if (wants_worker()) wake();
      return;
    }
    process_job& job = queue_.pop_front();
    left_queue(job);
    if (!job.begun_ && !job.begin()) continue;
    job.begun_ = true;
    give(*to, job);
  }
}

// The one with the fewest calls; only one that has none, as long as there may be more workers or one is starting.
pool_worker* process_pool::free_worker() const noexcept {
  pool_worker* found = nullptr;
  bool more_to_come = workers_.size() < options_.max_workers && !cannot_start_;
  std::size_t fewest = options_.child_concurrency;
  for (const auto& each : workers_) {
    if (!each->ready) more_to_come = true;
    if (!each->ready || each->retired) continue;
    const std::size_t busy = each->busy();
    if (busy >= fewest) continue;
    found = each.get();
    fewest = busy;
  }
  return more_to_come && fewest > 0 ? nullptr : found;
}

void process_pool::give(pool_worker& to, process_job& job) noexcept {
  job.worker_ = &to;
  job.number_ = ++jobs_given_;
  seal(job.call().message(), message_kind::call, job.number_);
  const bool first = to.unsent.empty();
  to.unsent.push_back(job);
  if (++to.tasks_given >= options_.max_tasks_per_child) to.retired = true;
  if (first) send_rest(to);
  if (!to.unsent.empty()) wake();
}

void process_pool::send_rest(pool_worker& to) noexcept {
  if (!to.set_up.empty()) {  // nothing else is to be sent before it is ready
    const bool lives = send_some(to.process.socket(), to.set_up, to.sent, MSG_DONTWAIT);
    if (lives && to.sent < to.set_up.size()) return;
    to.set_up = {};  // if it is dead, we will hear of it
    to.sent = 0;
    return;
  }
  while (!to.unsent.empty()) {
    process_job& job = to.unsent.front();
    std::string& message = job.call().message();
    if (!send_some(to.process.socket(), message, to.sent, MSG_DONTWAIT)) return take_back(to);
    if (to.sent < message.size()) return;
    to.sent = 0;
    message = {};
    job.unlink();
    to.jobs.push_back(job);
  }
}

// It is dying. What it has not got a byte of may go to another one, unless somebody wanted it dead.
void process_pool::take_back(pool_worker& from) noexcept {
  from.retired = true;
  job_list back;
  while (!from.unsent.empty()) {
    process_job& job = from.unsent.pop_front();
    if (std::exchange(from.sent, 0) > 0 || job.killed_ || ended_by_ != 0) {
      from.jobs.push_back(job);
      continue;
    }
    back.push_back(job);
    job.worker_ = nullptr;
    job.queued_ = true;
    ++queued_;
  }
  back.splice_back(queue_);
  queue_.splice_back(back);
  wake();
}

bool process_pool::wants_worker() const noexcept {
  if (!broken_.empty() || ended_by_ != 0) return false;
  std::size_t working = 0;
  std::size_t idle = 0;  // or will be; the end of one that was never ready is awaited first, for it may be counted
  for (const auto& each : workers_) {
    if (each->busy() > 0)
      ++working;
    else if (!each->retired || !each->ready)
      ++idle;
  }
  return working + idle < options_.max_workers && idle < queued_;
}

std::size_t process_pool::free_number() const noexcept {
  for (std::size_t number = 1;; ++number)
    if (std::none_of(workers_.begin(), workers_.end(),
                     [number](const auto& each) { return !each->retired && each->number == number; }))
      return number;
}

void process_pool::expect_end(pool_worker& one, std::chrono::nanoseconds within) noexcept {
  one.retired = true;
  if (!one.to_be_killed) one.to_be_killed = steady_clock::now() + within;
}

void process_pool::retire(pool_worker& one) noexcept {
  one.let_go = true;
  one.process.end_input();
  expect_end(one, time_to_end_by_itself);
}

void process_pool::count_failed_start(const std::string& how) noexcept {
  if (++failed_starts_ < most_failed_starts) return;
  break_down(fmt::format("the last {} worker processes ended before they were ready, the last one so: {}",
                         failed_starts_, how));
}

void process_pool::break_down(std::string why) noexcept {
  if (!broken_.empty()) return;
  broken_ = "the process pool is broken: " + std::move(why);
}

// ---- the pool's thread

void process_pool::run() noexcept {
  pthread_setname_np(pthread_self(), "hocket pool");
  served_here = this;
  lock guard(mutex_);
  for (;;) {
    drop_cancelled();
    start_workers(guard);
    fail_jobs_if_broken(guard);
    const bool nothing_left = queue_.empty() && (closing_ || !broken_.empty());
    for (const auto& each : workers_)
      if ((nothing_left || each->retired) && each->busy() == 0 && !each->to_be_killed) retire(*each);
    if (closing_ && queue_.empty() && workers_.empty()) return;
    wait_for_news(guard);
  }
}

void process_pool::start_workers(lock& guard) noexcept {
  if (start_again_at_ && *start_again_at_ > steady_clock::now()) return;
  start_again_at_.reset();
  while (wants_worker()) {
    const std::size_t number = free_number();
    guard.unlock();
    std::unique_ptr<pool_worker> started;
    std::string failure;
    auto cause = std::make_error_code(std::errc::not_enough_memory);  // of other exceptions
    try {
      started = std::make_unique<pool_worker>(
          worker_process::start(options_.executable, environment_, number, options_.max_workers), number,
          most_bytes_of_an_answer(options_));
      started->set_up = set_up_message(number);
    } catch (const std::system_error& error) {
      failure = error.what();
      cause = error.code();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    guard.lock();
    if (!failure.empty()) return could_not_start(std::move(failure), cause);
    cannot_start_ = false;
    if (ended_by_ != 0) started->process.signal(ended_by_);
    workers_.push_back(std::move(started));
    send_rest(*workers_.back());
  }
}

// Those that are there go on meanwhile.
void process_pool::could_not_start(std::string why, std::error_code error) noexcept {
  if (error == std::errc::no_such_process) {  // it has ended already
    count_failed_start(why);
    return wake();
  }
  if (workers_.empty() && !is_shortage(error)) return break_down(std::move(why));
  start_again_at_ = steady_clock::now() + time_between_attempts;
  cannot_start_ = !workers_.empty();
  dispatch();
}

std::string process_pool::set_up_message(std::size_t number) const {
  std::string message = begin_message();
  const worker_set_up settings{number, options_.max_message_bytes, options_.child_concurrency};
  message.append(reinterpret_cast<const char*>(&settings), sizeof(settings));
  message += initializer_;
  seal(message, message_kind::set_up);
  return message;
}

void process_pool::fail_jobs_if_broken(lock& guard) noexcept {
  if (broken_.empty() || queue_.empty()) return;
  job_list failed;
  empty_queue_to(failed);
  const auto error = std::make_exception_ptr(broken_process_pool(broken_));
  guard.unlock();
  while (!failed.empty()) failed.pop_front().ended(error, {});
  guard.lock();
}

void process_pool::wait_for_news(lock& guard) noexcept {
  polled_.clear();
  polled_.push_back({.fd = news_.get(), .events = POLLIN, .revents = 0});
  auto until = start_again_at_.value_or(steady_clock::time_point::max());
  for (const auto& each : workers_) {
    const short wanted = each->unsent.empty() && each->set_up.empty() ? POLLIN : POLLIN | POLLOUT;
    polled_.push_back({.fd = each->connected ? each->process.socket() : -1, .events = wanted, .revents = 0});
    polled_.push_back({.fd = each->process.pidfd(), .events = POLLIN, .revents = 0});
    if (each->to_be_killed) until = std::min(until, *each->to_be_killed);
  }
  guard.unlock();
  timespec limit{};
  if (until != steady_clock::time_point::max()) {
    const auto left = std::max<steady_clock::duration>(until - steady_clock::now(), steady_clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    limit = {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
  }
  ppoll(polled_.data(), polled_.size(), until == steady_clock::time_point::max() ? nullptr : &limit, nullptr);
  eventfd_t times = 0;
  if (polled_[0].revents != 0) eventfd_read(news_.get(), &times);
  for (std::size_t at = workers_.size(); at-- > 0;)  // backwards, for the dead are taken out
    look_at(*workers_[at], polled_[1 + 2 * at], polled_[2 + 2 * at]);
  guard.lock();
  kill_late_ones();
}

void process_pool::look_at(pool_worker& one, const pollfd& socket, const pollfd& process) noexcept {
  if ((socket.revents & POLLOUT) != 0) {
    const lock guard(mutex_);
    send_rest(one);
    dispatch();
  }
  if ((socket.revents & ~POLLOUT) != 0) static_cast<void>(receive_one(one));
  if (process.revents == 0) return;
  while (one.connected && receive_one(one)) {  // what it said before it died
  }
  bury(one);
}

void process_pool::kill_late_ones() noexcept {
  const auto now = steady_clock::now();
  for (const auto& each : workers_) {
    if (!each->to_be_killed || *each->to_be_killed > now) continue;
    each->process.signal(SIGKILL);
    each->to_be_killed = steady_clock::time_point::max();
  }
}

// True if there may be more.
bool process_pool::receive_one(pool_worker& from) noexcept {
  try {
    switch (from.answers.receive(from.process.socket(), MSG_DONTWAIT)) {
      case message_reader::status::nothing:
        return errno == EINTR;
      case message_reader::status::message:
        take_message(from);
        return from.connected;
      case message_reader::status::closed: {
        const lock guard(mutex_);
        from.connected = false;
        expect_end(from, time_to_die);
        return false;
      }
      case message_reader::status::garbage:
        mistrust(from, "sent what is no message (does a function write to a descriptor that is not its own?)");
        return false;
    }
  } catch (const std::bad_alloc&) {
    mistrust(from, "sent more than there is memory for");
  }
  return false;
}

void process_pool::mistrust(pool_worker& one, const char* why) noexcept {
  const lock guard(mutex_);
  one.fault = why;
  one.connected = false;
  one.retired = true;
  one.process.signal(SIGKILL);
}

void process_pool::take_message(pool_worker& from) noexcept {
  switch (from.answers.kind()) {
    case message_kind::ready: {
      const lock guard(mutex_);
      from.ready = true;
      failed_starts_ = 0;
      dispatch();
      return;
    }
    case message_kind::value:
    case message_kind::error:
      return from.ready ? take_answer(from) : take_failed_set_up(from);
    default:
      mistrust(from, "sent a message that only a pool may send");
  }
}

void process_pool::take_failed_set_up(pool_worker& from) noexcept {
  std::string why = "its initializer failed";
  try {
    std::rethrow_exception(
        read_exception(from.answers.body(), fmt::format("in worker process {}", from.process.pid())));
  } catch (const std::exception& error) {
    why += std::string(": ") + error.what();
  } catch (...) {
  }
  const lock guard(mutex_);
  break_down(std::move(why));
}

void process_pool::take_answer(pool_worker& from) noexcept {
  process_job* job = nullptr;
  {
    const lock guard(mutex_);
    from.jobs.for_each([&](process_job& each) {
      if (each.number_ == from.answers.job()) job = &each;
    });
    if (job != nullptr) {
      job->unlink();
      job->worker_ = nullptr;
      dispatch();
    }
  }
  if (job == nullptr) return mistrust(from, "answered a call that it was not given");
  if (from.answers.kind() == message_kind::value) return job->ended(nullptr, std::move(from.answers.body()));
  std::exception_ptr error;
  try {
    error = read_exception(from.answers.body(),
                           fmt::format("in {}, worker process {}", job->call().function_name(), from.process.pid()));
  } catch (...) {
    error = std::current_exception();
  }
  job->ended(std::move(error), {});
}

void process_pool::bury(pool_worker& dead) noexcept {
  std::string how;
  std::unique_ptr<pool_worker> gone;
  {
    const lock guard(mutex_);
    how = dead.process.reap();
    if (!dead.fault.empty()) how = dead.fault + " and was killed";
    const auto at =
        std::find_if(workers_.begin(), workers_.end(), [&](const auto& each) { return each.get() == &dead; });
    gone = std::move(*at);
    workers_.erase(at);
    if (!gone->ready && !gone->let_go && ended_by_ == 0) count_failed_start(how);
    if (!gone->unsent.empty()) take_back(*gone);
    gone->jobs.for_each([](process_job& each) { each.worker_ = nullptr; });
    dispatch();
  }
  while (!gone->jobs.empty()) {
    process_job& lost = gone->jobs.pop_front();
    if (lost.killed_)
      lost.drop();
    else
      lost.ended(error_of_lost(lost, gone->process.pid(), how), {});
  }
}

}  // namespace hocket::detail
