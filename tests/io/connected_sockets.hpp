#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <sys/socket.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket::testing {

/// A listener at a free port of 127.0.0.1.
inline tcp_listener listen_on_loopback(listen_options options = {}) {
  return tcp_listener::listen(*socket_address::parse("127.0.0.1", 0), options);
}

/// The two ends of one connection.
struct connected_sockets {
  tcp_socket client;
  tcp_socket server;
};

inline coro<connected_sockets> connect_on_loopback() {
  auto listener = listen_on_loopback();
  auto client = co_await tcp_socket::connect(listener.local_address());
  auto server = co_await listener.accept();
  co_return connected_sockets{std::move(client), std::move(server)};
}

/// Everything that the peer sends until it closes.
template <class Stream>
coro<std::string> receive_to_end(Stream& from) {
  std::string all;
  for (;;) {
    const buffer piece = co_await from.receive();
    if (!piece) co_return all;
    all += piece.text();
  }
}

/// Sends until the peer's and the system's buffers are full and the sender waits. The bytes must outlive the task.
inline task<void> send_in_background(tcp_socket& to, std::string_view bytes) {
  return create_task(
      [](tcp_socket& socket, std::string_view all) -> coro<void> { co_await socket.send_all(all); }(to, bytes));
}

/// Cancels the task: true if that ends it, without the peer's help. If it does not, asks again, so that the test can go on.
template <class T>
coro<bool> cancelling_ends(task<T> waiting) {
  waiting.cancel();
  co_await sleep(std::chrono::seconds(1));
  if (waiting.done()) co_return waiting.was_cancelled();
  waiting.cancel();
  static_cast<void>(co_await as_result(std::move(waiting)));
  co_return false;
}

/// Closes with a reset instead of an orderly end.
inline void reset(tcp_socket& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.close();
}

}  // namespace hocket::testing
