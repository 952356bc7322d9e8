// The connection's task waits for one thing at a time: bytes of a request, its handler, room for the reply. What is known when the
// head has come (the request's framing, whether the client wants to keep the connection) decides with the reply whether there will
// be a next request. If not, what the client still sends is read away for a while before the connection is closed, for closing
// with bytes unread resets it, and the client would lose the reply (RFC 9112, 9.6).
//
// A client that takes its reply too slowly is cut off by a reset: in an orderly end the system would keep what it has not taken.
//
// What is known of a request stands with who learns it:
//
//   has its body come     request_reader::body()   from unasked or coming to whole, broken or lost
//   has its reply gone    reply_sender's stage     from not_begun to between pieces, or amid one that was not sent
//   is it our turn        is_answering_            from the whole head to the end of the reply
//   may it still come     is_stopped_              no: stop() has cancelled the wait for a head; if one is there nevertheless, that is
//                                                  taken back, and the request is the last
//   what comes behind it  outlook_                 from goes_on to ends, gone, cut_off: it only gets worse

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/activity.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/detail/proxy_greeting.hpp>
#include <hocket/http/server/detail/request_access.hpp>
#include <hocket/http/server/detail/request_target.hpp>
#include <hocket/http/server/detail/server_connection.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::http::detail {

using body_state = request_reader::body_state;

static constexpr auto longest_linger = std::chrono::seconds(5);
static constexpr auto longest_farewell =
    std::chrono::seconds(1);  // for a client's closure alert; most send none at rest

static socket_address address_of(const byte_stream& stream) {
  try {
    return stream.peer_address();
  } catch (const std::system_error&) {
    return {};  // there is no socket below, or the client has gone already
  }
}

server_connection::server_connection(server& owner, byte_stream peer)
    : server_exchange(owner, {address_of(peer), owner.options_.tls != nullptr ? "https" : "http"}),
      stream_(std::move(peer)),
      reader_(stream_, options()),
      sender_(stream_, options(), owner.date_) {
  request_access::connect(request_, reader_.head().headers(), reader_, *this, options().max_body_bytes);
  request_access::come_from(request_, client_.address, client_.scheme);
}

coro<void> server_connection::serve() {
  buffer early;
  if (options().proxy_protocol && !co_await greet(early)) co_return;
  if (options().tls == nullptr)
    reader_.begin_with(std::move(early));
  else if (!co_await shake_hands(std::move(early)))
    co_return;
  if (has_agreed_on_http2()) co_return co_await serve_http2(false);
  do {
    std::optional<bad_message> problem;
    is_answering_ = false;
    idle_since_ = loop::running().time();
    try {
      if (!co_await reader_.read_head(idle_since_)) co_return;
      begin_request();
    } catch (const bad_message& found) {
      problem = found;
    }
    take_back_stop();
    is_answering_ = true;
    if (problem) {
      const bool may_speak_http2 = options().http2.prior_knowledge && served_ == 0 && !options().tls;
      if (may_speak_http2 && reader_.head().is_http2_preface()) co_return co_await serve_http2(true);
      co_await refuse(*problem);
      co_return;
    }
    co_await answer();
    unlink();
    owner_.connections_.push_back(*this);  // the list stays in the order of their last requests
  } while (outlook_ == outlook::goes_on);
}

coro<void> server_connection::close() {
  if (outlook_ == outlook::cut_off || sender_.is_open_ended()) stream_.reset();
  co_await stream_.close();
}

// A proxy that passes on bytes says for whom.
coro<bool> server_connection::greet(buffer& behind) {
  const auto& trusted = options().proxy_protocol->trusted;
  if (std::ranges::none_of(trusted, [this](const ip_network& each) { return each.contains(client_.address); }))
    co_return true;
  idle_since_ = loop::running().time();
  const activity reading("reading the header of a proxy");
  std::string problem;
  try {
    auto greeting = co_await receive_proxy_greeting(stream_, *options().proxy_protocol);
    if (!greeting) co_return false;
    if (greeting->header.source) client_.address = greeting->header.source->from_v4_mapped();
    if (greeting->is_secure()) client_.scheme = "https";
    request_access::come_from(request_, client_.address, client_.scheme);
    behind = std::move(greeting->rest);
    co_return true;
  } catch (const std::system_error&) {  // it has gone
    co_return false;
  } catch (const std::exception& failed) {
    problem = failed.what();
  }
  owner_.report(fmt::format("the proxy {}: {}", client_.address.to_string(), problem));
  co_return false;
}

