// Large bodies: transfer serve PORT FILE | get PORT | put PORT FILE.
// The server sends the file to whoever gets, and reads away what is put; the client does the one or the other once.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

hocket::coro<http::reply> answer(http::request& asked, std::string path) {
  if (asked.method() == "GET") co_return http::file_reply(asked, co_await hocket::file::open(path), {});
  std::uint64_t count = 0;
  for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next()) count += piece.size();
  co_return http::reply::text(std::to_string(count));
}

hocket::coro<void> serve(std::uint16_t port, std::string path) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  http::server server(
      [path](http::request& asked) -> hocket::coro<http::reply> { co_return co_await answer(asked, path); });
  co_await server.serve(listener);
}

hocket::coro<void> get(std::string port) {
  http::session session({.decode = false});
  auto got = co_await session.get("http://127.0.0.1:" + port + "/body");
  got.raise_for_status();
  while (!(co_await got.next()).empty()) {
  }
  fmt::print("{}\n", got.received());
}

hocket::coro<void> put(std::string port, std::string path) {
  http::session session;
  auto from = co_await hocket::file::open(path);
  const auto size = static_cast<std::uint64_t>(from.size());
  http::request_options options;
  options.body = http::body::of_file(std::move(from), 0, size);
  auto got = co_await session.put("http://127.0.0.1:" + port + "/body", std::move(options));
  got.raise_for_status();
  co_await got.drain();
  fmt::print("{}\n", size);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 2 ? arguments[1] : "";
  if (what == "serve" && count == 4)
    hocket::run(serve(static_cast<std::uint16_t>(std::atoi(arguments[2])), arguments[3]));
  else if (what == "get")
    hocket::run(get(arguments[2]));
  else if (what == "put" && count == 4)
    hocket::run(put(arguments[2], arguments[3]));
  else
    return fmt::print(stderr, "usage: transfer serve PORT FILE | get PORT | put PORT FILE\n"), 2;
}
