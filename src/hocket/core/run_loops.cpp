// Loops side by side.
//
// Each thread makes its own runner (an io_uring belongs to the thread that made it), says so, and waits for the word to begin,
// which comes when all have one: so no coroutine ever sees a loop that is not there. It closes its loop itself when its main
// task has ended; the runners are destroyed by the calling thread after all others are gone, so that a loop which has ended can
// still refuse what is asked of it.
//
// The calling thread sleeps on a semaphore, which may be posted in a signal handler: by Ctrl-C, and by each thread at its end.
// To cancel a loop is to `notify` it, as Ctrl-C does under `run`. That is done under the mutex and only while its main task
// runs, for a loop that closes must not be woken.

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/detail/sigint_guard.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/run_loops.hpp>

namespace hocket {
namespace {

/// The numbers of the processors that this thread may use.
std::vector<int> processors_of_this_thread() {
  for (int known = 1024;; known *= 2) {  // the kernel may know more than fit: then it says EINVAL
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(known),
                                                                [](cpu_set_t* set) { CPU_FREE(set); });
    if (mask == nullptr) throw std::bad_alloc();
    const std::size_t size = CPU_ALLOC_SIZE(known);
    CPU_ZERO_S(size, mask.get());
    if (::sched_getaffinity(0, size, mask.get()) != 0) {
      if (errno == EINVAL && known < (1 << 20)) continue;
      throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
    }
    std::vector<int> numbers;
    for (int n = 0; n < known; ++n)
      if (CPU_ISSET_S(n, size, mask.get())) numbers.push_back(n);
    return numbers;
  }
}

/// Returns an error number, or 0.
int pin_this_thread(int processor) {
  const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(processor + 1),
                                                              [](cpu_set_t* set) { CPU_FREE(set); });
  if (mask == nullptr) return ENOMEM;
  const std::size_t size = CPU_ALLOC_SIZE(processor + 1);
  CPU_ZERO_S(size, mask.get());
  CPU_SET_S(processor, size, mask.get());
  return ::pthread_setaffinity_np(::pthread_self(), size, mask.get());
}

// What there is room for, the number whole. A thread without its name works as well.
void name_this_thread(const std::string& name, std::size_t index) {
  constexpr std::size_t most_characters = 15;
  const std::string number = fmt::format("-{}", index);
  ::pthread_setname_np(::pthread_self(), (name.substr(0, most_characters - number.size()) + number).c_str());
}

[[noreturn]] void fail(const std::system_error& problem, std::string what) {
  std::string_view why = problem.what();  // ends with the code's own words, which are told anyway
  const std::string words = problem.code().message();
  if (why.ends_with(words)) why.remove_suffix(words.size());
  if (why.ends_with(": ")) why.remove_suffix(2);
  if (!why.empty()) what += fmt::format(" ({})", why);
  throw std::system_error(problem.code(), "run_loops: " + what);
}

/// Posted by threads and by a signal handler.
class wake_up final : public detail::sigint_target {
 public:
  wake_up() noexcept { ::sem_init(&posted_, 0, 0); }
  ~wake_up() { ::sem_destroy(&posted_); }
  wake_up(const wake_up&) = delete;

  void interrupted() noexcept override { post(); }
  void post() noexcept { ::sem_post(&posted_); }
  void wait() noexcept {
    while (::sem_wait(&posted_) != 0) HOCKET_ASSERT(errno == EINTR, "run_loops cannot wait");
  }

 private:
  sem_t posted_;
};

}  // namespace

std::size_t usable_processors() { return processors_of_this_thread().size(); }

class detail::loop_team::state {
 public:
  state(std::size_t size, run_loops_options options);
  ~state();
  state(const state&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  void run(const std::function<void(runner&, const loop_place&)>& work);

 private:
  enum class word { none, begin, end };

  struct member {
    std::optional<hocket::runner> runner;
    std::exception_ptr cannot_begin;
    std::thread thread;
    context variables;  // of the caller, a copy that shares nothing
    bool is_running = false;
  };

  void begin_threads();
  void live(std::size_t index) noexcept;
  void make_loop(std::size_t index);
  void say(word said);
  void join() noexcept;
  void run_main(std::size_t index) noexcept;
  void main_ended(member& which, std::exception_ptr problem) noexcept;
  void cancel_all() noexcept;
  void wait_for_all(const sigint_guard& guard);

  const run_loops_options options_;
  const std::vector<int> processors_;
  std::vector<member> members_;
  std::vector<loop*> loops_;
  const std::function<void(runner&, const loop_place&)>* work_ = nullptr;

  wake_up woken_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t made_ = 0;  // or not: those who have tried
  std::size_t running_ = 0;
  word said_ = word::none;
  std::vector<std::exception_ptr> errors_;
  bool was_cancelled_ = false;
  bool cancelled_all_ = false;
};

detail::loop_team::loop_team(std::size_t size, run_loops_options options) {
  if (loop::running_or_null() != nullptr)
    throw invalid_state_error("run_loops would block the loop that runs on this thread: co_await to_thread");
  state_ = std::make_unique<state>(size, std::move(options));
}
detail::loop_team::~loop_team() = default;
std::size_t detail::loop_team::size() const noexcept { return state_->size(); }
void detail::loop_team::run(const std::function<void(runner&, const loop_place&)>& work) { state_->run(work); }

detail::loop_team::state::state(std::size_t size, run_loops_options options)
    : options_(std::move(options)),
      processors_(size == 0 || options_.pin_threads ? processors_of_this_thread() : std::vector<int>{}),
      members_(size == 0 ? processors_.size() : size),
      loops_(members_.size(), nullptr) {
  errors_.reserve(members_.size());
  for (member& each : members_) each.variables = context::current().detached();
  try {
    begin_threads();
  } catch (...) {
    say(word::end);
    join();
    throw;
  }
}

detail::loop_team::state::~state() {
  say(word::end);  // unless they have begun
  join();
}

void detail::loop_team::state::begin_threads() {
  for (std::size_t n = 0; n < size(); ++n) {
    try {
      members_[n].thread = std::thread([this, n] { live(n); });
    } catch (const std::system_error& problem) {
      fail(problem, fmt::format("cannot begin the thread of loop {} of {}", n, size()));
    }
  }
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return made_ == size(); });
  for (const member& each : members_)
    if (each.cannot_begin) std::rethrow_exception(each.cannot_begin);
}

