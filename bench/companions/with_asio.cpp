// Boost.Asio beside companions.cpp: awaits a function that does nothing on a pool of one thread. with_asio thread

#include <chrono>
#include <cstdio>
#include <string_view>

#include <boost/asio.hpp>

namespace net = boost::asio;

namespace {

constexpr long calls = 100'000;

net::awaitable<void> nothing() { co_return; }

net::awaitable<void> measure(net::thread_pool& pool) {
  const auto begin = std::chrono::steady_clock::now();
  for (long n = 0; n < calls; ++n) co_await net::co_spawn(pool, nothing(), net::use_awaitable);
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
  std::printf("thread %.1f\n", spent.count() / calls);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || std::string_view(arguments[1]) != "thread") return 2;
  net::io_context loop;
  net::thread_pool pool(1);
  net::co_spawn(loop, measure(pool), net::detached);
  loop.run();
}
