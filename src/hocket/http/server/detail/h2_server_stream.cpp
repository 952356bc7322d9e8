#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/append.hpp>
#include <hocket/core/activity.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/framing.hpp>
#include <hocket/http/detail/h2_tunnel.hpp>
#include <hocket/http/detail/request_rules.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/body_rate.hpp>
#include <hocket/http/server/detail/h2_server_connection.hpp>
#include <hocket/http/server/detail/h2_server_stream.hpp>
#include <hocket/http/server/detail/request_access.hpp>

namespace hocket::http::detail {

h2_server_stream::h2_server_stream(h2_server_connection& connection, server& owner, const client_of_connection& client,
                                   std::int32_t id)
    : h2_stream(connection, id),
      server_exchange(owner, client),
      connection_(connection),
      sender_(*this, connection, options(), owner.date_) {
  request_access::connect(request_, fields_, *this, *this, options().max_body_bytes);
  request_access::come_from(request_, client_.address, client_.scheme);
}

h2_server_stream::~h2_server_stream() { connection_.forget(*this); }

// ---- the head. What nghttp2 lets through is well-formed: names, values, which pseudo-header fields there are.

void h2_server_stream::take_field(std::string_view name, std::string_view value) {
  if (refusal_) return;
  try {
    require_room_for(name, value, fields_.size());
    if (name.starts_with(':')) return take_pseudo_field(name, value);
    if (name == "cookie") {
      append(cookies_, cookies_.empty() ? std::string_view() : std::string_view("; "), value);
    } else {
      fields_.add_unchecked(name, value);
    }
  } catch (const bad_message& problem) {
    refusal_ = problem;
  }
}

void h2_server_stream::take_pseudo_field(std::string_view name, std::string_view value) {
  if (name == ":method") method_ = value;
  if (name == ":path") target_ = value;
  if (name == ":authority") authority_ = value;
  if (name == ":protocol") protocol_ = value;
}

// Together with the head they are no larger than that may be, and no more than as many again.
void h2_server_stream::take_trailer(std::string_view name, std::string_view value) {
  if (failure() != nullptr) return;
  try {
    require_room_for(name, value, trailers_so_far());
    keep_trailer(name, value);
  } catch (const bad_message& problem) {
    fail(std::make_exception_ptr(http_error(problem.answer(), problem.what())));
  }
}

void h2_server_stream::require_room_for(std::string_view name, std::string_view value, std::size_t fields_before) {
  const server_options& limits = options();
  const std::size_t line = name.size() + value.size() + 2;
  if (line > limits.max_line_bytes && name == ":path")
    throw bad_message("request line larger than " + in_words(limits.max_line_bytes), 414);
  if (line > limits.max_line_bytes)
    throw bad_message("header field larger than " + in_words(limits.max_line_bytes), 431);
  head_bytes_ += line + 2;
  if (head_bytes_ > limits.max_head_bytes)
    throw bad_message("head larger than " + in_words(limits.max_head_bytes), 431);
  if (fields_before >= limits.max_fields && !name.starts_with(':'))
    throw bad_message(fmt::format("more than {} header fields", limits.max_fields), 431);
}

bool h2_server_stream::head_ends() {
  has_body_ = !is_whole() && protocol_.empty();
  connection_.request_has_come(*this);
  return true;
}

void h2_server_stream::begin_request() {
  if (!protocol_.empty())
    ask_as_over_http_1();
  else if (method_ == "CONNECT")
    target_ = authority_;
  append(request_line_, method_, " ", target_, " HTTP/2.0");
  if (refusal_) throw *refusal_;
  if (!protocol_.empty() && !equal_ignoring_case(protocol_, "websocket")) throw bad_message("unknown protocol", 501);
  check_target(method_, target_);
  if (!cookies_.empty()) fields_.add_unchecked("cookie", cookies_);
  const std::string_view name = host();
  if (!fields_.contains("Host")) fields_.add_unchecked("host", name);
  const std::optional<std::uint64_t> length = request_framing(fields_, 1).content_length;
  request_access::begin(request_, {.request_line = request_line_,
                                   .method = method_,
                                   .target = target_,
                                   .host = name,
                                   .version = "HTTP/2.0",
                                   .content_length = has_body_ ? length : 0});
  waits_to_go_on_ = wants_continue(fields_) && has_body_;
  introduce();
}

// So that handlers need not know how it is asked for. No request of HTTP/2 has these fields: it would be malformed (RFC 9113, 8.2.2).
void h2_server_stream::ask_as_over_http_1() {
  method_ = "GET";
  fields_.add_unchecked("upgrade", protocol_);
  fields_.add_unchecked("connection", "Upgrade");
}

// RFC 9113, 8.3.1: of what could be read in two ways nothing is believed.
std::string_view h2_server_stream::host() const {
  const auto named = fields_.get_all("Host");
  if (named.size() > 1) throw bad_message("more than one Host");
  if (authority_.empty() && named.empty()) throw bad_message("no Host");
  if (!authority_.empty() && !named.empty() && !equal_ignoring_case(authority_, named.front()))
    throw bad_message("a Host other than the authority");
  const std::string_view found = authority_.empty() ? named.front() : std::string_view(authority_);
  if (!is_authority(found)) throw bad_message("malformed Host");
  return found;
}

// ---- the body

coro<std::string_view> h2_server_stream::next() {
  if (!protocol_.empty()) co_return std::string_view{};  // what comes is no body
  if (std::exchange(waits_to_go_on_, false)) {
    connection_.submit_interim_reply(*this, 100, {});
    connection_.collect();
  }
  if (!has_news()) {
    struct stopwatch {
      duration& total;
      time_point begun = loop::running().time();
      ~stopwatch() { total += loop::running().time() - begun; }
    } const counts{waited_};
    const activity receiving("receiving the body");
    const duration left = std::min<duration>(options().grace, time_for(body_bytes_, options()) - waited_);
    try {
      co_await with_timeout(left, wait_for_news());
    } catch (const timeout_error&) {
      fail(std::make_exception_ptr(http_error(408, "the request's body comes too slowly")));
    }
  }
  const std::string_view piece = take();
  body_bytes_ += piece.size();
  co_return piece;
}

// ---- the answer

coro<void> h2_server_stream::run() {
  if (is_closed()) co_return;  // the client has thought better of it
  std::optional<bad_message> problem;
  try {
    begin_request();
  } catch (const bad_message& found) {
    problem = found;
  }
  if (problem)
    co_await refuse(*problem);
  else
    co_await answer();
  leave();
}

// A request that is none. No handler sees it.
coro<void> h2_server_stream::refuse(const bad_message& problem) {
  request_access::begin(request_, {.request_line = request_line_});
  introduce_refused();
  const std::string why = fmt::format("bad request: {}", problem.what());
  reply given = reply::text(why + "\n", problem.answer());
  co_await send_reply(given);
  tell_of_answer(given.status, std::nullopt, sender_.is_complete(), why);
}

coro<void> h2_server_stream::answer() {
  std::optional<time_point> begun;
  if (options().on_answered) begun = loop::running().time();
  reply given;
  try {
    if (options().cancel_on_disconnect)
      co_await working_.run(answer_by(given));
    else
      co_await answer_by(given);
  } catch (const cancelled&) {  // the server's end
    tell_of_answer(given.status, begun, false);
    throw;
  }
  tell_of_answer(given.status, begun, sender_.is_complete());
}

coro<void> h2_server_stream::answer_by(reply& given) {
  activity answering(request_line_);
  answering.enter("handler");
  co_await ask_handler(given);
  if (!protocol_.empty() && given.status / 100 == 2)  // the client would take it for consent
    given = reply::error(http_error(501, "there is no websocket here"));
  answering.enter("sending");
  if (!is_closed()) co_await send_reply(given);
  if (given.status != switching_protocols || !sender_.is_complete()) co_return;
  answering.enter("another protocol");
  co_await change_protocol();
}

bool h2_server_stream::may_change_protocol() noexcept {
  return !protocol_.empty() && request_.get<protocol_change>() != nullptr;
}

// Others may still be in the stream when who speaks on it has ended.
coro<void> h2_server_stream::change_protocol() {
  become_tunnel();
  const auto tunnel = std::make_shared<h2_tunnel>(*this, nullptr, options().standstill);
  upgraded_connection connection{{h2_tunnel::open(tunnel), {}}, connection_.stopping()};
  co_await finally(speak(connection), tunnel->leave());
}

bool h2_server_stream::write_head(const reply& given) {
  waits_to_go_on_ = false;
  if (given.headers.contains_token("Connection", "close")) connection_.end_soon();
  return sender_.write_head(given, method_ == "HEAD");
}

coro<void> h2_server_stream::send_interim(int status, const headers& fields) {
  co_await h2_stream::send_interim(status, fields, options().grace);
}

void h2_server_stream::give_up(defeat why) noexcept {
  end_ = why == defeat::failed ? h2_error::internal_error : h2_error::cancel;
}

// When its client goes a handler is cancelled, if that is wanted: from the request's last byte on. Before that it is the reading that fails.
void h2_server_stream::was_closed() noexcept {
  const bool has_come = is_whole() || !protocol_.empty();
  if (options().cancel_on_disconnect && has_come && !has_sent_last() && !sender_.is_complete()) working_.cancel();
}

// A client that still sends what nobody has read is told that it need not (RFC 9113, 8.1).
void h2_server_stream::leave() {
  if (!sender_.is_complete())
    reset(end_);
  else if (!is_whole())
    reset(h2_error::no_error);
}

}  // namespace hocket::http::detail
