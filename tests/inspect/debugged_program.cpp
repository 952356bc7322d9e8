// A program that a debugger stops where everything has a known state.

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/exchange.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/sync/barrier.hpp>
#include <hocket/sync/bounded_semaphore.hpp>
#include <hocket/sync/capacity_limiter.hpp>
#include <hocket/sync/condition.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/memory_channel.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/memory_stream.hpp>

using namespace std::chrono_literals;
namespace http = hocket::http;

namespace shop {

hocket::coro<void> nap() { co_await hocket::sleep(1h); }

hocket::async_generator<int> numbers() {
  co_yield 1;
  co_await nap();
}

hocket::generator<int> letters() { co_yield 'a'; }

struct goods {
  hocket::lock key;
  hocket::lock spare_key;
  hocket::event opened;
  hocket::semaphore carts{3};
  hocket::bounded_semaphore baskets{2};
  hocket::condition restocked;
  hocket::barrier meeting{3};
  hocket::capacity_limiter tills{2};
  hocket::queue<int> orders{5};
  std::pair<hocket::memory_send_channel<int>, hocket::memory_receive_channel<int>> belt =
      hocket::open_memory_channel<int>(4);
  hocket::http::headers fields;
  hocket::task<void> keeper;
  hocket::any_task anybody = hocket::current_task();
  hocket::task<void> nobody;
  hocket::future<int> price{};
  hocket::cancel_scope night{{.deadline = hocket::loop::running().time() + 2h}};
  hocket::timeout patience{30min};
  hocket::timeout unused{std::nullopt};
  hocket::task_group* staff = nullptr;
  hocket::async_generator<int> counted = numbers();
  hocket::async_generator<int> uncounted = numbers();
  hocket::generator<int> spelled = letters();
  hocket::unix_socket here;
  hocket::tcp_listener* door = nullptr;
  hocket::byte_stream line;
  hocket::byte_stream closed;
  hocket::byte_stream simulated;
  hocket::url address = *hocket::url::parse("http://example.org/?a=1");
  http::request* asked = nullptr;
  http::response* answer = nullptr;
  http::reply given{.status = 404, .body = std::string("gone")};
};

[[gnu::noinline]] void look_at(goods& all) { asm volatile("" : : "r"(&all) : "memory"); }

hocket::coro<void> keep(hocket::lock& key) {
  auto held = co_await key.scoped_lock();
  co_await nap();
}

hocket::coro<void> wait_for(hocket::any_task other) { co_await other; }

hocket::coro<void> await_stock(hocket::condition& restocked) {
  auto held = co_await restocked.scoped_lock();
  co_await restocked.wait();
}

hocket::coro<void> meet(hocket::barrier& meeting) { co_await meeting.wait(); }

hocket::coro<void> work_at_night(goods& all) { co_await all.night.run(all.patience.run(nap())); }

hocket::coro<void> employ(goods& all) {
  co_await hocket::with_task_group([&all](hocket::task_group& group) -> hocket::coro<void> {
    all.staff = &group;
    group.create_task(nap(), {.name = "clerk"});
    group.create_task(nap(), {.name = "cook"});
    co_return;
  });
}

/// Answers the first request, and keeps the second.
class front {
 public:
  explicit front(goods& all) noexcept : all_(all) {}

  hocket::coro<http::reply> operator()(http::request& asked) {
    if (asked.path() == "/open") co_return http::reply::text("hello");
    all_.asked = &asked;
    co_await nap();
    co_return http::reply();
  }

 private:
  goods& all_;
};

hocket::coro<void> ask(http::session& web, std::string url) { co_await web.get(std::string_view(url)); }

hocket::coro<void> open() {
  goods all;
  all.keeper = hocket::create_task(keep(all.key), {.name = "keeper"});
  auto second = hocket::create_task(keep(all.key), {.name = "second"});
  all.anybody = hocket::create_task(wait_for(all.keeper));
  auto stocking = hocket::create_task(await_stock(all.restocked));
  auto meeting = hocket::create_task(meet(all.meeting));
  auto working = hocket::create_task(work_at_night(all));
  auto employing = hocket::create_task(employ(all));
  auto cart = co_await all.carts.scoped_acquire();
  auto till = co_await all.tills.scoped_acquire();
  for (const int each : {7, 8}) co_await all.orders.put(each);
  co_await all.belt.first.send(1);
  co_await all.counted.next();
  for ([[maybe_unused]] const int each : all.spelled) {
  }
  all.fields.add("Content-Type", "text/html");
  all.fields.add("Set-Cookie", "a=1");
  auto pair = hocket::unix_socket::pair();
  all.here = std::move(pair.first);
  all.line = hocket::byte_stream(std::move(pair.second));
  all.simulated = std::move(hocket::testing::memory_streams().client);

  http::server web(front{all});
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  all.door = &listener;
  const std::string url = "http://" + listener.local_address().to_string();
  auto serving = hocket::create_task(web.serve(listener));
  http::session client;
  auto answer = co_await client.get(std::string_view(url + "/open"));
  all.answer = &answer;
  auto asking = hocket::create_task(ask(client, url + "/page"));
  while (all.asked == nullptr) co_await hocket::sleep(1ms);
  co_await hocket::testing::wait_all_tasks_blocked();
  look_at(all);
  std::quick_exit(0);
}

}  // namespace shop

int main() { hocket::run(shop::open()); }
