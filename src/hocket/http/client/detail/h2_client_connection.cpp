// One task reads and a child of it writes; both own the connection, so that it needs nobody else to be ended in order. What requests have to send
// they give to the session, and what comes of that in a turn goes out in one send.
//
// When the server wants no more (GOAWAY), what it will not process is told so, and the rest goes on: the connection ends with the last. The
// task ends itself early where nothing more can come: the server has closed, breaks the protocol, or does not answer in time. That a path is
// dead, nobody says: TCP itself takes a quarter of an hour. So a request that gave up on a silent server puts its connection in doubt.

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/h2_client_connection.hpp>
#include <hocket/http/client/detail/h2_request_head.hpp>
#include <hocket/http/client/detail/unanswered.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr auto longest_farewell = std::chrono::seconds(1);
// What has gone on for longer may be a path that leads nowhere any more.
static constexpr auto longest_silence_without_doubt = std::chrono::seconds(1);
// For what goes in one send, some 64 KiB: a kilobyte a second.
static constexpr auto longest_send = std::chrono::minutes(1);
// In flight, for all streams: it is let in again when it arrives, so that those whose readers are slow hold up nobody else.
static constexpr std::uint32_t connection_window_bytes = 16 * 1024 * 1024;

static h2_limits limits_of(const http2_client_options& options) noexcept {
  return {.window_bytes = options.window_bytes,
          .connection_window_bytes = connection_window_bytes,
          .head_bytes = static_cast<std::uint32_t>(parser_limits{}.head_bytes)};
}

h2_client_connection::h2_client_connection(byte_stream opened, const http2_client_options& options, duration handshake)
    : h2_session(side::client, limits_of(options)),
      stream_(std::move(opened)),
      options_(options),
      acknowledged_by_(loop::running().time_after(handshake)),
      idle_since_(loop::running().time()),
      writer_(*this, stream_, longest_send),
      heard_(idle_since_) {}

h2_client_connection::~h2_client_connection() = default;

void h2_client_connection::start() { create_task(run(shared_from_this()), {.name = "http connection"}); }

std::optional<std::size_t> h2_client_connection::most_requests() const noexcept {
  if (!most_requests_) return std::nullopt;
  return *most_requests_ - std::min(*most_requests_, tunnels_);
}

bool h2_client_connection::takes_websocket() const noexcept {
  return takes_requests() && peer_takes_protocols() && places_of_tunnels_ < most_requests_.value_or(0) / 2;
}

std::shared_ptr<h2_client_stream> h2_client_connection::make_stream() {
  return std::make_shared<h2_client_stream>(shared_from_this());
}

std::shared_ptr<h2_client_stream> h2_client_connection::make_stream_for_websocket() {
  auto made = make_stream();
  made->take_place_of_tunnel();
  return made;
}

// ---- requests

void h2_client_connection::submit(h2_client_stream& on, const outgoing_request& request, bool has_body) {
  const h2_request_head head(request);
  if (size_of_head(head.fields()) > most_sent_head) throw client_error("the head of the request is larger than 1 MiB");
  if (!takes_requests()) throw request_not_processed();
  if (!submit_request(on, head.fields(), has_body || !request.protocol.empty())) {  // it has had two milliards of them
    is_leaving_ = true;
    tell_change();
    throw request_not_processed(true);
  }
  const time_point now = loop::running().time();
  if (!silent_since_)
    silent_since_ = now;
  else if (owes_nothing_since_)
    *silent_since_ += now - *owes_nothing_since_;
  owes_nothing_since_.reset();
  collect();
}

void h2_client_connection::join(h2_client_stream& made) noexcept {
  streams_.push_back(made);
  ++live_;
}

void h2_client_connection::leave(h2_client_stream& ended) noexcept {
  ended.unlink();
  idle_since_ = loop::running().time();
  --live_;
  if (ended.is_tunnel()) --tunnels_;
  if (ended.has_place_of_tunnel()) --places_of_tunnels_;
  if (!is_owed_something()) {  // it owes an answer to nobody
    if (ended.is_whole()) silent_since_.reset();
    if (!owes_nothing_since_) owes_nothing_since_ = idle_since_;
  }
  if (live_ == 0 && is_leaving_) reading_.cancel();
  if (live_ == 0 || ended.is_tunnel()) tell_change();
}

