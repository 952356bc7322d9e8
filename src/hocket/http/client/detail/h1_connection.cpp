// A request without a body, or with a small text, is sent in one go, and then its answer is read. With any other body the connection
// listens while it sends: the server may agree (100), refuse, or break off in the midst of it. Sender and listener are tasks that know of
// each other by `sending`: an answer of 300 or above, or any if the caller wants it, stops the sender; the end of the sending stops the
// listener, for from then on the server may be silent no longer than others. To stop a listener costs no byte; a sender that was stopped
// leaves a connection that only its answer can still be read from.
//
// Who sends is a child of a group here, so that nothing is sent any more once the answer is given; or one of the caller's group: then an
// answer below 300 is given at once, and the sending goes on while its body is read.

#include <array>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hocket/core/activity.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/http/client/detail/h1_body_sender.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/h1_head.hpp>
#include <hocket/http/client/detail/request_fields.hpp>
#include <hocket/http/client/detail/shown_target.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http::detail {
namespace {

// So much goes without listening: the system takes it at once.
constexpr std::size_t small_text = 16 * 1024;
// RFC 9110, 10.1.1: a server that knows nothing of Expect may say nothing.
constexpr auto longest_wait_for_consent = std::chrono::seconds(1);
// RFC 9110, 15: an answer from here on does not mean that the request was done.
constexpr int first_status_that_ends_sending = 300;

}  // namespace

/// What the two who send and listen at a time know of each other.
struct h1_connection::sending {
  sending(const trace_point& trace, std::string_view target) : trace(trace), target(target) {}

  /// Behind an answer.
  coro<void> wait_for_sender(time_point deadline) {
    std::vector<task<void>> all(1, *sender);
    try {
      co_await with_timeout_at(deadline, wait(std::move(all)));
    } catch (const timeout_error&) {
      deaf = std::make_exception_ptr(timeout_error("no complete answer in time"));
    }
    sender->cancel();
  }

  trace_point trace;
  std::string target;  // the sender may outlive the request
  std::optional<task<void>> sender;
  cancel_scope listening;
  event consent;  // the server wants the body
  enum class outcome : unsigned char {
    open,
    complete,
    refused,  // the peer has ended the connection before the body ended
    stuck,    // the peer takes no more of the body
    failed,
  } body = outcome::open;
  std::exception_ptr failure;  // what ended the body
  std::exception_ptr deaf;     // what ended the listening
};

h1_connection::h1_connection(byte_stream opened) : stream_(std::move(opened)) {}
h1_connection::~h1_connection() = default;

coro<void> h1_connection::exchange(const outgoing_request& request, patience limits, answer_head& answer) {
  stream_.be_patient(limits);
  sending_.reset();
  answer_ = stage::awaited;
  broken_ = false;
  // One that rested was looked at by the pool; over TLS the server may send tickets at any time.
  if (std::exchange(fresh_, false) && request.target.scheme() == "http" && has_something_to_read())
    co_await refuse_what_came();
  parser_.begin(request.method, request.on_interim);
  write_head(head_, request);
  const headers* connection_fields = fields_that_say("Connection", request);
  closes_ = connection_fields != nullptr && connection_fields->contains_token("Connection", "close");
  offers_ = fields_that_say("Upgrade", request) != nullptr;
  recorder_ = request.recorder;
  if (recorder_ != nullptr) recorder_->began(request.target, stream_.peer(), head_);
  body* content = request.content;
  const bool is_empty = content == nullptr || content->is_empty();
  const auto text = is_empty ? std::string_view() : content->in_memory();
  if (text && text->size() <= small_text && (is_empty || !request.expect_continue))
    co_await send_head_and_text(request);
  else
    co_await send_and_listen(request, answer);
  if (!is_answered()) co_await read_head(answer);
}

coro<void> h1_connection::refuse_what_came() {
  parser_.begin("GET");
  co_await receive();
  if (rest_.empty()) throw stale_connection();
  throw protocol_error("the server speaks before it is asked");
}

// Where the server has closed there may be an answer all the same: it is read if there was a body to refuse.
coro<void> h1_connection::send_head_and_text(const outgoing_request& request) {
  const std::string_view text = request.content != nullptr ? *request.content->in_memory() : std::string_view();
  const std::array<std::string_view, 2> pieces{head_, text};
  try {
    co_await stream_.send(std::span(pieces).first(text.empty() ? 1 : 2));
  } catch (const std::system_error& failed) {
    if (!is_end(failed.code())) throw;
    if (text.empty()) throw stale_connection();
    broken_ = true;
  }
  request.trace.tell(&tracing::request_headers_sent);
  if (!text.empty()) request.trace.tell(&tracing::request_chunk_sent, text.size());
}

coro<void> h1_connection::send_and_listen(const outgoing_request& request, answer_head& answer) {
  sending_ = std::make_unique<sending>(request.trace, shown_target(request.target));
  body& content = *request.content;
  if (request.senders == nullptr) {
    co_await with_task_group([&](task_group& group) -> coro<void> {
      sending_->sender = group.create_task(send_body(content, request.expect_continue));
      if (co_await listen(request.stops_at_answer, answer)) co_await sending_->wait_for_sender(stream_.deadline());
    });
  } else {
    sending_->sender = request.senders->create_task(send_body_of(shared_from_this(), content, request.expect_continue));
    const bool goes_on = co_await listen(request.stops_at_answer, answer);
    if (!goes_on) {
      std::vector<task<void>> sender(1, *sending_->sender);
      co_await wait(std::move(sender));
    }
  }
  require_sender();
  if (sending_->deaf != nullptr) std::rethrow_exception(sending_->deaf);
}

