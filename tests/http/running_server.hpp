#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <io/connected_sockets.hpp>

#include <hocket/core/task.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::testing {

/// An http::server that runs in a task of its own at a free port of 127.0.0.1. `stop` it before it goes.
class running_server {
 public:
  explicit running_server(http::handler handler, http::server_options options = {})
      : secure_(options.tls != nullptr),
        server(std::move(handler), std::move(options)),
        serving(create_task(server.serve(listener_))) {}
  running_server(const running_server&) = delete;

  [[nodiscard]] socket_address address() const { return address_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return fmt::format("{}://{}{}", secure_ ? "https" : "http", address_.to_string(), path);
  }

  /// Stops gracefully and waits for that.
  coro<void> stop() {
    serving.cancel();
    static_cast<void>(co_await as_result(serving));
  }

 private:
  tcp_listener listener_ = listen_on_loopback();
  socket_address address_ = listener_.local_address();
  bool secure_;

 public:
  http::server server;
  task<void> serving;
};

/// What the server answers to these bytes, to the end of the connection.
inline coro<std::string> answer_to(socket_address where, std::string bytes) {
  auto socket = co_await tcp_socket::connect(where);
  co_await socket.send_all(bytes);
  socket.shutdown_send();
  co_return co_await receive_to_end(socket);
}

/// Status codes of the responses in `bytes`, in order. Bodies must not look like status lines.
inline std::string statuses(std::string_view bytes) {
  std::string found;
  for (std::size_t at = bytes.find("HTTP/1.1 "); at != std::string_view::npos; at = bytes.find("HTTP/1.1 ", at + 1))
    found.append(found.empty() ? "" : " ").append(bytes.substr(at + 9, 3));
  return found;
}

/// What follows the first empty line.
inline std::string_view body_of(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : response.substr(end + 4);
}

inline bool has_line(std::string_view response, std::string_view line) {
  return response.find(fmt::format("\r\n{}\r\n", line)) != std::string_view::npos;
}

}  // namespace hocket::testing
