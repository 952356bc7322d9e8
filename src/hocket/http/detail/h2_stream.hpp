#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// One message each way on a connection of HTTP/2: the body that comes, held back by its window while nobody takes it, and the body that goes.
class h2_stream : public body_source {
 public:
  /// The session lives longer.
  h2_stream(h2_session& session, std::int32_t id) noexcept : session_(session), id_(id) {}
  /// A client's, which has no number before its request is submitted.
  explicit h2_stream(h2_session& session) noexcept : h2_stream(session, 0) {}
  h2_stream(const h2_stream&) = delete;
  h2_stream& operator=(const h2_stream&) = delete;
  ~h2_stream() override;

  [[nodiscard]] std::int32_t id() const noexcept { return id_; }

  // ---- what comes

  /// See `body_source`. Throws std::system_error (connection_reset), or what `why_closed` says, once the peer has given the stream up: after what
  /// has come before.
  coro<std::string_view> next() override;
  /// `next` in two: waits until there is something to take, and takes it. Precondition of `take`: `has_news`.
  [[nodiscard]] coro<void> wait_for_news();
  [[nodiscard]] bool has_news() const noexcept { return !arrived_.empty() || is_whole_ || failure_ != nullptr; }
  [[nodiscard]] std::string_view take();
  /// See `body_source`.
  [[nodiscard]] const headers& trailers() const noexcept override;
  /// All of the body has come.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  /// From here on every call of `next` throws it.
  void fail(std::exception_ptr why) noexcept;

  // ---- what goes

  /// Sends a piece of the body, the last one or not, once the head was submitted; it is borrowed meanwhile. Suspends while the peer takes
  /// nothing. Throws std::system_error (connection_reset) if the peer has given the stream up, `timeout_error` after `limit` or when nothing of
  /// it was taken for `silence`, `cancelled`; then the body cannot go on: `invalid_state_error` of each further call.
  [[nodiscard]] coro<void> send(std::string_view piece, bool is_last, duration limit = duration::max(),
                                duration silence = duration::max());
  /// Goes behind the last piece of the body, with which it counts as sent. Throws hocket::error of more than a head may be.
  void send_behind(headers trailers);
  /// Of a server's: sends an interim reply, and waits until it has gone out. Throws std::system_error (connection_reset), `timeout_error`,
  /// `cancelled`; what comes behind is not harmed by either.
  [[nodiscard]] coro<void> send_interim(int status, const headers& fields, duration limit);
  /// A part of the body is missing from here on: nothing more of it is sent, for the peer would take what follows for that part.
  void break_off_body() noexcept { is_broken_off_ = true; }
  /// The last piece was sent, as far as this is the stream's affair: no reset can take it back.
  [[nodiscard]] bool has_sent_last() const noexcept { return has_sent_last_; }

  /// Neither side has anything more to say, or one has given the stream up.
  [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
  void reset(h2_error why);
  /// From here on its DATA are of another protocol, both ways. A head is none of that: it resets the stream (RFC 9113, 8.5).
  void become_tunnel() noexcept { is_tunnel_ = true; }
  [[nodiscard]] bool is_tunnel() const noexcept { return is_tunnel_; }
  /// The connection has ended under it.
  void lose() noexcept { close(0); }
  /// Ends it at once, both ways: whoever waits for it is told.
  void cut_off() noexcept;

 protected:
  /// A field of its head. Pseudo-header fields are fields whose names begin with a colon, and come first.
  virtual void take_field(std::string_view name, std::string_view value) = 0;
  /// False: it was an interim one, and another follows.
  virtual bool head_ends() = 0;
  /// A field behind the body: `keep_trailer` keeps it if it may stand there, unless it is too much.
  virtual void take_trailer(std::string_view name, std::string_view value) = 0;
  void keep_trailer(std::string_view name, std::string_view value);
  [[nodiscard]] std::size_t trailers_so_far() const noexcept { return trailers_.size(); }
  /// The stream is closed, the peer's body perhaps cut off.
  virtual void was_closed() noexcept {}
  /// By `cut_off`. May throw std::bad_alloc.
  virtual void was_cut_off() {}
  /// What `next` throws of a body that was cut off. RFC 9113, 7
  [[nodiscard]] virtual std::exception_ptr why_closed(std::uint32_t code) const noexcept;

  /// What `next` throws when it has given all that came.
  [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }
  [[nodiscard]] bool is_reset_by_peer() const noexcept { return is_reset_by_peer_; }
  [[nodiscard]] bool is_broken_off() const noexcept { return is_broken_off_; }

  h2_session& session_;

 private:
  friend class h2_session;
  friend struct h2_callbacks;

  void take_data(std::string_view piece);
  void end_body() noexcept;
  void close(std::uint32_t code) noexcept;
  void give_credit();

  // What nghttp2 asks of the body that goes.
  [[nodiscard]] bool has_to_send() const noexcept { return !pending_.empty() || is_last_; }
  [[nodiscard]] std::string_view take_pending(std::size_t size) noexcept;
  void head_was_sent(bool ends_stream) noexcept;
  void end_sending() noexcept;
  [[nodiscard]] coro<void> wait_until_sent(duration limit, duration silence);

  std::int32_t id_;
  bool has_head_ = false;  // of the peer
  bool is_whole_ = false;
  bool has_given_end_ = false;  // of the body
  bool is_closed_ = false;
  bool is_tunnel_ = false;
  bool is_reset_by_peer_ = false;
  bool is_last_ = false;  // nothing comes behind what is pending
  bool has_sent_last_ = false;
  bool is_broken_off_ = false;  // of the body that goes a part was not sent
  headers trailers_;
  headers trailers_out_;
  std::size_t interim_ = 0;  // replies that have not gone out
  std::string arrived_;
  std::string taken_;     // the piece that was given last
  std::size_t owed_ = 0;  // of it: the peer may send as many again when the next is asked for
  std::exception_ptr failure_;
  event news_;
  std::string_view pending_;
  time_point taken_at_;  // something of what is pending, or it was offered
  event sent_;
};

}  // namespace hocket::http::detail