coro<bool> server_connection::shake_hands(buffer early) {
  idle_since_ = loop::running().time();
  const activity securing("TLS handshake");
  start_tls_options how{.server_side = true};
  how.handshake_timeout = options().handshake;
  how.shutdown_timeout = longest_farewell;
  how.buffered = early.text();
  if (options().http2.over_tls) how.alpn_protocols = {"h2", "http/1.1"};
  early = {};
  std::string problem;
  try {
    stream_ = co_await options().tls->start_tls(std::move(stream_), std::move(how));
    co_return true;
  } catch (const std::exception& failed) {
    problem = failed.what();
  }
  const std::string peer = request_.peer().to_string();
  owner_.report(problem.contains(peer) ? problem : fmt::format("TLS with {}: {}", peer, problem));
  co_return false;
}

bool server_connection::has_agreed_on_http2() const {
  if (options().tls == nullptr) return false;
  const auto* agreed = stream_.find_layer<tls_layer>();
  return agreed != nullptr && agreed->alpn_protocol() == "h2";
}

coro<void> server_connection::serve_http2(bool has_sent_preface) {
  http2_ = std::make_unique<h2_server_connection>(owner_, stream_, client_);
  if (outlook_ != outlook::goes_on) http2_->stop();
  co_await http2_->serve(reader_.take_rest(), has_sent_preface);
}

// ---- the request

// The cancellation came when the kernel had filled the receive already: it is pending still, and would meet the handler.
void server_connection::take_back_stop() noexcept {
  if (std::exchange(is_stopped_, false)) task_->uncancel();
}

void server_connection::begin_request() {
  request_parser& head = reader_.head();
  const auto [target, host] = split_target(head.target(), head.headers().get("Host").value_or(""), target_);
  const std::optional<std::uint64_t> length = head.content_length();
  request_access::begin(request_, {.request_line = head.start_line(),
                                   .method = head.method(),
                                   .target = target,
                                   .host = host,
                                   .version = head.http_minor() == 0 ? "HTTP/1.0" : "HTTP/1.1",
                                   .content_length = head.is_chunked() ? length : length.value_or(0)});
  introduce();
  sender_.begin();
  reader_.begin_body();
  ++served_;
  const bool may_go_on =
      head.keep_alive() && !head.wants_upgrade() && !owner_.stopping_ && served_ < options().max_requests;
  if (!may_go_on) worsen(outlook::ends);
}

// A request that is none. No handler sees it.
coro<void> server_connection::refuse(const bad_message& problem) {
  worsen(outlook::ends);
  request_access::begin(request_, {.request_line = reader_.head().start_line()});
  introduce_refused();
  sender_.begin();
  reply given = reply::text(fmt::format("{}\n", problem.what()), problem.answer());
  co_await send_reply(given);
  tell_of_answer(given.status, std::nullopt, has_whole_reply(), problem.what());
  if (outlook_ == outlook::ends) co_await linger();
}

// ---- the handler

coro<void> server_connection::answer() {
  std::optional<time_point> begun;
  if (options().on_answered) begun = loop::running().time();
  activity answering(request_.request_line());
  answering.enter("handler");
  int status = 0;
  bool is_of_http = true;
  try {
    reply given;
    if (options().cancel_on_disconnect)
      co_await while_connected(ask_handler(given));
    else
      co_await ask_handler(given);
    status = given.status;
    if (reader_.body() == body_state::lost) worsen(outlook::gone);
    if (!reader_.may_drain()) worsen(outlook::ends);
    answering.enter("sending");
    if (outlook_ < outlook::gone) co_await send_reply(given);
    status = given.status;  // that of an error, if its body failed before anything was sent
    if (status == switching_protocols && outlook_ < outlook::gone) {
      is_of_http = false;
      answering.enter("another protocol");
      co_await change_protocol();
    }
  } catch (const cancelled&) {  // the server's end
    worsen(outlook::gone);
    tell_of_answer(status, begun, has_whole_reply());
    throw;
  }
  tell_of_answer(status, begun, has_whole_reply());
  if (!is_of_http) co_return;
  answering.enter("reading away the rest");
  if (outlook_ != outlook::goes_on || reader_.body() != body_state::whole) co_await leave_request();
}

