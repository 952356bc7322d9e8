#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <http/scripted_server.hpp>

#include <hocket/redis/client_options.hpp>
#include <hocket/redis/detail/reply_parser.hpp>

namespace hocket::testing {

/// The server's end of a connection to a client of Redis.
class redis_peer {
 public:
  explicit redis_peer(tcp_socket& connection) noexcept : connection_(connection) {}

  /// The words of the next command, blanks between them; empty at the end.
  [[nodiscard]] coro<std::string> next() {
    while (true) {
      if (const auto found = parser_.next(rest_)) co_return words_of(*found);
      received_ = {};
      received_ = co_await connection_.receive();
      if (!received_) co_return std::string();
      ++receives_;
      rest_ = received_.text();
    }
  }
  /// The next one must be this.
  [[nodiscard]] coro<void> expect(std::string wanted) {
    const std::string found = co_await next();
    EXPECT_EQ(found, wanted);
  }
  [[nodiscard]] coro<void> say(std::string bytes) { co_await connection_.send_all(bytes); }
  /// Answers the greeting.
  [[nodiscard]] coro<void> greet() {
    co_await expect("HELLO 3");
    co_await say("%1\r\n+server\r\n+redis\r\n");
    co_await expect("PING");
    co_await say("+PONG\r\n");
  }
  /// Answers everything with OK, until the client goes.
  [[nodiscard]] coro<void> say_ok_to_all() {
    while (true) {
      const std::string found = co_await next();
      if (found.empty()) co_return;
      co_await say("+OK\r\n");
    }
  }

  /// Pieces in which bytes have come.
  [[nodiscard]] std::size_t receives() const noexcept { return receives_; }

 private:
  static std::string words_of(const redis::reply& command) {
    std::string words;
    for (const redis::reply& each : command.items()) words += (words.empty() ? "" : " ") + each.text();
    return words;
  }

  tcp_socket& connection_;
  redis::detail::reply_parser parser_;
  buffer received_;
  std::string_view rest_;
  std::size_t receives_ = 0;
};

inline redis::client_options options_for(const scripted_server& server) {
  return {.host = "127.0.0.1", .port = server.port()};
}

}  // namespace hocket::testing
