#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/route.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::http::detail {

/// Where connections lead: who may use one, and those that rest.
struct destination {
  explicit destination(std::string key, std::size_t limit) : key(std::move(key)), slots(limit) {}
  std::string key;
  semaphore slots;
  std::vector<std::shared_ptr<h1_connection>> idle;  // used last: at the back
  std::size_t users = 0;                             // that hold or wait for a slot
};

class connection_pool;

/// The right to use one connection of a destination; the connection too, once there is one.
class lease {
 public:
  lease() noexcept = default;
  lease(connection_pool& pool, destination& from) noexcept : pool_(&pool), from_(&from) {}
  lease(lease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), from_(other.from_), connection_(std::move(other.connection_)) {}
  lease& operator=(lease&& other) noexcept;
  ~lease() { give_up(); }

  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }
  h1_connection* operator->() const noexcept { return connection_.get(); }
  [[nodiscard]] bool has_connection() const noexcept { return connection_ != nullptr; }
  void use(std::shared_ptr<h1_connection> opened) noexcept { connection_ = std::move(opened); }
  void close_connection() noexcept;

  /// The connection may be used again.
  void keep() noexcept;
  /// Closes the connection, if there is one, and lets the next one in.
  void give_up() noexcept;

 private:
  connection_pool* pool_ = nullptr;
  destination* from_ = nullptr;
  std::shared_ptr<h1_connection> connection_;
};

/// All connections of a session.
class connection_pool {
 public:
  /// The options stay where they are.
  explicit connection_pool(const session_options& options) : options_(options), slots_(options.limit) {}
  ~connection_pool();
  connection_pool(const connection_pool&) = delete;

  /// Waits for the right to use a connection by that route; takes one that rests if there is one. First come, first served.
  /// Throws `timeout_error` at the deadline, `cancelled`.
  [[nodiscard]] coro<lease> acquire(route where, time_point deadline, trace_point trace);

 private:
  friend class lease;

  destination& enter(std::string key);
  void leave(destination& from) noexcept;
  void rest(destination& where, std::shared_ptr<h1_connection> used);
  [[nodiscard]] std::shared_ptr<h1_connection> take_idle(destination& from) noexcept;
  void sweep() noexcept;

  const session_options& options_;
  semaphore slots_;
  std::unordered_map<std::string, std::unique_ptr<destination>> destinations_;
  std::size_t idle_ = 0;
  bool sweeping_ = false;
  handle sweeper_;
};

}  // namespace hocket::http::detail