void detail::loop_team::state::live(std::size_t index) noexcept {
  member& mine = members_[index];
  try {
    make_loop(index);
  } catch (...) {
    mine.cannot_begin = std::current_exception();
  }
  {
    std::unique_lock guard(mutex_);
    ++made_;
    changed_.notify_all();
    changed_.wait(guard, [this] { return said_ != word::none; });
  }
  if (said_ == word::begin) run_main(index);
  if (mine.runner) mine.runner->close();
  const std::lock_guard guard(mutex_);
  if (said_ != word::begin) return;
  --running_;
  woken_.post();
}

void detail::loop_team::state::make_loop(std::size_t index) {
  name_this_thread(options_.thread_name, index);
  if (options_.pin_threads) {
    const int processor = processors_[index % processors_.size()];
    if (const int error = pin_this_thread(processor); error != 0)
      fail(std::system_error(error, std::generic_category()),
           fmt::format("cannot pin loop {} of {} to processor {}", index, size(), processor));
  }
  run_options options = options_.each;
  options.handle_sigint = false;
  if (options.seed) *options.seed += index;
  try {
    members_[index].variables.run([&] { members_[index].runner.emplace(std::move(options)); });
  } catch (const std::system_error& problem) {
    fail(problem, fmt::format("cannot make loop {} of {}", index, size()));
  }
  loops_[index] = &members_[index].runner->get_loop();
}

void detail::loop_team::state::say(word said) {
  const std::lock_guard guard(mutex_);
  if (said_ != word::none) return;
  said_ = said;
  if (said == word::begin) {
    running_ = size();
    for (member& each : members_) each.is_running = true;
  }
  changed_.notify_all();
}

void detail::loop_team::state::join() noexcept {
  for (member& each : members_)
    if (each.thread.joinable()) each.thread.join();
}

void detail::loop_team::state::run(const std::function<void(runner&, const loop_place&)>& work) {
  work_ = &work;
  bool interrupted = false;
  {
    const sigint_guard guard(options_.each.handle_sigint ? &woken_ : nullptr);
    say(word::begin);
    wait_for_all(guard);
    join();
    interrupted = guard.interrupted();
  }
  if (errors_.size() == 1) std::rethrow_exception(errors_.front());
  if (!errors_.empty()) throw exception_group(std::move(errors_));
  if (!was_cancelled_) return;
  if (interrupted) {
    std::fflush(nullptr);
    end_by_sigint();
  }
  throw cancelled{};
}

void detail::loop_team::state::wait_for_all(const sigint_guard& guard) {
  for (bool told = false;;) {
    woken_.wait();
    const std::lock_guard held(mutex_);
    if (running_ == 0) return;
    if (!told && guard.interrupted()) {
      told = true;
      cancel_all();
    }
  }
}

void detail::loop_team::state::run_main(std::size_t index) noexcept {
  member& mine = members_[index];
  std::exception_ptr problem;
  try {
    (*work_)(*mine.runner, {.index = index, .loops = loops_});
  } catch (...) {
    problem = std::current_exception();
  }
  main_ended(mine, std::move(problem));
}

void detail::loop_team::state::main_ended(member& which, std::exception_ptr problem) noexcept {
  const std::lock_guard guard(mutex_);
  which.is_running = false;
  if (!problem) return;
  if (is_cancelled(problem)) {
    was_cancelled_ = true;
    return;
  }
  if (!cancelled_all_) cancel_all();
  errors_.push_back(std::move(problem));  // there is room
}

// Under the mutex.
void detail::loop_team::state::cancel_all() noexcept {
  cancelled_all_ = true;
  for (std::size_t n = 0; n < size(); ++n)
    if (members_[n].is_running) loops_[n]->notify();
}

}  // namespace hocket