bool server_connection::may_change_protocol() noexcept {
  return request_.get<protocol_change>() != nullptr && reader_.head().wants_upgrade() &&
         request_.method() != "CONNECT" && reader_.body() == body_state::whole;
}

coro<void> server_connection::change_protocol() {
  event stopping;
  struct registration {
    event*& at;
    ~registration() { at = nullptr; }
  } const registered{stopping_ = &stopping};
  if (owner_.stopping_) stopping.set();
  upgraded_connection connection{{std::move(stream_), reader_.take_rest()}, stopping};
  co_await speak(connection);
}

// Cancels the work when the client goes. Who watches ends with it, also where there is no memory for something.
coro<void> server_connection::while_connected(coro<void> work) {
  cancel_scope working;
  bool is_done = false;
  task<void> watching;
  const auto work_watched = [&]() -> coro<void> {
    watching = create_task(watch(working, is_done), {.name = "http connection watch"});
    co_await working.run(std::move(work));
  };
  const auto stop_watching = [&]() -> coro<void> {
    is_done = true;
    if (!watching) co_return;
    watching.cancel();
    try {
      co_await watching;
    } catch (...) {  // what it was about is done
    }
  };
  co_await finally(work_watched(), stop_watching());
}

// While the request's body comes its reader hears of the end.
coro<void> server_connection::watch(cancel_scope& working, const bool& is_done) {
  if (!co_await reader_.client_goes() || is_done) co_return;
  worsen(outlook::gone);
  working.cancel();
}

// ---- the reply

bool server_connection::write_head(const reply& given) {
  reader_.reply_begins();
  const reply_form form = form_of(given);
  sender_.write_head(given, form);
  return !form.answers_head && form.body.end != body_end::no_body;
}

reply_form server_connection::form_of(const reply& given) {
  const bool is_of_http_1_0 = request_.version() == "HTTP/1.0";
  const framing body = reply_framing(given, is_of_http_1_0 ? 0 : 1);
  if (body.end == body_end::close || given.headers.contains_token("Connection", "close")) worsen(outlook::ends);
  return {.body = body,
          .answers_head = request_.method() == "HEAD",
          .is_of_http_1_0 = is_of_http_1_0,
          .is_last = outlook_ != outlook::goes_on,
          .changes_protocol = given.status == switching_protocols};
}

// If it is cut off nobody knows what the client would take the reply for.
coro<void> server_connection::send_interim(int status, const headers& fields) {
  if (request_.version() == "HTTP/1.0") co_return;
  try {
    co_await sender_.send_interim(status, fields);
  } catch (...) {
    worsen(outlook::gone);
    throw;
  }
}

coro<void> server_connection::send_long_body(reply& given) {
  if (options().cancel_on_disconnect)
    co_await while_connected(write_body(given));
  else
    co_await write_body(given);
}

// ---- ends

coro<void> server_connection::leave_request() {
  if (outlook_ == outlook::goes_on && reader_.body() != body_state::whole) co_await reader_.drain();
  if (outlook_ >= outlook::gone) co_return;
  const bool is_read = reader_.body() == body_state::whole;
  if (!is_read) worsen(outlook::ends);
  if (!is_read || (outlook_ == outlook::ends && reader_.has_more())) co_await linger();
}

coro<void> server_connection::linger() {
  is_answering_ = false;
  idle_since_ = loop::running().time();
  const time_point until = idle_since_ + longest_linger;
  co_await with_timeout_at(until, stream_.shutdown_send());
  co_await reader_.read_away(until);
}

}  // namespace hocket::http::detail