void h2_client_connection::tunnel_begins() noexcept {
  ++tunnels_;
  if (!is_owed_something()) silent_since_.reset();
  tell_change();
}

// Whoever is told may close it, and so let `changed_` be.
void h2_client_connection::tell_change() noexcept {
  if (!is_closed_ && changed_) changed_();
}

void h2_client_connection::doubt() {
  const time_point now = loop::running().time();
  if (writer_.is_finishing() || !silent_since_ || now - *silent_since_ < longest_silence_without_doubt) return;
  is_doubted_ = true;
  if (pinged_) return;
  send_ping();
  doubted_until_ = loop::running().call_later(options_.ping_timeout, [this] { lose_doubted(); });
}

void h2_client_connection::ask() {
  const time_point now = loop::running().time();
  if (writer_.is_finishing() || pinged_ || now - heard_ < longest_silence_without_doubt) return;
  send_ping();
  const duration rest = std::max<duration>(options_.ping_timeout - longest_silence_without_doubt, duration::zero());
  doubted_until_ = loop::running().call_later(longest_silence_without_doubt, [this, rest] {
    is_doubted_ = true;
    doubted_until_ = loop::running().call_later(rest, [this] { lose_doubted(); });
  });
}

void h2_client_connection::send_ping() {
  ping();
  pinged_ = loop::running().time();
  collect();
}

// The reader waits without a limit.
void h2_client_connection::lose_doubted() {
  lose_patience();
  if (failure_ != nullptr) reading_.cancel();
}

void h2_client_connection::close() noexcept {
  is_leaving_ = true;
  is_closed_ = true;
  if (live_ == 0) reading_.cancel();
}

socket_address h2_client_connection::peer() const noexcept {
  try {
    return stream_.peer_address();
  } catch (const std::system_error&) {
    return {};
  }
}

// ---- what the peer says of the connection. Called by nghttp2.

void h2_client_connection::settings_come() {
  const std::size_t most = std::min(options_.max_streams, peer_max_streams());
  if (std::exchange(most_requests_, most) != most) tell_change();
}

void h2_client_connection::peer_leaves(std::int32_t last, std::uint32_t why) {
  is_leaving_ = true;
  farewell_ = why;
  streams_.for_each([last](h2_client_stream& each) {
    if (each.id() > last) each.refuse(last > 0);
  });
  tell_change();
}

// ---- its task

// Of nobody who waits for an answer.
static std::exception_ptr was_cancelled() {
  return std::make_exception_ptr(
      std::system_error(std::make_error_code(std::errc::operation_canceled), "the connection was ended"));
}

coro<void> h2_client_connection::run(std::shared_ptr<h2_client_connection> mine) {
  const auto kept = std::move(mine);
  struct ending {
    h2_client_connection& of;
    ~ending() { of.is_gone(); }
  } const at_last{*kept};
  const auto outcome = co_await as_result(kept->serve());
  if (!outcome && is_cancelled(outcome.error())) throw cancelled{};  // of all else the requests were told
}

// There are requests left only if there was no memory to serve them.
void h2_client_connection::is_gone() noexcept {
  doubted_until_.cancel();
  is_leaving_ = true;
  writer_.finish();
  streams_.for_each([this](h2_client_stream& each) { each.lose_connection(failure_); });
  tell_change();
  stream_.abort();  // streams may keep the connection for long
}

coro<void> h2_client_connection::serve() {
  co_await with_task_group([this](task_group& tasks) -> coro<void> {
    auto writing = tasks.create_task(write(), {.name = "http connection writer"});
    const auto heard = co_await as_result(reading_.run(read()));
    is_leaving_ = true;
    if (!heard && failure_ == nullptr) failure_ = is_cancelled(heard.error()) ? was_cancelled() : heard.error();
    const std::exception_ptr why = reason_of_end();
    streams_.for_each([&why](h2_client_stream& each) { each.lose_connection(why); });
    tell_change();
    if (!heard && is_cancelled(heard.error())) throw cancelled{};
    co_await say_farewell(writing);
  });
}

