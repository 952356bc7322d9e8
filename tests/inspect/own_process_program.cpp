// Writes the tree of its own tasks when a signal comes (own_process_test.cpp), to its standard output: while its loops wait, or, with the word "blocked",
// while one of them stands still. Ends when its standard input does.

#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>

#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/inspect/own_process.hpp>

using namespace std::chrono_literals;

namespace {

// In a call that the thread sanitizer knows: elsewhere it keeps signals back.
void wait_for_end_of_input() {
  for (char each = 0; ::read(STDIN_FILENO, &each, 1) > 0;) {
  }
}

hocket::coro<void> nap() { co_await hocket::sleep(1h); }

hocket::coro<void> work(bool blocked) {
  auto napping = hocket::create_task(nap(), {.name = "napping"});
  auto joining = hocket::create_task([](hocket::task<void> other) -> hocket::coro<void> { co_await other; }(napping),
                                     {.name = "joining"});
  co_await hocket::sleep(1ms);
  if (blocked) {
    std::puts("ready");
    std::fflush(stdout);
    wait_for_end_of_input();
  } else {
    hocket::inspect::print_tree(stdout);
    hocket::loop::running().call_soon([] { std::puts("ready"), std::fflush(stdout); });
    co_await hocket::to_thread(wait_for_end_of_input);
  }
  std::quick_exit(0);
}

}  // namespace

int main(int count, char** words) {
  ::dup2(STDOUT_FILENO, STDERR_FILENO);
  hocket::inspect::print_on_signal();
  hocket::run(work(count > 1 && std::string_view(words[1]) == "blocked"));
}
