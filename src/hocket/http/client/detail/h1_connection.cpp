// A request without a body, or with a small text, is sent in one go, and then its answer is read. With any other body the connection
// listens while it sends: the server may agree (100), refuse, or break off in the midst of it. Sender and listener are children of one group,
// and whoever has ended first decides: an answer of 300 or above, or any if the caller wants it, stops the sender, the end of the sending stops the listener, for from
// then on the server may be silent no longer than others. To stop a listener costs no byte; a sender that was stopped leaves a
// connection that only its answer can still be read from.

#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/h1_head.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/io/send_file.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http::detail {
namespace {

// So much goes without listening: the system takes it at once.
constexpr std::size_t small_text = 16 * 1024;
// What is larger is sent in parts, each of which has the time that any departure of bytes has.
constexpr std::size_t part_size = 256 * 1024;
// RFC 9110, 10.1.1: a server that knows nothing of Expect may say nothing.
constexpr auto longest_wait_for_consent = std::chrono::seconds(1);
// RFC 9110, 15: an answer from here on does not mean that the request was done.
constexpr int first_status_that_ends_sending = 300;

/// The peer has ended the connection, in whatever manner. Many servers spare themselves TLS's closure alert.
bool is_end(const std::error_code& code) noexcept {
  return code == std::errc::broken_pipe || code == std::errc::connection_reset || code == tls_errc::truncated;
}

}  // namespace

/// What the two who send and listen at a time know of each other.
struct h1_connection::sending {
  bool ended = false;
  bool refused = false;  // the peer has ended the connection before the body ended
  bool stuck = false;    // the peer takes no more of the body
  std::exception_ptr failed;
  cancel_scope listening;
  event consent;
};

/// Writes a body as its framing wants it. The head goes with the first piece.
class h1_connection::body_sender final : public body_writer {
 public:
  body_sender(h1_connection& to, const outgoing_request& request)
      : to_(to), head_(to.head_), left_(request.content->length()), trace_(request.trace) {}

  coro<void> write(std::string_view piece) override {
    if (piece.empty()) co_return;
    account(piece.size());
    const std::string_view line = left_ ? std::string_view() : chunk_line(piece.size());
    const std::string_view end = left_ ? std::string_view() : std::string_view("\r\n");
    if (piece.size() <= part_size) {
      co_await send({line, piece, end});
    } else {
      co_await send({line, {}, {}});
      for (std::size_t at = 0; at < piece.size(); at += part_size) co_await send({piece.substr(at, part_size), {}, {}});
      co_await send({end, {}, {}});
    }
    trace_.tell(&tracing::request_chunk_sent, piece.size());
  }

  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override {
    if (length == 0) co_return;
    account(length);
    co_await send({left_ ? std::string_view() : chunk_line(length), {}, {}});
    for (std::uint64_t sent = 0; sent < length;) {
      const std::uint64_t part = std::min<std::uint64_t>(part_size, length - sent);
      const time_point limit = to_.bound(to_.limits_.each);
      timeout bounded(limit);
      try {
        co_await bounded.run(send_file(from, to_.stream_, {.offset = offset + sent, .length = part}));
      } catch (const timeout_error&) {
        stuck_ = true;
        to_.give_up("the server takes no request");
      } catch (const std::system_error& failed) {
        refused_ = is_end(failed.code());
        throw;
      }
      sent += part;
      trace_.tell(&tracing::request_chunk_sent, static_cast<std::size_t>(part));
    }
    if (!left_) co_await send({"\r\n", {}, {}});
  }

  coro<void> flush() override { co_await send({}); }

  /// A send, and not what makes the body, has found that the peer has ended the connection.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }
  /// The peer took nothing for too long.
  [[nodiscard]] bool is_stuck() const noexcept { return stuck_; }

