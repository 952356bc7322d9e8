#pragma once

#include <initializer_list>

#include <pthread.h>
#include <signal.h>

namespace hocket::detail {

/// While one lives, threads that are made have all signals blocked: these belong to the thread that runs the loop, and a worker's
/// blocking call must not see EINTR. Those that a thread raises by its own fault stay, for crash handlers. Threads inherit the
/// mask of who makes them, and so do their children.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace hocket::detail
