#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/backoff.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/received_event.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

namespace detail {
class event_parser;
}

struct event_source_options {
  headers fields{};  ///< what else each request says
  std::optional<credentials> auth{};
  /// How long it waits before it connects again, after a connection that ended, and after each further one that failed. A server's `retry` takes
  /// the place of `first` and is never undercut, however long it is, up to a day; nor are 100 ms.
  backoff pause{.first = std::chrono::seconds(3)};
  /// Then the failure is thrown. An answer with a stream is none, however soon the stream ends.
  unsigned max_failures_in_a_row = 20;
  /// Where to begin: what comes behind the event of that id.
  std::string last_event_id{};
  /// Of one event. Its id may have 4 KiB.
  std::size_t max_event_bytes = 1024 * 1024;
};

/// The server's answer is no stream of events, though its status is 200.
class not_an_event_stream : public client_error {
 public:
  using client_error::client_error;
};

/// Receives server-sent events, as a page's EventSource does: connects when asked for the first one, and again whenever the connection ends or
/// is lost, with the id of the last event, for the server to go on behind it. Unlike a page's it outlasts servers that are busy or start anew
/// too: it asks again after 429, 502, 503 and 504, when `Retry-After` is over if there is one (a day at most).
///
///     http::event_source news(web, "https://example.org/news");
///     while (auto event = co_await news.next()) std::puts(event->data.c_str());
///
/// A server that sends nothing for `timeouts::sock_read` of the session is taken for lost, so let it send a comment now and then.
/// `timeouts::total` does not hold. Must not outlive the session; belongs to one task at a time.
/// Source: WHATWG HTML, 9.2. Counterpart: EventSource; aiohttp_sse_client.
class event_source {
 public:
  event_source(session& by, url target, event_source_options options = {});
  /// A URL as text is resolved against `session_options::base_url`.
  event_source(session& by, std::string target, event_source_options options = {});
  event_source(const event_source&) = delete;
  ~event_source();

  /// Waits for the next event, through as many connections as it takes. Nothing: the server wants no more of it (204). Cancelled, it loses
  /// nothing. Throws what does not mend by itself: `status_error` and `not_an_event_stream` of any other answer than 200 with a stream,
  /// `client_error` of what cannot be asked for, `body_too_large`, and what the last of `max_failures_in_a_row` threw. The next call connects
  /// anew, after the pause.
  [[nodiscard]] coro<std::optional<received_event>> next();
  /// All that `next` gives.
  [[nodiscard]] async_generator<received_event> events();

  /// What the next connection will begin behind.
  [[nodiscard]] const std::string& last_event_id() const noexcept;

 private:
  [[nodiscard]] coro<bool> connect();
  [[nodiscard]] coro<std::optional<received_event>> read();
  [[nodiscard]] duration next_pause();

  session& session_;
  std::string target_;
  event_source_options options_;
  std::unique_ptr<detail::event_parser> parser_;
  std::optional<response> answer_;
  std::optional<time_point> not_before_;  // the next connection
  std::optional<duration> retry_;         // of the server's last `retry`
  duration asked_for_{0};                 // by Retry-After
  unsigned failures_ = 0;                 // in a row
  bool is_over_ = false;
};

}  // namespace hocket::http