coro<void> h1_connection::send_body_of(std::shared_ptr<h1_connection> mine, body& content, bool waits_for_consent) {
  const auto kept = std::move(mine);
  co_await kept->send_body(content, waits_for_consent);
}

coro<void> h1_connection::send_body(body& content, bool waits_for_consent) {
  sending& state = *sending_;
  h1_body_sender writer(stream_, head_, content.length(), state.trace);
  activity doing(state.target);
  try {
    if (waits_for_consent) {
      doing.enter("waiting for the server's consent");
      co_await writer.flush();
      co_await move_on_after(longest_wait_for_consent, state.consent.wait());
    }
    doing.enter("sending the body");
    co_await content.write_to(writer);
    co_await writer.finish();
    state.body = sending::outcome::complete;
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    state.failure = std::current_exception();
    state.body = writer.is_refused() ? sending::outcome::refused
                 : writer.is_stuck() ? sending::outcome::stuck
                                     : sending::outcome::failed;
  }
  state.listening.cancel();
  if (is_answered() && sender_has_failed()) stream_.abort();  // wakes who reads the answer
}

// Until the head of the answer is there, or the body has been sent. Whether the sending goes on behind an answer.
coro<bool> h1_connection::listen(bool stops_at_answer, answer_head& answer) {
  const auto heard = co_await as_result(sending_->listening.run(read_head(answer)));
  if (!heard && is_cancelled(heard.error())) throw cancelled{};
  if (!heard) sending_->deaf = heard.error();
  const bool goes_on = is_answered() && answer.status < first_status_that_ends_sending && !stops_at_answer;
  if (goes_on)
    sending_->consent.set();
  else
    sending_->sender->cancel();
  co_return goes_on;
}

coro<void> h1_connection::read_head(answer_head& answer) {
  std::string_view body;
  const parse_event event = co_await parse(body);
  if (parser_.status() == switching_protocols && !offers_)
    throw protocol_error("the server changes the protocol unasked");
  answer.status = parser_.status();
  answer.version = parser_.http_minor() == 0 ? "HTTP/1.0" : "HTTP/1.1";
  answer.reason = parser_.reason();
  std::swap(answer.fields, parser_.headers());
  answer.content_length = parser_.content_length();
  if (recorder_ != nullptr) recorder_->answered(answer.status);
  answer_ = event == parse_event::end ? stage::whole : stage::begun;
}

// Reads until the parser has something to say: the head, a piece of the body, or the end.
coro<parse_event> h1_connection::parse(std::string_view& body) {
  for (;;) {
    const char* const begin = rest_.data();
    const parse_event event = parser_.next(rest_, body);
    if (recorder_ != nullptr) recorder_->received({begin, static_cast<std::size_t>(rest_.data() - begin)});
    if (sending_ != nullptr && parser_.continues()) sending_->consent.set();
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
  rest_ = {};
  try {
    auto came = co_await stream_.receive(is_sending());
    while (!came) came = co_await stream_.receive(is_sending());
    received_ = std::move(*came);
  } catch (const std::system_error& problem) {
    if (is_end(problem.code()) && !parser_.started()) throw stale_connection();
    if (problem.code() == tls_errc::truncated)
      throw server_disconnected(problem.what());  // RFC 9112, 9.8: no end of a body
    throw;
  }
  rest_ = received_.text();
}

coro<std::string_view> h1_connection::next() {
  if (is_answered()) require_sender();
  try {
    co_return co_await next_piece();
  } catch (const std::system_error&) {
    require_sender();  // it has ended the connection
    throw;
  }
}

coro<std::string_view> h1_connection::next_piece() {
  std::string_view body;
  while (answer_ != stage::whole) {
    const parse_event event = co_await parse(body);
    if (event == parse_event::body && recorder_ != nullptr) recorder_->content(body);
    if (event == parse_event::body) co_return body;
    if (event == parse_event::end) answer_ = stage::whole;
  }
  co_return std::string_view{};
}

bool h1_connection::is_sending() const noexcept {
  return sending_ != nullptr && sending_->sender && !sending_->sender->done();
}

// An answer that is there is given, if the server did not want the rest of the body.
bool h1_connection::sender_has_failed() const noexcept {
  if (sending_ == nullptr) return false;
  return sending_->body == sending::outcome::failed || (sending_->body == sending::outcome::stuck && !is_answered());
}

void h1_connection::require_sender() const {
  if (sender_has_failed()) std::rethrow_exception(sending_->failure);
}

bool h1_connection::can_be_used_again() const noexcept {
  const bool is_sent = sending_ == nullptr || sending_->body == sending::outcome::complete;
  return answer_ == stage::whole && is_sent && !broken_ && !closes_ && parser_.keep_alive() && rest_.empty() &&
         !parser_.upgraded();
}

void h1_connection::rest(time_point since) noexcept {
  received_ = {};
  rest_ = {};
  recorder_ = nullptr;
  sending_.reset();
  rests_since_ = since;
}

void h1_connection::abandon() noexcept {
  if (!is_sending()) return;
  sending_->trace = {};  // whom it would tell may be gone
  sending_->sender->cancel();
  stream_.abort();
}

}  // namespace hocket::http::detail
