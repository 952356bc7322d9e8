// Uses floors 0 to 4: prints "hello", which came over TCP.
#include <cstdio>

#include <hocket/hocket.hpp>

hocket::coro<void> answer(hocket::tcp_listener& listener) {
  auto peer = co_await listener.accept();
  co_await peer.send_all("hello");
}

hocket::coro<void> ask(std::uint16_t port) {
  auto peer = co_await hocket::connect_tcp("127.0.0.1", port);
  while (auto bytes = co_await peer.receive()) std::fwrite(bytes.text().data(), 1, bytes.text().size(), stdout);
}

hocket::coro<void> amain() {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  co_await hocket::gather(answer(listener), ask(listener.local_address().port()));
}

int main() { hocket::run(amain()); }
