#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/client/detail/h2_client_stream.hpp>
#include <hocket/http/client/detail/outgoing_request.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/http/detail/h2_writer.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/handle.hpp>

namespace hocket::http::detail {

/// A client's end of a connection of HTTP/2, for many requests at once. A task of its own reads and writes, and owns it; it ends when the
/// connection does.
class h2_client_connection final : private h2_session, public std::enable_shared_from_this<h2_client_connection> {
 public:
  /// Has `handshake` of time until the peer acknowledges our settings. `options` need not stay.
  h2_client_connection(byte_stream opened, const http2_client_options& options, duration handshake);
  ~h2_client_connection() override;

  /// Starts the task. Once, before all else.
  void start();

  /// A new request can be sent on it.
  [[nodiscard]] bool takes_requests() const noexcept { return !is_ending() && !is_doubted_; }
  /// It will never take one again.
  [[nodiscard]] bool is_ending() const noexcept { return is_leaving_ || writer_.is_finishing(); }
  /// How many at once both sides allow; nothing: the peer has not said yet.
  [[nodiscard]] std::optional<std::size_t> most_requests() const noexcept;
  /// The server takes websockets on it, and there is room for one more: half of its streams are for requests.
  [[nodiscard]] bool takes_websocket() const noexcept;
  /// Calls `tell`, in passing, whenever that changes, when the last stream has gone, and when it is ending. Never after `close`, which may be
  /// called from there.
  void watch(function<void()> tell) noexcept { changed_ = std::move(tell); }
  /// A stream for one.
  [[nodiscard]] std::shared_ptr<h2_client_stream> make_stream();
  /// The same for a websocket, which has its place from here on. Precondition: `takes_websocket`.
  [[nodiscard]] std::shared_ptr<h2_client_stream> make_stream_for_websocket();

  [[nodiscard]] std::size_t live() const noexcept {
    return live_;
  }  ///< streams that are there, for requests that were or will be sent
  [[nodiscard]] time_point idle_since() const noexcept { return idle_since_; }
  /// It takes no more requests, and ends when none is under way.
  void close() noexcept;

 private:
  friend class h2_client_stream;

  // h2_session
  void stream_ends(h2_stream&) noexcept override {}
  void ping_answered() override {}
  void settings_come() override;
  void settings_acknowledged() override { is_acknowledged_ = true; }
  void peer_leaves(std::int32_t last, std::uint32_t why) override;

  /// Of the request on that stream; what it may refer to is read before this returns. Throws `request_not_processed`, `client_error`.
  void submit(h2_client_stream& on, const outgoing_request& request, bool has_body);
  void join(h2_client_stream& made) noexcept;
  void leave(h2_client_stream& ended) noexcept;
  void tunnel_begins() noexcept;
  /// What was asked for and has not been answered is the server's to say something about; on a tunnel either side may be silent.
  [[nodiscard]] bool is_owed_something() const noexcept { return live_ > tunnels_; }
  /// A request was given up that waited for the peer. If that has said nothing for long it is asked whether it is there (PING); until it says
  /// anything no more requests are taken, and after `ping_timeout` the connection ends. Throws std::bad_alloc.
  void doubt();
  /// What was spoken on a stream was broken off. On a silent connection that may be because the peer is gone: it is asked, and without an answer
  /// within a second the connection is in doubt. Throws std::bad_alloc.
  void ask();
  void tell_change() noexcept;
  [[nodiscard]] socket_address peer() const noexcept;

  static coro<void> run(std::shared_ptr<h2_client_connection> mine);
  void is_gone() noexcept;
  coro<void> serve();
  coro<void> read();
  void hear() noexcept;
  coro<std::optional<buffer>> receive_more();
  [[nodiscard]] std::optional<time_point> end_of_patience() const noexcept;
  void lose_patience();
  void send_ping();
  void lose_doubted();
  [[nodiscard]] std::exception_ptr reason_of_end() const;
  coro<void> write();
  coro<void> write_all();
  coro<void> say_farewell(task<void> writing);

  byte_stream stream_;
  http2_client_options options_;
  time_point acknowledged_by_;
  intrusive_list<h2_client_stream> streams_;
  std::size_t live_ = 0;
  std::size_t tunnels_ = 0;            // of these
  std::size_t places_of_tunnels_ = 0;  // with those that are asked for
  time_point idle_since_;
  std::optional<std::size_t> most_requests_;
  function<void()> changed_;

  cancel_scope reading_;
  h2_writer writer_;
  time_point heard_;                              // the last byte
  std::optional<time_point> silent_since_;        // while it owes us something
  std::optional<time_point> owes_nothing_since_;  // but has said nothing since it did
  std::optional<time_point> pinged_;              // not answered by anything yet
  handle doubted_until_;
  std::optional<std::uint32_t> farewell_;  // the peer's, and why
  std::exception_ptr failure_;             // what has ended it
  bool is_acknowledged_ = false;           // what our settings say
  bool is_closed_ = false;                 // nobody is told of changes any more
  bool is_doubted_ = false;                // nobody knows whether the peer is there
  bool is_leaving_ = false;                // takes no more requests, and ends with the last
  bool is_broken_ = false;                 // nothing more can be
};

}  // namespace hocket::http::detail
