#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::redis::detail {

class session_pool;

/// A connection of the pool that somebody has for himself.
class leased_connection : public list_link<> {
 public:
  leased_connection(std::shared_ptr<session_pool> from, std::unique_ptr<connection> made) noexcept;
  leased_connection(const leased_connection&) = delete;
  ~leased_connection();

  coro<reply> ask(request what, duration blocks);
  coro<std::vector<reply>> ask_all(std::vector<request> what);

  [[nodiscard]] bool is_open() const noexcept { return !is_over_ && connection_->is_open(); }
  void keep() noexcept { may_be_kept_ = true; }
  /// Whoever had it lets go; who still waits on it fails.
  void end() noexcept;
  void abort() noexcept;

 private:
  class use;
  coro<std::vector<reply>> exchange(std::string bytes, std::size_t answers);
  coro<std::vector<reply>> ask_in_time(std::string bytes, std::size_t answers, duration limit);

  std::shared_ptr<session_pool> pool_;
  std::unique_ptr<connection> connection_;
  bool is_busy_ = false;
  bool is_over_ = false;
  bool may_be_kept_ = false;
};

/// Connections for one task each: so many at once, and those that rest are used again.
class session_pool : public std::enable_shared_from_this<session_pool> {
 public:
  explicit session_pool(const client_options& options) : options_(options), slots_(options.max_sessions) {}
  session_pool(const session_pool&) = delete;

  /// Waits while there are `max_sessions`, first come, first served. Throws what `connection::open` throws, `client_closed`.
  [[nodiscard]] coro<std::shared_ptr<leased_connection>> acquire(std::shared_ptr<session_pool> keeper);
  /// All end, and there will be no more.
  void abort() noexcept;

  [[nodiscard]] const client_options& options() const noexcept { return options_; }

 private:
  friend class leased_connection;

  void require_open() const;
  [[nodiscard]] std::unique_ptr<connection> take_idle() noexcept;

  const client_options options_;
  semaphore slots_;
  intrusive_list<leased_connection> leased_;
  std::vector<std::unique_ptr<connection>> idle_;
  bool is_over_ = false;
};

}  // namespace hocket::redis::detail
