// Waits where the kernel lets nobody stop it: for a child of vfork(2), which ends when standard input does. With any argument, beside a thread
// that sleeps.

#include <cstdio>
#include <thread>

#include <unistd.h>

#include <hocket/core/run.hpp>

namespace {

hocket::coro<void> wait_for_child() {
  std::puts("ready");
  std::fflush(stdout);
  if (::vfork() == 0) {
    char each = 0;
    while (::read(STDIN_FILENO, &each, 1) > 0) {
    }
    ::_exit(0);
  }
  co_return;
}

}  // namespace

int main(int count, char**) {
  if (count > 1) std::thread([] { ::pause(); }).detach();
  hocket::run(wait_for_child());
}
