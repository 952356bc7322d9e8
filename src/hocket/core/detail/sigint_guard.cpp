// Ctrl-C.
//
// The handler only counts and tells its target, which wakes whoever then does something: both may be done in a handler. The
// second signal is dealt with in the handler itself, because the loop may be stuck: default disposition, raise.

#include <atomic>
#include <cerrno>
#include <thread>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/core/detail/sigint_guard.hpp>

namespace hocket::detail {
namespace {

std::atomic<sigint_target*> told{nullptr};
std::atomic<int> interrupts{0};
std::atomic<int> telling{0};
static_assert(std::atomic<sigint_target*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_sigint(int) {
  const int before = errno;
  ++telling;
  sigint_target* const target = told.load();
  // Without a target, somebody who handled the signal meanwhile has put this handler back after the run.
  if (target == nullptr || interrupts.fetch_add(1) > 0)
    end_by_sigint();
  else
    target->interrupted();
  --telling;
  errno = before;
}

}  // namespace

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

sigint_guard::sigint_guard(sigint_target* target) noexcept {
  if (target == nullptr || ::syscall(SYS_gettid) != ::getpid()) return;
  struct sigaction current{};
  ::sigaction(SIGINT, nullptr, &current);
  if (current.sa_handler != SIG_DFL && current.sa_handler != on_sigint) return;
  interrupts = 0;
  told = target;
  struct sigaction ours{};
  ours.sa_handler = on_sigint;
  sigemptyset(&ours.sa_mask);
  ::sigaction(SIGINT, &ours, nullptr);
  installed_ = true;
}

sigint_guard::~sigint_guard() {
  if (!installed_) return;
  struct sigaction current{};
  ::sigaction(SIGINT, nullptr, &current);
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  if (current.sa_handler == on_sigint) ::sigaction(SIGINT, &plain, nullptr);
  told = nullptr;
  while (telling > 0) std::this_thread::yield();  // on another thread
}

bool sigint_guard::interrupted() const noexcept { return installed_ && interrupts.load() > 0; }

}  // namespace hocket::detail
