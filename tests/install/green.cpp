// Green threads and deferreds, installed: a library that blocks shares a loop with a deferred. Prints "5".
#include <cstdio>

#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/deferred.hpp>
#include <hocket/green.hpp>

hocket::coro<int> amain() {
  auto green = hocket::green::spawn([] {
    ::usleep(1000);
    return 2;
  });
  const int later = co_await hocket::defer_later(std::chrono::milliseconds(1), [] { return 3; });
  co_return co_await green + later;
}

int main() {
  hocket::green::patch_all();
  std::printf("%d\n", hocket::run(amain()));
}
