// Three kinds of tasks: the connection's own reads frames, one writes them, and each request has one, which has it answered. Whoever has
// something to send gives it to the session and collects; what comes of that in a turn goes out in one send.
//
// The end, whoever wants it, is told in two steps (RFC 9113, 6.8): "begin no more", and when the client must have heard that (it has answered
// a ping, or a second is over) the number of the last request that will be answered. When these are, the connection is closed, but first what
// the client still sends is read away: closing with bytes unread resets it, and the client would lose replies.

#include <system_error>
#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/detail/h2_server_connection.hpp>
#include <hocket/http/server/detail/later.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr auto longest_linger = std::chrono::seconds(5);
static constexpr auto longest_ping = std::chrono::seconds(1);
static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static h2_limits limits_of(const server_options& options) noexcept {
  return {.streams = options.http2.max_streams,
          .window_bytes = options.http2.window_bytes,
          .connection_window_bytes = options.http2.connection_window_bytes,
          .head_bytes = static_cast<std::uint32_t>(options.max_head_bytes),
          .takes_protocols = options.http2.websockets};
}

h2_server_connection::h2_server_connection(server& owner, byte_stream& stream, const client_of_connection& client)
    : h2_session(side::server, limits_of(owner.options_)),
      owner_(owner),
      stream_(stream),
      client_(client),
      writer_(*this, stream),
      idle_since_(loop::running().time()) {
  none_live_.set();
}

// Those for which there was no task leave its list.
h2_server_connection::~h2_server_connection() { begun_.clear(); }

coro<void> h2_server_connection::serve(buffer come, bool has_sent_preface) {
  if (has_sent_preface) receive(preface);
  co_await with_task_group([this, come = std::move(come)](task_group& tasks) mutable -> coro<void> {
    tasks_ = &tasks;
    auto writing = tasks.create_task(write(), {.name = "http connection writer"});
    if (is_ending_) tasks.create_task(end_in_order(), {.name = "http connection end"});
    co_await reading_.run(read(std::move(come)));
    answered_.for_each([](h2_server_stream& each) { each.lose(); });  // in an orderly end there is none left
    co_await none_live_.wait();
    co_await finish(writing);
    pong_.set();
  });
  tasks_ = nullptr;
  if (!is_broken_) co_await linger();
}

// ---- reading

coro<void> h2_server_connection::read(buffer come) {
  for (;;) {
    receive(come.text());
    come = {};
    begin_requests();
    collect();
    if (!wants_to_read()) co_return;
    auto more = co_await receive_more();
    if (!more) co_return;
    come = std::move(*more);
  }
}

// Nothing if the client has gone, or was waited for long enough.
coro<std::optional<buffer>> h2_server_connection::receive_more() {
  try {
    buffer more = co_await with_timeout_at(end_of_patience(), stream_.receive());
    if (!more.empty()) co_return std::move(more);
  } catch (const timeout_error&) {
    if (!loses_patience(loop::running().time())) co_return buffer();
    collect();
    co_return std::nullopt;
  } catch (const std::system_error&) {
  }
  is_broken_ = true;
  co_return std::nullopt;
}

time_point h2_server_connection::end_of_patience() {
  const time_point now = loop::running().time();
  if (!is_amid_head())
    head_begun_.reset();
  else if (!head_begun_)
    head_begun_ = now;
  if (head_begun_) return later(*head_begun_, options().head);
  return later(live_ > 0 ? now : idle_since_, options().idle);  // if requests are under way, to look again
}

bool h2_server_connection::loses_patience(time_point now) {
  const bool is_late = head_begun_ && now >= later(*head_begun_, options().head);
  if (!is_late && (live_ > 0 || now < later(idle_since_, options().idle))) return false;
  terminate(is_late ? h2_error::enhance_your_calm : h2_error::no_error);
  return true;
}

bool h2_server_connection::has_been_idle_for(duration length) const noexcept {
  if (is_lingering_) return true;
  return live_ == 0 && !is_ending_ && loop::running().time() - idle_since_ >= length;
}

// ---- requests

// Also one whose client has given it up counts until its handler has ended: else who begins and resets them could have any number.
h2_stream* h2_server_connection::request_begins(std::int32_t id) {
  if (live_ + begun_.size() >= options().http2.max_streams) return nullptr;
  coming_ = std::make_unique<h2_server_stream>(*this, owner_, client_, id);
  return coming_.get();
}

void h2_server_connection::request_has_come(h2_server_stream& which) {
  if (coming_.get() == &which) begun_.push_back(std::move(coming_));
}

void h2_server_connection::stream_ends(h2_stream& which) noexcept {
  if (coming_.get() == &which) coming_.reset();
}

void h2_server_connection::begin_requests() {
  for (auto& request : begun_) {
    ++live_;
    none_live_.clear();
    answered_.push_back(*request);
    tasks_->create_task(answer(std::move(request)), {.name = "http request"});
    if (++served_ == options().max_requests) end_soon();
  }
  begun_.clear();
}

coro<void> h2_server_connection::answer(std::unique_ptr<h2_server_stream> request) {
  const auto outcome = co_await as_result(request->run());
  request.reset();
  collect();
  look_for_end();
  if (!outcome) std::rethrow_exception(outcome.error());
}

void h2_server_connection::forget(h2_server_stream& which) noexcept {
  if (!which.is_linked()) return;
  which.unlink();
  idle_since_ = loop::running().time();
  if (--live_ == 0) none_live_.set();
}

// ---- writing

coro<void> h2_server_connection::write() {
  if (co_await writer_.write() == nullptr) co_return;
  is_broken_ = true;
  reading_.cancel();
}

// ---- the end

void h2_server_connection::stop() noexcept {
  stopping_.set();
  if (is_lingering_) lingering_.cancel();
  end_soon();
}

void h2_server_connection::end_soon() noexcept {
  if (std::exchange(is_ending_, true) || tasks_ == nullptr) return;
  try {
    tasks_->create_task(end_in_order(), {.name = "http connection end"});
  } catch (const std::exception&) {  // it ends already, or there is no memory for more
    reading_.cancel();
  }
}

coro<void> h2_server_connection::end_in_order() {
  announce_end();
  collect();  // first: nghttp2 lets a ping pass by what waits
  ping();
  collect();
  co_await move_on_after(longest_ping, pong_.wait());
  end();
  collect();
  look_for_end();
}

void h2_server_connection::look_for_end() noexcept {
  if (!wants_to_read()) reading_.cancel();
}

// The writer sends what is left, if the client takes it.
coro<void> h2_server_connection::finish(task<void> writing) {
  writer_.finish();
  if (is_broken_) {
    writing.cancel();
  } else if (!co_await move_on_after(options().grace, writing)) {
    is_broken_ = true;
    stream_.reset();
  }
}

coro<void> h2_server_connection::linger() {
  is_lingering_ = true;
  const time_point until = loop::running().time() + longest_linger;
  co_await lingering_.run([this, until]() -> coro<void> {
    co_await with_timeout_at(until, stream_.shutdown_send());
    while (!(co_await with_timeout_at(until, stream_.receive())).empty()) {
    }
  });
}

}  // namespace hocket::http::detail
