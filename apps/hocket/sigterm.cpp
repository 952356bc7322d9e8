// SIGTERM, as Ctrl-C. The second one is dealt with in the handler itself, because the loop may be stuck.

#include <atomic>
#include <cerrno>
#include <thread>

#include <signal.h>
#include <unistd.h>

#include <hocket/loop/loop.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

std::atomic<loop*> target{nullptr};
std::atomic<bool> came{false};
std::atomic<int> telling{0};

void on_sigterm(int) {
  const int before = errno;
  ++telling;
  if (came.exchange(true)) ::_exit(128 + SIGTERM);
  if (loop* const told = target.load()) told->notify();  // as `run` has it: cancels the main task
  --telling;
  errno = before;
}

}  // namespace

sigterm_guard::sigterm_guard() {
  target = &loop::running();
  struct sigaction ours{};
  ours.sa_handler = on_sigterm;
  sigemptyset(&ours.sa_mask);
  ::sigaction(SIGTERM, &ours, nullptr);
}

sigterm_guard::~sigterm_guard() {
  ::signal(SIGTERM, SIG_DFL);
  target = nullptr;
  while (telling > 0) std::this_thread::yield();  // the signal strikes any thread
}

bool sigterm_came() noexcept { return came; }

}  // namespace hocket::app
