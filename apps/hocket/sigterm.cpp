#include <atomic>

#include <signal.h>
#include <unistd.h>

#include <hocket/loop/loop.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

std::atomic<loop*> target{nullptr};
std::atomic<bool> came{false};

}  // namespace

void end_in_order_on_sigterm() {
  target = &loop::running();
  struct sigaction ours{};
  ours.sa_handler = [](int) {
    if (came.exchange(true)) ::_exit(128 + SIGTERM);  // asked twice
    target.load()->notify();                          // as `run` has it: cancels the main task
  };
  sigemptyset(&ours.sa_mask);
  ::sigaction(SIGTERM, &ours, nullptr);
}

bool sigterm_came() noexcept { return came; }

void forget_sigterm() noexcept { ::signal(SIGTERM, SIG_DFL); }

}  // namespace hocket::app
