// A program whose tasks are known, for who reads it (read_process_test.cpp): says "ready" when they all wait, and ends when its standard input does.

#include <chrono>
#include <cstdio>
#include <string_view>

#include <sys/prctl.h>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/blocked.hpp>

using namespace std::chrono_literals;

namespace shop {

hocket::coro<void> nap() { co_await hocket::sleep(1h); }  // here: nap

class till {
 public:
  hocket::coro<int> next() {
    co_return co_await orders_.get();  // here: orders
  }

 private:
  hocket::queue<int> orders_;
};

hocket::async_generator<int> numbers() {
  co_await nap();  // here: numbers
  co_yield 1;
}

hocket::coro<void> count() {
  auto all = numbers();
  co_await all.next();  // here: count
}

hocket::coro<void> listen(hocket::unix_socket& from) {
  co_await from.receive();  // here: listen
}

hocket::coro<void> hold(hocket::lock& key) {
  auto held = co_await key.scoped_lock();  // here: lock
  co_await nap();                          // here: hold
}

hocket::coro<void> look(hocket::task<void> other) {
  co_await hocket::shield(other);  // here: look
}

hocket::coro<void> first_of(std::vector<hocket::task<void>> naps) {
  auto ends = hocket::as_completed(naps);
  co_await ends.next();  // here: first
}

hocket::coro<void> team() {
  const auto hire = [](hocket::task_group& outer) -> hocket::coro<void> {
    outer.create_task(nap(), {.name = "outer nap"});
    outer.create_task(hocket::with_task_group([](hocket::task_group& inner) -> hocket::coro<void> {
                        inner.create_task(nap(), {.name = "inner nap"});
                        co_return;
                      }),
                      {.name = "inner group"});
    co_return;
  };
  co_await hocket::with_task_group(hire);  // here: team
}

hocket::coro<void> wait_for(std::vector<hocket::task<void>> naps) {
  co_await hocket::wait(naps);  // here: wait
}

hocket::coro<void> open() {
  till shop_till;
  hocket::lock key;
  auto [here, there] = hocket::unix_socket::pair();
  std::vector<hocket::task<void>> naps;
  naps.push_back(hocket::create_task(nap(), {.name = "shared nap"}));
  auto orders = hocket::create_task(shop_till.next(), {.name = "orders"});
  auto both = hocket::create_task(hocket::gather(nap(), nap()), {.name = "both"});
  auto group = hocket::create_task(team(), {.name = "team"});
  auto counting = hocket::create_task(count(), {.name = "counting"});
  auto listening = hocket::create_task(listen(here), {.name = "listening"});
  auto holding = hocket::create_task(hold(key), {.name = "holding"});
  auto queueing = hocket::create_task(hold(key), {.name = "queueing"});
  auto looking = hocket::create_task(look(naps.front()), {.name = "looking"});
  auto first = hocket::create_task(first_of(naps), {.name = "first of"});
  auto waiting = hocket::create_task(wait_for(naps), {.name = "waiting"});
  auto joined = hocket::create_task(
      [](hocket::task<void> awaited) -> hocket::coro<void> {
        co_await awaited;  // here: joined
      }(waiting),
      {.name = "joined"});
  co_await hocket::testing::wait_all_tasks_blocked();
  hocket::loop::running().call_soon([] {  // when this waits
    std::puts("ready");
    std::fflush(stdout);
  });
  co_await hocket::to_thread([] {  // here: open
    while (std::getchar() != EOF) {
    }
  });
  std::quick_exit(0);
}

}  // namespace shop

// With any argument it lets nobody but root look at it.
int main(int count, char**) {
  if (count > 1) ::prctl(PR_SET_DUMPABLE, 0);
  hocket::run(shop::open());
}
