// Running a program on a loop, and ending it.
//
// SIGINT: the handler only counts and wakes the loop (both may be done in a handler); the loop then cancels the main task. The
// second signal is dealt with in the handler itself, because the loop may be stuck: default disposition, raise.

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/core/run.hpp>

namespace hocket {
namespace {

std::atomic<loop*> interrupted_loop{nullptr};
std::atomic<int> interrupts{0};
static_assert(std::atomic<loop*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void end_by_sigint() noexcept {
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGINT, &plain, nullptr);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGINT);
  ::raise(SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);  // within a handler it is blocked until here
}

void on_sigint(int) {
  const int before = errno;
  if (interrupts.fetch_add(1) > 0) end_by_sigint();
  if (loop* target = interrupted_loop.load()) target->notify();
  errno = before;
}

/// Handles SIGINT for one loop, if this is the first thread and nobody else does.
class sigint_guard {
 public:
  explicit sigint_guard(loop* target) noexcept {
    if (target == nullptr || ::syscall(SYS_gettid) != ::getpid()) return;
    struct sigaction current{};
    ::sigaction(SIGINT, nullptr, &current);
    if (current.sa_handler != SIG_DFL) return;
    interrupts = 0;
    interrupted_loop = target;
    struct sigaction ours{};
    ours.sa_handler = on_sigint;
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGINT, &ours, &before_);
    installed_ = true;
  }
  ~sigint_guard() {
    if (!installed_) return;
    ::sigaction(SIGINT, &before_, nullptr);
    interrupted_loop = nullptr;
  }
  sigint_guard(const sigint_guard&) = delete;

  /// A signal came while this guard held the handler.
  [[nodiscard]] bool interrupted() const noexcept { return installed_ && interrupts.load() > 0; }

 private:
  struct sigaction before_{};
  bool installed_ = false;
};

/// Stops the loop when what it waits for has ended.
class stopper final : public ready_node {
 public:
  explicit stopper(loop& target) noexcept : loop_(target) {}
  ~stopper() {
    if (is_linked()) unlink();
  }
  void run() noexcept override { loop_.stop(); }

 private:
  loop& loop_;
};

/// Makes a loop count as running while tasks are created for it from outside.
class entered {
 public:
  explicit entered(loop& target) : before_(detail::here) {
    if (detail::here.running != nullptr) throw invalid_state_error("this thread is running an event loop already");
    detail::here = {.running = &target, .observer = before_.observer};
  }
  ~entered() { detail::here = before_; }
  entered(const entered&) = delete;

 private:
  detail::thread_context before_;
};

}  // namespace

runner::runner(run_options options) : options_(options), loop_({.backend = options.backend, .clock = options.clock}) {
  // Here already, for the destructor runs the loop.
  if (loop::running_or_null() != nullptr) throw invalid_state_error("this thread is running an event loop already");
}

runner::~runner() {
  do {
    cancel_all_tasks();
    loop_.blocking().finish();
    loop_.stop();
    loop_.run_forever();  // one turn: what the pool's jobs posted, and what tasks that ended last scheduled
  } while (!loop_.tasks().empty());
  if (interrupted_) {
    std::fflush(nullptr);
    end_by_sigint();
  }
}

void runner::start(std::move_only_function<record_ref<task_base>()> create) {
  record_ref<task_base> main;
  {
    entered inside(loop_);
    main = create();
  }
  sigint_guard guard(options_.handle_sigint ? &loop_ : nullptr);
  loop_.set_notification([&] { main->cancel(); });
  run_until(*main);
  loop_.set_notification({});
  if (!main->done()) throw invalid_state_error("the loop was stopped before the main task had ended");
  interrupted_ = guard.interrupted() && main->was_cancelled();
}

void runner::run_until(future_base& target) {
  stopper stop(loop_);
  target.add_waiter(stop);
  loop_.run_forever();
}

void runner::cancel_all_tasks() {
  while (!loop_.tasks().empty()) {
    std::vector<record_ref<task_base>> left;
    loop_.tasks().for_each([&left](task_base& each) {
      each.retain();
      left.emplace_back(&each);
    });
    for (auto& each : left) each->cancel();
    for (auto& each : left)
      if (!each->done()) run_until(*each);
  }
}

}  // namespace hocket