  /// Throws `client_error` if less was written than was announced.
  coro<void> finish() {
    if (left_ && *left_ > 0) throw client_error(fmt::format("the body has {} bytes less than was said of it", *left_));
    co_await send({left_ ? std::string_view() : std::string_view("0\r\n\r\n"), {}, {}});
  }

 private:
  void account(std::uint64_t size) {
    if (!left_) return;
    if (size > *left_) throw invalid_state_error("the body has more bytes than was said of it");
    *left_ -= size;
  }

  std::string_view chunk_line(std::uint64_t size) {
    const auto end = fmt::format_to(line_.begin(), "{:x}\r\n", size);
    return {line_.data(), static_cast<std::size_t>(end - line_.begin())};
  }

  coro<void> send(std::array<std::string_view, 3> pieces) {
    std::array<std::string_view, 4> all{};
    std::size_t count = 0;
    const bool with_head = !head_.empty();
    if (with_head) all[count++] = std::exchange(head_, {});
    for (const std::string_view piece : pieces)
      if (!piece.empty()) all[count++] = piece;
    try {
      if (count > 0) co_await to_.send(std::span(all).first(count));
    } catch (const std::system_error& failed) {
      refused_ = is_end(failed.code());
      throw;
    } catch (const timeout_error&) {
      stuck_ = true;
      throw;
    }
    if (with_head) trace_.tell(&tracing::request_headers_sent);
  }

  h1_connection& to_;
  std::string_view head_;
  std::optional<std::uint64_t> left_;  // of what was announced; nothing: in chunks
  std::array<char, 20> line_{};
  bool refused_ = false;
  bool stuck_ = false;
  const trace_point& trace_;
};

coro<void> h1_connection::exchange(const outgoing_request& request, patience limits, answer_head& answer) {
  limits_ = limits;
  answered_ = false;
  ended_ = false;
  broken_ = false;
  // One that rested was looked at by the pool; over TLS the server may send tickets at any time.
  if (std::exchange(fresh_, false) && request.target.scheme() == "http" && has_something_to_read())
    co_await refuse_what_came();
  parser_.begin(request.method);
  write_head(head_, request);
  body* content = request.content;
  const bool is_empty = content == nullptr || content->is_empty();
  const auto text = is_empty ? std::string_view() : content->in_memory();
  if (text && text->size() <= small_text && (is_empty || !request.expect_continue))
    co_await send_head_and_text(request);
  else
    co_await send_and_listen(request, answer);
  if (!answered_) co_await read_head(answer);
}

coro<void> h1_connection::refuse_what_came() {
  parser_.begin("GET");
  co_await receive();
  if (rest_.empty()) throw stale_connection();
  throw protocol_error("the server speaks before it is asked");
}

time_point h1_connection::bound(duration each) const {
  return std::min(limits_.deadline, loop::running().time_after(each));
}

void h1_connection::give_up(const char* otherwise) const {
  throw timeout_error(loop::running().time() < limits_.deadline ? otherwise : "no complete answer in time");
}

coro<void> h1_connection::send(std::span<const std::string_view> pieces) {
  try {
    co_await with_timeout_at(bound(limits_.each), stream_.send_all(pieces));
  } catch (const timeout_error&) {
    give_up("the server takes no request");
  }
}

// Where the server has closed there may be an answer all the same: it is read if there was a body to refuse.
coro<void> h1_connection::send_head_and_text(const outgoing_request& request) {
  const std::string_view text = request.content != nullptr ? *request.content->in_memory() : std::string_view();
  const std::array<std::string_view, 2> pieces{head_, text};
  try {
    co_await send(std::span(pieces).first(text.empty() ? 1 : 2));
  } catch (const std::system_error& failed) {
    if (!is_end(failed.code())) throw;
    if (text.empty()) throw stale_connection();
    broken_ = true;
  }
  request.trace.tell(&tracing::request_headers_sent);
  if (!text.empty()) request.trace.tell(&tracing::request_chunk_sent, text.size());
}

