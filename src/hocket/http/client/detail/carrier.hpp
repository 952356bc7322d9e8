#pragma once

#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/answer_head.hpp>
#include <hocket/http/client/detail/outgoing_request.hpp>
#include <hocket/http/client/detail/patience.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// What carries an exchange of a request and its answer: a connection of HTTP/1.1, for one after the other, or a stream of one of HTTP/2, for
/// one.
///
/// After any exception it is of no further use, but for `cancelled` out of `next`. A `shared_ptr` owns it, if requests leave the sending to
/// `outgoing_request::senders`: what is sending keeps it alive.
class carrier {
 public:
  virtual ~carrier() = default;

  /// Sends a request and waits for the head of its answer. Throws `stale_connection`, `request_not_processed`, `server_disconnected`,
  /// `protocol_error`, `client_error`, `timeout_error`, std::system_error, what makes the body, `cancelled`.
  [[nodiscard]] virtual coro<void> exchange(const outgoing_request& request, patience limits, answer_head& answer) = 0;

  /// The next piece of the answer's body, valid until the next call; empty at its end. Throws what makes the request's body, too, if that
  /// is still being sent. Cancelled, it loses nothing: the next call goes on.
  [[nodiscard]] virtual coro<std::string_view> next() = 0;

  /// The fields behind the answer's body, once it has ended.
  [[nodiscard]] virtual headers take_trailers() = 0;

  /// The request's body may have been asked for a part of it.
  [[nodiscard]] virtual bool has_begun_body() const noexcept { return true; }

  /// Waits no longer than that from here on.
  virtual void hurry(time_point deadline) noexcept = 0;

  /// Nobody wants what is under way: ends it. A connection of HTTP/1.1 ends with it, one of HTTP/2 does not.
  virtual void abandon() noexcept = 0;

  /// The request has been sent and its answer been read to the end, and another may follow.
  [[nodiscard]] virtual bool can_be_used_again() const noexcept = 0;
};

}  // namespace hocket::http::detail
