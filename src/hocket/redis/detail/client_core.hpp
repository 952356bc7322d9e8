#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/call.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/detail/in_flight.hpp>
#include <hocket/redis/detail/leased_connection.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::redis::detail {

/// What a `client` is made of: the calls that wait, those that are with the server, and the task that has the connection. Shared with
/// that task and with calls.
class client_core : public std::enable_shared_from_this<client_core> {
 public:
  explicit client_core(client_options options);
  client_core(const client_core&) = delete;

  /// Somebody is about to wait in `line()`. Throws `client_closed`.
  void expect_call();
  [[nodiscard]] ready_queue& line() noexcept { return waiting_; }
  /// It was sent, and nobody waits for it any more.
  void withdraw(call_base& call) noexcept;
  /// Somebody has left the line.
  void tell_if_idle() noexcept;

  /// Takes no more, waits for what is under way for `close_timeout`, ends. Cancelled, it ends at once.
  coro<void> close(std::shared_ptr<client_core> keeper);
  /// Ends at once: all calls fail.
  void abort() noexcept;
  /// The client goes.
  void let_go() noexcept;

  void set_on_push(function<void(const reply&)> handler) { on_push_ = std::move(handler); }
  void set_on_lost(function<void()> handler) { on_lost_ = std::move(handler); }

  [[nodiscard]] const client_options& options() const noexcept { return options_; }
  [[nodiscard]] session_pool& sessions() noexcept { return *sessions_; }
  [[nodiscard]] bool is_connected() const noexcept { return connection_ != nullptr; }
  [[nodiscard]] std::size_t in_flight_calls() const noexcept { return in_flight_.size(); }

 private:
  static coro<void> run(std::shared_ptr<client_core> mine);
  coro<void> serve_all();
  coro<void> serve_once();
  coro<std::shared_ptr<connection>> connect();
  coro<void> read();
  coro<void> write();
  coro<void> write_all();
  coro<void> wait_until_idle();
  coro<void> watch();

  [[nodiscard]] bool wants_connection() noexcept { return !is_over_ && !waiting_.empty(); }
  void take(reply&& found);
  [[nodiscard]] bool has_room_for(const call_base& next) noexcept;
  void collect();
  [[nodiscard]] std::exception_ptr reason_of_end() const;
  void lose(const std::exception_ptr& why);
  void fail(call_base& call, const std::exception_ptr& why) noexcept;
  void fail_waiting(const std::exception_ptr& why) noexcept;
  void expire(time_point now);
  [[nodiscard]] time_point next_look(time_point now) noexcept;

  client_options options_;
  std::shared_ptr<session_pool> sessions_;
  ready_queue waiting_;  // calls that were not sent
  in_flight in_flight_;
  std::shared_ptr<connection> connection_;
  std::optional<task<void>> running_;  // while there is a connection, or somebody who wants one
  event has_work_;                     // for the writer
  event is_idle_;                      // nobody waits for an answer
  event has_ended_;                    // the task
  std::string sending_;
  std::exception_ptr failure_;  // of this connection, before its reader has seen it
  time_point quiet_since_{};    // nothing has come, nor was anything due before
  unsigned failures_ = 0;       // of connections, since the last answer
  bool ping_due_ = false;
  bool is_closing_ = false;
  bool is_over_ = false;
  function<void(const reply&)> on_push_;
  function<void()> on_lost_;
};

}  // namespace hocket::redis::detail