coro<void> h1_connection::send_body(const outgoing_request& request, sending& state) {
  body_sender writer(*this, request);
  try {
    if (request.expect_continue) {
      co_await writer.flush();
      co_await move_on_after(longest_wait_for_consent, state.consent.wait());
    }
    co_await request.content->write_to(writer);
    co_await writer.finish();
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    state.failed = std::current_exception();
    state.refused = writer.is_refused();
    state.stuck = writer.is_stuck();
  }
  state.ended = true;
  state.listening.cancel();
}

coro<void> h1_connection::send_and_listen(const outgoing_request& request, answer_head& answer) {
  sending state;
  std::exception_ptr deaf;
  sends_ = true;
  consent_ = &state.consent;
  co_await with_task_group([&](task_group& group) -> coro<void> {
    auto sender = group.create_task(send_body(request, state));
    const auto heard = co_await as_result(state.listening.run(read_head(answer)));
    if (!heard && is_cancelled(heard.error())) throw cancelled{};
    if (!heard) deaf = heard.error();
    const bool goes_on = answer.status < first_status_that_ends_sending && !request.stops_at_answer;
    if (answered_ && goes_on)
      state.consent.set();
    else if (!state.ended)
      sender.cancel();
  });
  sends_ = false;
  consent_ = nullptr;
  broken_ = !state.ended || state.failed != nullptr;
  // An answer that is there is given, if the server did not want the rest of the body.
  if (state.failed != nullptr && !state.refused && !(answered_ && state.stuck)) std::rethrow_exception(state.failed);
  if (deaf != nullptr) std::rethrow_exception(deaf);
}

coro<void> h1_connection::read_head(answer_head& answer) {
  std::string_view body;
  const parse_event event = co_await parse(body);
  answer.status = parser_.status();
  std::swap(answer.fields, parser_.headers());
  answer.content_length = parser_.content_length();
  answered_ = true;
  ended_ = event == parse_event::end;
}

// Reads until the parser has something to say: the head, a piece of the body, or the end.
coro<parse_event> h1_connection::parse(std::string_view& body) {
  for (;;) {
    const parse_event event = parser_.next(rest_, body);
    if (consent_ != nullptr && parser_.continues()) consent_->set();
    if (event != parse_event::need_more) co_return event;
    co_await receive();
    if (rest_.empty()) {  // the peer has closed
      if (!parser_.started()) throw stale_connection();
      end_with_connection();
      co_return parse_event::end;
    }
  }
}

void h1_connection::end_with_connection() {
  broken_ = true;
  try {
    parser_.finish_eof();
  } catch (const bad_message& cut_off) {
    throw server_disconnected(cut_off.what());
  }
}

coro<void> h1_connection::receive() {
  received_ = {};
  const time_point limit = sends_ ? limits_.deadline : bound(limits_.each);
  try {
    received_ = co_await with_timeout_at(limit, stream_.receive());
  } catch (const timeout_error&) {
    give_up("the server sends nothing");
  } catch (const std::system_error& problem) {
    if (is_end(problem.code()) && !parser_.started()) throw stale_connection();
    if (problem.code() == tls_errc::truncated)
      throw server_disconnected(problem.what());  // RFC 9112, 9.8: no end of a body
    throw;
  }
  rest_ = received_.text();
}

coro<std::string_view> h1_connection::next() {
  std::string_view body;
  while (!ended_) {
    const parse_event event = co_await parse(body);
    if (event == parse_event::body) co_return body;
    ended_ = event == parse_event::end;
  }
  co_return std::string_view{};
}

bool h1_connection::can_be_used_again() const noexcept {
  return ended_ && !broken_ && parser_.keep_alive() && rest_.empty() && !parser_.upgraded();
}

void h1_connection::rest(time_point since) noexcept {
  received_ = {};
  rest_ = {};
  rests_since_ = since;
}

}  // namespace hocket::http::detail
