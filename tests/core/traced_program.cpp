// A program of which the trace is known, for trace_test.py. Its argument says what it does at the end: "stays" says "ready" and waits for long,
// "sends" sends five bytes to itself, "forks" runs the same in a copy of the process, "threads" runs it on two more threads, at one time.

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/unix_socket.hpp>

using namespace std::chrono_literals;

namespace {

hocket::coro<void> nap(hocket::duration length) {
  co_await hocket::sleep(length);  // here: nap
}

hocket::coro<void> fail() {
  co_await hocket::sleep(0s);
  throw std::runtime_error("it failed");
}

hocket::coro<void> work() {
  auto napping = hocket::create_task(nap(1ms), {.name = "a \"nap\"\n\xff"});
  auto failing = hocket::create_task(fail(), {.name = "failing"});
  auto endless = hocket::create_task(nap(1h), {.name = "endless"});
  auto eager = hocket::create_task(nap(0s), {.name = "eager", .eager_start = true});
  co_await napping;  // here: join
  co_await eager;
  endless.cancel();
  try {
    co_await failing;
  } catch (const std::runtime_error&) {
  }
}

hocket::coro<void> work_and_stay() {
  co_await work();
  hocket::loop::running().call_soon([] {  // when this waits
    std::puts("ready");
    std::fflush(stdout);
  });
  co_await hocket::sleep(1h);
}

hocket::coro<void> work_and_send() {
  co_await work();
  auto [here, there] = hocket::unix_socket::pair();
  auto receiving =
      hocket::create_task([](hocket::unix_socket& from) -> hocket::coro<void> { co_await from.receive(); }(here));
  co_await hocket::sleep(0s);  // so that it waits
  co_await there.send_all("hello");
  co_await receiving;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view then = count > 1 ? words[1] : "";
  hocket::run(then == "stays" ? work_and_stay() : then == "sends" ? work_and_send() : work());
  if (then == "forks") {
    if (const pid_t child = ::fork(); child > 0)
      ::waitpid(child, nullptr, 0);
    else
      hocket::run(work());
  }
  if (then == "threads") {
    std::thread one([] { hocket::run(work()); });
    std::thread other([] { hocket::run(work()); });
    one.join();
    other.join();
  }
}
