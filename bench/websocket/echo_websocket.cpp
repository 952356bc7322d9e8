// A WebSocket echo server on the public API, with all its checks, limits and heartbeats: echo_websocket PORT [deflate].
// What it is measured against stands in bench/README.md.

#include <cstdlib>
#include <string_view>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

hocket::coro<void> echo(http::websocket& socket) {
  http::websocket_message message;
  while (co_await socket.receive(message)) {
    if (message.is_text)
      co_await socket.send_text(message.data);
    else
      co_await socket.send_binary(message.data);
  }
}

hocket::coro<void> amain(std::uint16_t port, bool deflates) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  http::server server([deflates](http::request& asked) -> hocket::coro<http::reply> {
    http::accept_websocket_options options;
    if (!deflates) options.socket.deflate.reset();
    co_return http::accept_websocket(asked, echo, std::move(options));
  });
  co_await server.serve(listener);
}

}  // namespace

int main(int count, char** arguments) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
  hocket::run(amain(port, count > 2 && std::string_view(arguments[2]) == "deflate"));
}
