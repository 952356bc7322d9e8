#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::http {

/// What a page's EventSource gets as one event.
struct server_event {
  std::string_view data{};               ///< UTF-8, of any number of lines, which arrive separated by '\n'
  std::string_view type{};               ///< for addEventListener; empty: "message"
  std::optional<std::string_view> id{};  ///< what Last-Event-ID says after a reconnection; empty: nothing any more
};

/// Writes events to a client. Several tasks may do so at once: events go out whole, in the order in which they were asked for.
/// Each call gives the client what it wrote at once, suspends while the client takes nothing, and throws as `body_writer::write`.
class event_writer {
 public:
  explicit event_writer(body_writer& to) noexcept : to_(to) {}
  event_writer(const event_writer&) = delete;
  event_writer& operator=(const event_writer&) = delete;

  /// The views must stay alive meanwhile. Throws `hocket::error` of a type or id with a line end, or an id with a NUL.
  [[nodiscard]] coro<void> send(server_event next);
  /// An event of data alone.
  [[nodiscard]] coro<void> send(std::string_view data);
  /// What no page sees: shows to proxies that there is life, and to us that there is none.
  [[nodiscard]] coro<void> comment(std::string_view text = {});
  /// Tells the client how long to wait before it connects again.
  [[nodiscard]] coro<void> retry(std::chrono::milliseconds pause);

  /// When something was written last.
  [[nodiscard]] time_point last_sent() const noexcept { return last_sent_; }

 private:
  coro<void> write(std::string text);

  body_writer& to_;
  lock turn_;
  time_point last_sent_{};
};

struct event_stream_options {
  /// After so long without an event a comment is sent: proxies drop connections that are silent, and only who writes finds out that
  /// the client has gone. None: never.
  std::optional<duration> heartbeat = std::chrono::seconds(15);
};

/// A reply of server-sent events, as long as `produce` runs:
///
///     co_return event_stream([&](event_writer& events) -> coro<void> {
///       while (auto news = co_await feed.get()) co_await events.send({.data = news->text, .id = news->id});
///     });
///
/// When the client has gone `produce` is cancelled, or its next `send` throws. A client whose stream ends connects again; one that is
/// answered by 204 does not. Source: WHATWG HTML, 9.2. Counterpart: aiohttp_sse.sse_response.
[[nodiscard]] reply event_stream(function<coro<void>(event_writer&)> produce, event_stream_options options = {});

/// The id of the last event that the client got before it connected again.
[[nodiscard]] inline std::optional<std::string_view> last_event_id(const request& asked) noexcept {
  return asked.headers().get("Last-Event-ID");
}

}  // namespace hocket::http
