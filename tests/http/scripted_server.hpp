#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <io/connected_sockets.hpp>

#include <hocket/base/function.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/task.hpp>

namespace hocket::testing {

/// A server that does to each connection what the test says, well-behaved or not. Its tasks end with the loop.
class scripted_server {
 public:
  /// What happens to the n-th connection (from 0). The connection is closed when the script ends.
  using script = function<coro<void>(tcp_socket& peer, std::size_t nth)>;

  explicit scripted_server(script play) : state_(std::make_shared<state>(std::move(play))) {
    accepting_ = create_task(accept_all(state_));
  }
  ~scripted_server() { accepting_.cancel(); }
  scripted_server(const scripted_server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return state_->port; }
  /// "http://127.0.0.1:port" and `path`.
  [[nodiscard]] std::string url(std::string_view path = "/") const { return url_at("127.0.0.1", path); }
  [[nodiscard]] std::string url_at(std::string_view host, std::string_view path = "/") const {
    return fmt::format("http://{}:{}{}", host, port(), path);
  }

  /// Connections accepted so far, and how many of them are open.
  [[nodiscard]] std::size_t connections() const noexcept { return state_->accepted; }
  [[nodiscard]] std::size_t open() const noexcept { return state_->open; }
  [[nodiscard]] std::size_t most_open() const noexcept { return state_->most_open; }

  /// From now on nobody listens.
  void refuse() { state_->listener.close(); }

 private:
  struct state {
    explicit state(script play) : play(std::move(play)), port(listener.local_address().port()) {}
    script play;
    tcp_listener listener = listen_on_loopback();
    std::uint16_t port;
    std::size_t accepted = 0;
    std::size_t open = 0;
    std::size_t most_open = 0;
  };

  static coro<void> accept_all(std::shared_ptr<state> mine) {
    for (;;) {
      auto peer = co_await as_expected(mine->listener.accept());
      if (!peer) co_return;
      create_task(serve(mine, std::move(*peer), mine->accepted++));
    }
  }

  static coro<void> serve(std::shared_ptr<state> mine, tcp_socket peer, std::size_t nth) {
    mine->most_open = std::max(mine->most_open, ++mine->open);
    const auto outcome = co_await as_result(mine->play(peer, nth));
    --mine->open;
    if (!outcome && is_cancelled(outcome.error())) throw cancelled{};  // other errors: the client has gone
  }

  std::shared_ptr<state> state_;
  task<void> accepting_;
};

/// The next request without a body, to its empty line; nothing if the client has closed.
template <class Stream>
coro<std::string> read_request(Stream& from) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const buffer piece = co_await from.receive();
    if (!piece) co_return std::string();
    head += piece.text();
  }
  co_return head;
}

/// The target of a request: "/path" of "GET /path HTTP/1.1".
inline std::string target_of(std::string_view request) {
  const std::size_t begin = request.find(' ') + 1;
  return std::string(request.substr(begin, request.find(' ', begin) - begin));
}

/// A whole response with a length. `fields` are lines, each with its CRLF.
inline std::string response_text(int status, std::string_view body, std::string_view fields = "") {
  return fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: {}\r\n\r\n{}", status, fields, body.size(), body);
}

inline std::string redirect_to(std::string_view location, int status = 302) {
  return response_text(status, "", fmt::format("Location: {}\r\n", location));
}

/// A script that answers every request of every connection.
template <class Answer>
scripted_server::script answering(Answer answer) {
  return [answer = std::move(answer)](tcp_socket& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await read_request(peer);
      if (request.empty()) co_return;
      co_await peer.send_all(answer(request));
    }
  };
}

/// A script that reads a request, sends `bytes` and closes.
inline scripted_server::script answering_once_with(std::string bytes) {
  return [bytes = std::move(bytes)](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(bytes);
  };
}

}  // namespace hocket::testing
