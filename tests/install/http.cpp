// Uses <hocket/http.hpp> and <hocket/http/json.hpp> alone: prints "404".
#include <cstdio>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run.hpp>
#include <hocket/http.hpp>
#include <hocket/http/json.hpp>

hocket::coro<int> amain() {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  hocket::http::server server([](hocket::http::request&) -> hocket::coro<hocket::http::reply> {
    co_return hocket::http::json_reply("nothing here", 404);
  });
  auto serving = hocket::create_task(server.serve(listener));
  hocket::http::session web;
  auto response = co_await web.get("http://" + listener.local_address().to_string() + "/");
  static_cast<void>(co_await response.text());
  serving.cancel();
  static_cast<void>(co_await hocket::as_result(serving));
  co_return response.status();
}

int main() { std::printf("%d\n", hocket::run(amain())); }