coro<void> h2_client_connection::read() {
  for (;;) {
    auto more = co_await receive_more();
    if (!more) {
      lose_patience();
      collect();
      if (failure_ != nullptr) co_return;
      continue;
    }
    is_broken_ = more->empty();
    if (is_broken_) co_return;
    hear();
    receive(more->text());
    *more = {};
    collect();
    if (!wants_to_read()) co_return;
  }
}

void h2_client_connection::hear() noexcept {
  heard_ = loop::running().time();
  if (silent_since_) silent_since_ = is_owed_something() ? std::optional(heard_) : std::nullopt;
  pinged_.reset();
  doubted_until_.cancel();
  is_doubted_ = false;
}

// Nothing: it was waited for long enough.
coro<std::optional<buffer>> h2_client_connection::receive_more() {
  try {
    co_return co_await with_timeout_at(end_of_patience(), stream_.receive());
  } catch (const timeout_error&) {
  }
  co_return std::nullopt;
}

std::optional<time_point> h2_client_connection::end_of_patience() const noexcept {
  std::optional<time_point> end;
  if (!is_acknowledged_) end = acknowledged_by_;
  if (!options_.ping_interval) return end;
  const time_point ping = pinged_ ? *pinged_ + options_.ping_timeout : heard_ + *options_.ping_interval;
  return end ? std::min(*end, ping) : ping;
}

void h2_client_connection::lose_patience() {
  const time_point now = loop::running().time();
  if (!is_acknowledged_ && now >= acknowledged_by_) {
    failure_ = std::make_exception_ptr(timeout_error("the server does not acknowledge the settings of HTTP/2"));
    terminate(h2_error::settings_timeout);
  } else if (pinged_ && now >= *pinged_ + options_.ping_timeout) {
    failure_ = std::make_exception_ptr(timeout_error("the server does not answer a ping"));
    is_broken_ = true;
  } else if (!pinged_ && options_.ping_interval && now >= heard_ + *options_.ping_interval) {
    pinged_ = now;
    ping();
  }
}

// Null: the peer has closed it, or nobody wants it any more.
std::exception_ptr h2_client_connection::reason_of_end() const {
  if (farewell_.value_or(0) != 0)
    return std::make_exception_ptr(
        server_disconnected(fmt::format("the server has ended the connection: {}", name_of_h2_error(*farewell_))));
  if (failure_ != nullptr) return failure_;
  if (is_broken_ || (farewell_ && !is_flooded()) || wants_to_read()) return nullptr;
  return std::make_exception_ptr(protocol_error(has_too_large_head() ? "the head of an answer is larger than 256 KiB"
                                                : is_flooded()       ? "the server floods the connection"
                                                : most_requests_     ? "the server breaks the rules of HTTP/2"
                                                                     : "the server does not speak HTTP/2"));
}

coro<void> h2_client_connection::write() {
  const auto written = co_await as_result(write_all());
  if (written) co_return;
  if (is_cancelled(written.error())) throw cancelled{};
  failure_ = written.error();
  is_broken_ = true;
  reading_.cancel();
}

coro<void> h2_client_connection::write_all() {
  const std::exception_ptr problem = co_await writer_.write();
  if (problem == nullptr) co_return;
  is_leaving_ = true;
  tell_change();
  co_await sleep(longest_farewell);  // the server may have said why
  std::rethrow_exception(problem);
}

coro<void> h2_client_connection::say_farewell(task<void> writing) {
  writer_.finish();
  if (is_broken_) {
    writing.cancel();
    co_return;
  }
  if (failure_ == nullptr && wants_to_read()) end();
  const auto say = [](task<void> last, byte_stream& stream) -> coro<void> {
    co_await last;
    co_await as_result(stream.close());
  };
  co_await move_on_after(longest_farewell, say(std::move(writing), stream_));
}

}  // namespace hocket::http::detail
