// The connection's task brings what comes, and wakes who waits here. A request with a body has it sent by a task, as over HTTP/1.1: an answer of
// 300 or above, or any if the caller wants it, stops that task; the end of the sending ends the patience with a silent server. Who sends is a
// child of a group here, or one of the caller's group: then an answer below 300 is given at once, and the sending goes on while its body is
// read.

#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/append.hpp>
#include <hocket/core/activity.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/http/client/detail/h1_head.hpp>
#include <hocket/http/client/detail/h2_body_sender.hpp>
#include <hocket/http/client/detail/h2_client_connection.hpp>
#include <hocket/http/client/detail/h2_client_stream.hpp>
#include <hocket/http/client/detail/shown_target.hpp>
#include <hocket/http/client/detail/unanswered.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/framing.hpp>
#include <hocket/http/detail/h2_tunnel.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/status.hpp>

namespace hocket::http::detail {

// RFC 9110, 10.1.1: a server that knows nothing of Expect may say nothing.
static constexpr auto longest_wait_for_consent = std::chrono::seconds(1);
// RFC 9110, 15: an answer from here on does not mean that the request was done.
static constexpr int first_status_that_ends_sending = 300;
// Those of HTTP/1.1.
static constexpr parser_limits most{};

h2_client_stream::h2_client_stream(std::shared_ptr<h2_client_connection> on)
    : h2_stream_base{std::move(on)}, h2_stream(*connection) {
  connection->join(*this);
}

h2_client_stream::~h2_client_stream() {
  abandon();
  connection->leave(*this);
}

coro<void> h2_client_stream::exchange(const outgoing_request& request, patience limits, answer_head& answer) {
  limits_ = limits;
  method_ = request.method;
  changes_protocol_ = !request.protocol.empty();
  recorder_ = request.recorder;
  on_interim_ = request.on_interim;
  trace_ = request.trace;
  if (recorder_ != nullptr) {
    std::string head;
    write_head(head, request);
    recorder_->began(request.target, connection->peer(), head);
  }
  const bool has_body = request.content != nullptr && !request.content->is_empty();
  connection->submit(*this, request, has_body);
  trace_.tell(&tracing::request_headers_sent);
  if (has_body) co_await send_and_listen(request);
  co_await wait_for_head();
  give_head(answer);
}

// ---- the body that goes

coro<void> h2_client_stream::send_and_listen(const outgoing_request& request) {
  shown_target_ = shown_target(request.target);
  body& content = *request.content;
  if (request.senders == nullptr) {
    co_await with_task_group([&](task_group& group) -> coro<void> {
      sender_ = group.create_task(send_body(content, request.expect_continue));
      if (co_await listen(request.stops_at_answer)) co_await wait_for_sender();
    });
  } else {
    sender_ = request.senders->create_task(send_body_of(shared_from_this(), content, request.expect_continue));
    const bool goes_on = co_await listen(request.stops_at_answer);
    if (!goes_on) {
      std::vector<task<void>> sender(1, *sender_);
      co_await wait(std::move(sender));
    }
  }
  require_sender();
  if (deaf_ != nullptr) std::rethrow_exception(deaf_);
}

coro<void> h2_client_stream::send_body_of(std::shared_ptr<h2_client_stream> mine, body& content,
                                          bool waits_for_consent) {
  const auto kept = std::move(mine);
  co_await kept->send_body(content, waits_for_consent);
}

coro<void> h2_client_stream::send_body(body& content, bool waits_for_consent) {
  h2_body_sender writer(*this, content.length(), limits_, trace_);
  activity doing(shown_target_);
  try {
    if (waits_for_consent) {
      doing.enter("waiting for the server's consent");
      co_await move_on_after(longest_wait_for_consent, consent_.wait());
    }
    doing.enter("sending the body");
    has_begun_body_ = true;
    co_await content.write_to(writer);
    co_await writer.finish();
    sent_ = outcome::complete;
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    sending_failure_ = std::current_exception();
    sent_ = writer.is_refused() ? outcome::refused : writer.is_stuck() ? outcome::stuck : outcome::failed;
  }
  changed_.set();
  if (is_answered_ && sender_has_failed()) fail(sending_failure_);  // wakes who reads the answer
}

// Until the head of the answer is there, or the body has been sent. Whether the sending goes on behind an answer.
coro<bool> h2_client_stream::listen(bool stops_at_answer) {
  const auto heard = co_await as_result(hear());
  if (!heard && is_cancelled(heard.error())) throw cancelled{};
  if (!heard) deaf_ = heard.error();
  const bool goes_on = is_answered_ && head_.status < first_status_that_ends_sending && !stops_at_answer;
  if (goes_on)
    consent_.set();
  else
    sender_->cancel();
  co_return goes_on;
}

coro<void> h2_client_stream::hear() {
  try {
    while (!is_answered_ && failure() == nullptr && sent_ == outcome::open) {
      changed_.clear();
      co_await with_timeout_at(limits_.deadline, changed_.wait());
    }
  } catch (const timeout_error&) {
    limits_.give_up("no complete answer in time");
  }
}

// Behind an answer. RFC 9113, 8.1: a server that has given it all may say that it wants no more.
coro<void> h2_client_stream::wait_for_sender() {
  try {
    while (sent_ == outcome::open && (!is_closed() || has_sent_last())) {
      changed_.clear();
      co_await with_timeout_at(limits_.deadline, changed_.wait());
    }
  } catch (const timeout_error&) {
    deaf_ = std::make_exception_ptr(timeout_error("no complete answer in time"));
  }
  sender_->cancel();
}

// An answer that is there is given, if the server did not want the rest of the body.
bool h2_client_stream::sender_has_failed() const noexcept {
  return sent_ == outcome::failed || (sent_ == outcome::stuck && !is_answered_);
}

void h2_client_stream::require_sender() const {
  if (sender_has_failed()) std::rethrow_exception(sending_failure_);
}

// ---- the answer's head. What nghttp2 lets through is well-formed: names, values, a status, no field about a connection.

void h2_client_stream::take_field(std::string_view name, std::string_view value) {
  if (failure() != nullptr) return;
  try {
    require_room_for(name, value, head_.fields.size());
  } catch (const bad_message&) {
    return break_off(std::current_exception());
  }
  if (name == ":status")
    std::from_chars(value.data(), value.data() + value.size(), head_.status);
  else if (!name.starts_with(':'))
    head_.fields.add_unchecked(name, value);
}

void h2_client_stream::take_trailer(std::string_view name, std::string_view value) {
  if (failure() != nullptr) return;
  try {
    require_room_for(name, value, trailers_so_far());
    keep_trailer(name, value);
  } catch (const bad_message&) {
    break_off(std::current_exception());
  }
}

void h2_client_stream::require_room_for(std::string_view name, std::string_view value, std::size_t fields_before) {
  const std::size_t line = name.size() + value.size() + 2;
  if (line > most.line_bytes) throw bad_message("header field larger than " + in_words(most.line_bytes));
  head_bytes_ += line + 2;
  if (head_bytes_ > most.head_bytes) throw bad_message("head larger than " + in_words(most.head_bytes));
  if (fields_before == most.fields) throw bad_message(fmt::format("more than {} header fields", most.fields));
}

// Called by nghttp2, which must not be asked to send meanwhile.
void h2_client_stream::break_off(std::exception_ptr why) {
  fail(std::move(why));
  session_.reset(*this, h2_error::protocol_error);
  changed_.set();
}

// Recorded as HTTP/1.1 would have it: that is what archives of messages are made of.
static void append_head(std::string& to, int status, const headers& fields) {
  append(to, "HTTP/1.1 ", std::to_string(status), " ", reason_phrase(status), "\r\n");
  for (const auto& [name, value] : fields) append(to, name, ": ", value, "\r\n");
  append(to, "\r\n");
}

bool h2_client_stream::head_ends() {
  if (failure() != nullptr) return true;
  if (changes_protocol_ && head_.status / 100 == 2) {
    accept_protocol();
    return true;
  }
  if (recorder_ != nullptr) append_head(shown_, head_.status, head_.fields);
  if (head_.status / 100 == 1) {
    end_interim();
    return false;
  }
  try {
    head_.content_length = response_framing(head_.fields, head_.status, method_).content_length;
    is_answered_ = true;
    changed_.set();
  } catch (const bad_message&) {
    break_off(std::current_exception());
  }
  return true;
}

// As HTTP/1.1 has it.
void h2_client_stream::accept_protocol() {
  become_tunnel();
  connection->tunnel_begins();
  head_.status = switching_protocols;
  if (recorder_ != nullptr) append_head(shown_, head_.status, head_.fields);
  is_answered_ = true;
  changed_.set();
}

void h2_client_stream::end_interim() {
  if (head_.status == 100) consent_.set();
  try {
    if (on_interim_ != nullptr) (*on_interim_)(head_.status, head_.fields);
  } catch (...) {
    break_off(std::current_exception());
  }
  head_.status = 0;
  head_.fields.clear();
  changed_.set();
}

coro<void> h2_client_stream::wait_for_head() {
  try {
    while (!is_answered_) {
      if (failure() != nullptr) std::rethrow_exception(failure());
      changed_.clear();
      co_await with_timeout_at(limits_.bound(), changed_.wait());
    }
  } catch (const timeout_error&) {
    if (failure() != nullptr) throw;  // it is the connection's
    limits_.give_up("the server sends nothing");
  }
}

void h2_client_stream::give_head(answer_head& answer) {
  answer.status = head_.status;
  answer.version = "HTTP/2.0";
  answer.reason.clear();
  std::swap(answer.fields, head_.fields);
  answer.content_length = head_.content_length;
  on_interim_ = nullptr;
  if (recorder_ == nullptr) return;
  recorder_->received(shown_);
  recorder_->answered(answer.status);
  shown_ = {};
}

// ---- its body

coro<std::string_view> h2_client_stream::next() {
  require_sender();
  if (!has_news()) co_await wait_for_piece();
  const std::string_view piece = take();
  if (recorder_ != nullptr && !piece.empty()) {
    recorder_->received(piece);
    recorder_->content(piece);
  }
  co_return piece;
}

// A server that is being sent to may be silent.
coro<void> h2_client_stream::wait_for_piece() {
  while (!has_news()) {
    try {
      co_await with_timeout_at(limits_.bound(), wait_for_news());
    } catch (const timeout_error&) {
      if (!is_sending() || limits_.is_over()) limits_.give_up("the server sends nothing");
    }
  }
}

void h2_client_stream::take_place_of_tunnel() noexcept {
  has_place_of_tunnel_ = true;
  ++connection->places_of_tunnels_;
}

byte_stream h2_client_stream::open_tunnel() {
  trace_ = {};
  recorder_ = nullptr;
  return h2_tunnel::open(std::make_shared<h2_tunnel>(*this, shared_from_this(), duration::max()));
}

// ---- the end

void h2_client_stream::abandon() noexcept {
  trace_ = {};  // whom it would tell may be gone
  recorder_ = nullptr;
  on_interim_ = nullptr;
  if (is_sending()) sender_->cancel();
  try {
    if (id() == 0 || is_closed()) return;
    const bool has_waited = !has_news() && !is_tunnel();
    reset(h2_error::cancel);
    if (has_waited) connection->doubt();
  } catch (const std::exception&) {  // no memory for a frame: the connection's end is the stream's, too
    connection->close();
  }
}

static std::exception_ptr was_not_processed(bool after_others) noexcept {
  try {
    return std::make_exception_ptr(request_not_processed(after_others));
  } catch (...) {  // no memory to say it
    return std::current_exception();
  }
}

// Its heartbeat may have found that the path leads nowhere.
void h2_client_stream::was_cut_off() { connection->ask(); }

std::exception_ptr h2_client_stream::why_closed(std::uint32_t code) const noexcept {
  try {
    if (is_broken_off() && !is_reset_by_peer() && code == static_cast<std::uint32_t>(h2_error::internal_error))
      return std::make_exception_ptr(client_error("a part of the body was not sent"));
    if (code ==
        static_cast<std::uint32_t>(h2_error::refused_stream))  // by the server, or on a connection that it leaves
      return std::make_exception_ptr(request_not_processed());
    if (is_reset_by_peer() && !has_begun() && code == static_cast<std::uint32_t>(h2_error::http_1_1_required))
      return std::make_exception_ptr(http1_required());
    if (is_reset_by_peer())
      return std::make_exception_ptr(
          server_disconnected(fmt::format("the server has given the request up: {}", name_of_h2_error(code))));
    return std::make_exception_ptr(protocol_error("the answer breaks the rules of HTTP/2"));
  } catch (...) {
    return std::current_exception();
  }
}

void h2_client_stream::refuse(bool after_others) noexcept {
  if (!is_whole() && failure() == nullptr) fail(was_not_processed(after_others));
  lose();
}

static bool is_end(const std::exception_ptr& why) {
  if (why == nullptr) return true;
  try {
    std::rethrow_exception(why);
  } catch (const std::system_error& problem) {
    return is_end(problem.code());
  } catch (...) {
    return false;
  }
}

// The connection's error, or what it means for a request.
static std::exception_ptr why_lost(const std::exception_ptr& why, bool has_begun, bool is_answered) noexcept {
  try {
    if (!has_begun && is_end(why)) throw stale_connection();
    if (why != nullptr) return why;
    throw server_disconnected(is_answered ? "connection closed within its body" : "connection closed within its head");
  } catch (...) {
    return std::current_exception();
  }
}

void h2_client_stream::lose_connection(const std::exception_ptr& why) noexcept {
  if (!is_whole() && failure() == nullptr) fail(why_lost(why, has_begun(), is_answered_));
  lose();
}

}  // namespace hocket::http::detail
