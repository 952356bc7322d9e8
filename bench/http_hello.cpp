// An HTTP server that answers every request with twelve bytes, with all its checks and limits, over HTTP/1.1 or HTTP/2: http_hello PORT.
// What it is measured against stands in bench/README.md.

#include <cstdlib>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

hocket::coro<http::reply> hello(http::request& /*asked*/) { co_return http::reply::text("hello world\n"); }

hocket::coro<void> amain(std::uint16_t port) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  http::server server(
      hello,
      {.http2 = {.prior_knowledge = true}, .max_requests = 1'000'000'000, .wall_clock = hocket::system_wall_clock});
  co_await server.serve(listener);
}

}  // namespace

int main(int count, char** arguments) {
  hocket::run(amain(static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0)));
}
