// A TCP echo server, one coroutine a connection, on the public API: echo PORT [--byte-stream].
// What it is measured against stands in bench/README.md.

#include <cstdlib>
#include <string_view>

#include <hocket/hocket.hpp>

namespace {

template <class Connection>
hocket::coro<void> serve(Connection peer) {
  while (auto bytes = co_await peer.receive()) co_await peer.send_all(bytes.text());
}

template <class Connection>
hocket::coro<void> amain(std::uint16_t port) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  for (;;) {
    auto peer = co_await hocket::as_expected(listener.accept());
    if (peer) hocket::create_task(serve(Connection(std::move(*peer))));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
  const bool as_stream = count > 2 && std::string_view(arguments[2]) == "--byte-stream";
  hocket::run(as_stream ? amain<hocket::byte_stream>(port) : amain<hocket::tcp_socket>(port));
}
