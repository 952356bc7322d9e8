// A TCP echo server, one coroutine a connection, on the public API: echo PORT.
// What it is measured against stands in bench/README.md.

#include <cstdlib>

#include <hocket/hocket.hpp>

namespace {

hocket::coro<void> serve(hocket::tcp_socket peer) {
  while (auto bytes = co_await peer.receive()) co_await peer.send_all(bytes.text());
}

hocket::coro<void> amain(std::uint16_t port) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  for (;;) {
    auto peer = co_await hocket::as_expected(listener.accept());
    if (peer) hocket::create_task(serve(std::move(*peer)));
  }
}

}  // namespace

int main(int count, char** arguments) {
  hocket::run(amain(static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0)));
}
