// Uses the installed headers and libraries of several floors: prints "404".
#include <cstdio>

#include <hocket/flow.hpp>
#include <hocket/hocket.hpp>
#include <hocket/http.hpp>
#include <hocket/process_pool.hpp>

int same(int value) { return value; }

hocket::coro<int> amain() {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  hocket::http::server server([](hocket::http::request&) -> hocket::coro<hocket::http::reply> {
    co_return hocket::http::reply::text("nothing here\n", 404);
  });
  auto serving = hocket::create_task(server.serve(listener));
  hocket::http::session web;
  auto response = co_await web.get("http://" + listener.local_address().to_string() + "/");
  static_cast<void>(co_await response.text());
  serving.cancel();
  static_cast<void>(co_await hocket::as_result(serving));
  hocket::process_pool_executor pool({.max_workers = 1});
  const auto numbers = co_await (hocket::flow::just(response.status()) | hocket::flow::collect());
  co_return co_await hocket::run_in_executor<same>(pool, numbers.front());
}

int main() {
  hocket::serve_if_worker();
  std::printf("%d\n", hocket::run(amain()));
}
