#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/session.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::http::detail {

struct origin;

/// One connection with its parser and the bytes that were received and not looked at yet.
class connection {
 public:
  explicit connection(byte_stream opened) noexcept : stream(std::move(opened)) {}

  byte_stream stream;
  response_parser parser;
  buffer received;
  std::string_view rest;  // of `received`
  std::string request;    // the head being sent; kept for its memory
  time_point idle_since{};
  bool reused = false;
};

/// An origin ("http://host:port") that the session talks to: who may use it, and the connections that rest.
struct origin {
  explicit origin(std::string name, std::size_t limit) : name(std::move(name)), slots(limit) {}
  std::string name;
  semaphore slots;
  std::vector<std::unique_ptr<connection>> idle;  // used last: at the back
  std::size_t users = 0;                          // that hold or wait for a slot
};

/// The right to use one connection of an origin; the connection too, once there is one.
class lease {
 public:
  lease() noexcept = default;
  lease(connection_pool& pool, origin& from) noexcept : pool_(&pool), origin_(&from) {}
  lease(lease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), origin_(other.origin_), connection_(std::move(other.connection_)) {}
  lease& operator=(lease&& other) noexcept;
  ~lease() { give_up(); }

  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }
  connection* operator->() const noexcept { return connection_.get(); }
  [[nodiscard]] bool has_connection() const noexcept { return connection_ != nullptr; }
  void use(std::unique_ptr<connection> opened) noexcept { connection_ = std::move(opened); }
  /// Takes a connection that rests; false if there is none that is fresh.
  bool use_idle() noexcept;
  void close_connection() noexcept { connection_.reset(); }

  /// The connection may be used again.
  void keep() noexcept;
  /// Closes the connection, if there is one, and lets the next one in.
  void give_up() noexcept;

 private:
  connection_pool* pool_ = nullptr;
  origin* origin_ = nullptr;
  std::unique_ptr<connection> connection_;
};

/// All connections of a session.
class connection_pool {
 public:
  explicit connection_pool(session_options options) : options(std::move(options)), slots_(this->options.limit) {}
  ~connection_pool();
  connection_pool(const connection_pool&) = delete;

  /// Waits for the right to use a connection to the origin of `target`; takes one that rests if there is one.
  [[nodiscard]] coro<lease> acquire(const url& target);

  /// Opens a connection to the host of `target`.
  [[nodiscard]] coro<std::unique_ptr<connection>> open(const url& target);

  const session_options options;

 private:
  friend class lease;

  struct known_addresses {
    std::vector<socket_address> addresses;
    time_point until{};
  };

  origin& enter(const url& target);
  void leave(origin& from) noexcept;
  [[nodiscard]] coro<std::vector<socket_address>> addresses_of(const url& target);
  [[nodiscard]] coro<byte_stream> connect(const url& target);
  [[nodiscard]] coro<byte_stream> secure(byte_stream plain, std::string host);
  void rest(origin& where, std::unique_ptr<connection> used);
  [[nodiscard]] std::unique_ptr<connection> take_idle(origin& from) noexcept;
  void sweep() noexcept;

  semaphore slots_;
  security tls_;  // null until the first connection of https
  std::unordered_map<std::string, std::unique_ptr<origin>> origins_;
  std::unordered_map<std::string, known_addresses> known_;
  std::size_t idle_ = 0;
  bool sweeping_ = false;
  handle sweeper_;
};

}  // namespace hocket::http::detail
