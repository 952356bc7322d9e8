// The connection's task waits for one thing at a time: bytes of a request, its handler, room for the reply. What is known when the
// head has come (the request's framing, whether the client wants to keep the connection) decides with the reply whether there will
// be a next request. If not, what the client still sends is read away for a while before the connection is closed, for closing
// with bytes unread resets it, and the client would lose the reply (RFC 9112, 9.6).
//
// Clients are dropped that do not keep up `min_rate`: while a body comes, measured over all of it and only while we wait for the
// client; while a reply goes, measured over each piece of at most `most_sent_at_once`.

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/proxy_greeting.hpp>
#include <hocket/http/server/detail/request_access.hpp>
#include <hocket/http/server/detail/server_connection.hpp>
#include <hocket/http/status.hpp>
#include <hocket/io/send_file.hpp>

namespace hocket::http::detail {

static constexpr auto longest_drain = std::chrono::seconds(1);
static constexpr auto longest_linger = std::chrono::seconds(5);
static constexpr auto longest_farewell =
    std::chrono::seconds(1);                           // for a client's closure alert; most send none at rest
static constexpr std::size_t most_copied = 16 * 1024;  // of a body: above, a second piece costs less than the copy
static constexpr std::size_t most_sent_at_once = 256 * 1024;
static constexpr std::uint64_t most_read = 64 * 1024;           // of a file, to go with the head: splicing costs more
static constexpr std::uint64_t most_drained_bytes = 64 * 1024;  // of a body that the handler did not read

// RFC 9112, 3.2.2: a server takes the absolute form too, "http://host/path".
struct split_target {
  std::string_view target;
  std::string_view host;
};
static split_target split(std::string_view sent, std::string_view host) noexcept {
  if (sent.starts_with('/')) return {sent, host};
  const std::size_t scheme = sent.find("://");
  if (scheme == std::string_view::npos) return {sent, host};
  const std::string_view rest = sent.substr(scheme + 3);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const bool has_path = path < rest.size() && rest[path] == '/';
  return {has_path ? rest.substr(path) : "/", rest.substr(0, path)};
}

static socket_address address_of(const byte_stream& stream) {
  try {
    return stream.peer_address();
  } catch (const std::system_error&) {
    return {};  // there is no socket below, or the client has gone already
  }
}

server_connection::server_connection(server& owner, byte_stream peer)
    : owner_(owner),
      stream_(std::move(peer)),
      parser_({.head_bytes = options().max_head_bytes,
               .line_bytes = options().max_line_bytes,
               .fields = options().max_fields}),
      peer_(address_of(stream_)),
      scheme_(options().tls != nullptr ? "https" : "http") {
  request_access::connect(request_, parser_.headers(), *this, options().max_body_bytes);
  request_access::come_from(request_, peer_, scheme_);
}

coro<void> server_connection::serve() {
  if (options().proxy_protocol && !co_await greet()) co_return;
  if (options().tls != nullptr && !co_await shake_hands()) co_return;
  do {
    std::optional<bad_message> problem;
    busy_ = false;
    idle_since_ = loop::running().time();
    try {
      if (!co_await read_request()) co_return;
      begin_request();
    } catch (const bad_message& found) {
      problem = found;
    }
    busy_ = true;
    if (problem) {
      co_await refuse(*problem);
      co_return;
    }
    co_await answer();
    unlink();
    owner_.connections_.push_back(*this);  // the list stays in the order of their last requests
  } while (keep_alive_);
}

// A proxy that passes on bytes says for whom.
coro<bool> server_connection::greet() {
  const auto& trusted = options().proxy_protocol->trusted;
  if (std::ranges::none_of(trusted, [this](const ip_network& each) { return each.contains(peer_); })) co_return true;
  idle_since_ = loop::running().time();
  std::string problem;
  try {
    auto greeting = co_await receive_proxy_greeting(stream_, *options().proxy_protocol);
    if (!greeting) co_return false;
    if (greeting->header.source) peer_ = greeting->header.source->from_v4_mapped();
    if (greeting->is_secure()) scheme_ = "https";
    request_access::come_from(request_, peer_, scheme_);
    received_ = std::move(greeting->rest);
    rest_ = received_.text();
    co_return true;
  } catch (const std::system_error&) {  // it has gone
    co_return false;
  } catch (const std::exception& failed) {
    problem = failed.what();
  }
  owner_.report(fmt::format("the proxy {}: {}", peer_.to_string(), problem));
  co_return false;
}

coro<bool> server_connection::shake_hands() {
  idle_since_ = loop::running().time();
  start_tls_options how{.server_side = true};
  how.handshake_timeout = options().handshake;
  how.shutdown_timeout = longest_farewell;
  how.buffered = std::exchange(rest_, {});
  received_ = {};
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

// ---- a request

// False when the client has gone, or sent nothing in time.
coro<bool> server_connection::read_request() {
  parser_.begin();
  std::string_view ignored;
  std::optional<time_point> until;
  for (;;) {
    if (parser_.next(rest_, ignored) == parse_event::head) co_return true;
    const time_point now = loop::running().time();
    if (parser_.started() && !until) until = now + options().head;
    const arrival came = co_await receive(until ? *until - now : options().idle);
    if (came == arrival::too_late && until) throw bad_message("the request's head did not come in time", 408);
    if (came != arrival::bytes) co_return false;
  }
}

void server_connection::begin_request() {
  const headers& fields = parser_.headers();
  const auto [target, host] = split(parser_.target(), fields.get("Host").value_or(""));
  const std::optional<std::uint64_t> length = parser_.content_length();
  const std::string_view version = parser_.http_minor() == 0 ? "HTTP/1.0" : "HTTP/1.1";
  request_access::begin(request_, {.request_line = parser_.start_line(),
                                   .method = parser_.method(),
                                   .target = target,
                                   .host = host,
                                   .version = version,
                                   .content_length = parser_.is_chunked() ? length : length.value_or(0)});
  if (options().proxies) find_origin();
  body_ended_ = !request_.has_body();
  wants_continue_ = parser_.expects_continue();
  body_received_ = 0;
  body_waited_ = {};
  begin_reply();
  ++served_;
  keep_alive_ = keep_alive_ && parser_.keep_alive() && !parser_.wants_upgrade() && !owner_.stopping_ &&
                served_ < options().max_requests;
  if (body_ended_) find_end_of_body();
}

void server_connection::begin_reply() noexcept {
  head_begun_ = false;
  head_sent_ = false;
  body_sent_ = 0;
}

// What proxies that pass on requests say. Who is not trusted says nothing.
void server_connection::find_origin() {
  if (!options().proxies->trusts(peer_)) return;
  request_origin direct{.client = peer_, .scheme = std::string(scheme_), .host = std::string(request_.host())};
  auto found = options().proxies->resolve(std::move(direct), request_.headers());
  if (!found) throw bad_message("the proxies' account of the client is malformed", 400);
  origin_ = std::move(*found);
  request_access::come_from(request_, origin_.client, origin_.scheme);
  request_access::come_for(request_, origin_.host);
}

coro<std::string_view> server_connection::next() {
  if (body_ended_) co_return std::string_view{};
  if (std::exchange(wants_continue_, false)) co_await send("HTTP/1.1 100 Continue\r\n\r\n");
  for (;;) {
    std::string_view piece;
    try {
      switch (parser_.next(rest_, piece)) {
        case parse_event::end:
          body_ended_ = true;
          if (body_over_ != nullptr) body_over_->set();
          co_return std::string_view{};
        case parse_event::body:
          body_received_ += piece.size();
          co_return piece;
        default:
          break;
      }
    } catch (const bad_message& problem) {
      give_up_body(problem.answer(), problem.what());
    }
    const time_point before = loop::running().time();
    const duration left = std::min<duration>(options().grace, time_for(body_received_) - body_waited_);
    const arrival came = left > duration::zero() ? co_await receive(left) : arrival::too_late;
    body_waited_ += loop::running().time() - before;
    if (came == arrival::too_late) give_up_body(408, "the request's body comes too slowly");
    if (came == arrival::end) {
      gone_ = true;
      keep_alive_ = false;
      body_ended_ = true;
      throw std::system_error(std::make_error_code(std::errc::connection_reset), "the client has gone");
    }
  }
}

// Nobody knows any more where the next request would begin.
void server_connection::give_up_body(int status, const std::string& why) {
  keep_alive_ = false;
  body_ended_ = true;
  throw http_error(status, why);
}

duration server_connection::time_for(std::uint64_t bytes) const noexcept {
  if (options().min_rate == 0) return duration::max();
  const std::uint64_t most_seconds = 1'000'000'000;  // so that nanoseconds have room
  return options().grace + std::chrono::seconds(std::min(bytes / options().min_rate, most_seconds));
}

// Of what has come already: a body of no bytes, and one that the handler has left, is over without waiting.
void server_connection::find_end_of_body() {
  for (;;) {
    std::string_view ignored;
    const parse_event event = parser_.next(rest_, ignored);
    body_ended_ = event == parse_event::end;
    body_received_ += ignored.size();
    if (body_ended_ || event == parse_event::need_more) return;
  }
}

// ---- the reply

coro<void> server_connection::answer() {
  const time_point begun = loop::running().time();
  reply given = options().cancel_on_disconnect ? co_await ask_handler_while_connected() : co_await ask_handler();
  if (!gone_) {
    if (!body_ended_ && !may_drain()) keep_alive_ = false;
    std::string problem;
    try {
      co_await send_reply(given);
    } catch (const http_error& known) {
      problem = known.what();
    } catch (const std::system_error& failed) {
      problem = failed.what();
    } catch (const timeout_error& late) {
      problem = late.what();
    } catch (const std::exception& thrown) {
      problem = thrown.what();
      owner_.report(fmt::format("{} {}: {}", request_.method(), request_.target(), problem));
    }
    if (!problem.empty()) gone_ = true;
  }
  tell_of_answer({.status = given.status, .took = loop::running().time() - begun});
  if (gone_) keep_alive_ = false;
  if (gone_ || body_ended_) co_return;
  if (keep_alive_) co_await drain();
  if (body_ended_) co_return;
  keep_alive_ = false;
  co_await linger();
}

void server_connection::tell_of_answer(answered how) {
  ++owner_.requests_;
  if (!options().on_answered) return;
  if (!head_sent_) how.status = 0;
  how.body_bytes = body_sent_;
  how.complete = !gone_;
  options().on_answered(request_, how);
}

coro<reply> server_connection::ask_handler() {
  std::string problem;
  try {
    reply given = co_await owner_.handler_(request_);
    if (given.status >= 200 && given.status <= 999) co_return given;
    problem = fmt::format("the handler gave the status {}", given.status);
  } catch (const http_error& known) {
    co_return reply::error(known);
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  }
  if (!gone_) owner_.report(fmt::format("{} {}: {}", request_.method(), request_.target(), problem));
  co_return reply::text("the server failed\n", 500);
}

coro<reply> server_connection::ask_handler_while_connected() {
  std::optional<reply> given;
  const auto ask = [&]() -> coro<void> { given = co_await ask_handler(); };
  co_await while_connected(ask());
  if (given) co_return std::move(*given);
  co_return reply{};
}

// Cancels the work when the client goes.
coro<void> server_connection::while_connected(coro<void> work) {
  cancel_scope working;
  event over;
  body_over_ = &over;
  if (body_ended_) over.set();
  auto watching = create_task(watch(working), {.name = "http connection watch"});
  const auto stop_watching = [&]() -> coro<void> {
    body_over_ = nullptr;
    watching.cancel();
    static_cast<void>(co_await as_result(watching));
  };
  co_await finally(working.run(std::move(work)), stop_watching);
}

// While the request's body comes its reader hears of the end. What comes behind it is the next request's.
coro<void> server_connection::watch(cancel_scope& working) {
  co_await body_over_->wait();
  if (!rest_.empty()) co_return;
  received_ = {};
  auto came = co_await as_expected(stream_.receive());
  if (came && !came->text().empty()) {
    received_ = std::move(*came);
    rest_ = received_.text();
    co_return;
  }
  if (body_over_ == nullptr) co_return;  // it went when all was done
  gone_ = true;
  working.cancel();
}

/// Frames the pieces of a body; the first goes with the head.
class server_connection::reply_writer final : public body_writer {
 public:
  /// With a length, in chunks, or else until the connection is closed.
  reply_writer(server_connection& connection, std::optional<std::uint64_t> length, bool is_chunked) noexcept
      : on_(connection), left_(length), is_chunked_(is_chunked) {}

  coro<void> write(std::string_view piece) override {
    take(piece.size());
    while (!piece.empty()) {
      const std::string_view part = piece.substr(0, most_sent_at_once);
      piece.remove_prefix(part.size());
      const std::string_view size_line = begin_chunk(part.size());
      const std::array<std::string_view, 4> pieces{on_.out_, size_line, part, is_chunked_ ? "\r\n" : ""};
      on_.head_begun_ = true;
      co_await with_timeout(on_.time_for(part.size()), on_.stream_.send_all(pieces));
      sent(part.size());
    }
  }

  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override {
    if (length <= most_read) {
      co_await read_and_write(from, offset, static_cast<std::size_t>(length));
      co_return;
    }
    take(length);
    while (length > 0) {
      const std::uint64_t part = std::min<std::uint64_t>(length, most_sent_at_once);
      on_.out_ += begin_chunk(part);
      on_.head_begun_ = true;
      if (!on_.out_.empty()) co_await on_.send(on_.out_);
      on_.out_.clear();
      on_.head_sent_ = true;
      const send_file_options which{.offset = offset, .length = part};
      co_await with_timeout(on_.time_for(part), send_file(from, on_.stream_, which));
      if (is_chunked_) on_.out_ = "\r\n";
      on_.body_sent_ += part;
      offset += part;
      length -= part;
    }
  }

  /// Only the head is ever kept.
  coro<void> flush() override {
    if (!on_.head_sent_) co_await on_.send_head_with("");
  }

  /// Sends what is left of the framing, with the head of a body of no bytes.
  coro<void> finish() {
    if (left_.value_or(0) > 0)
      throw invalid_state_error(fmt::format("the body ended {} bytes before its length", *left_));
    if (is_chunked_) on_.out_ += "0\r\n\r\n";
    if (!on_.out_.empty()) co_await on_.send_head_with("");
  }

 private:
  coro<void> read_and_write(file& from, std::uint64_t offset, std::size_t length) {
    const auto bytes = std::make_unique_for_overwrite<char[]>(length);
    std::size_t size = 0;
    while (size < length) {
      const std::span<char> rest(bytes.get() + size, length - size);
      const std::size_t count = co_await from.read(rest, static_cast<std::int64_t>(offset + size));
      if (count == 0) throw hocket::error("the file became shorter while it was sent");
      size += count;
    }
    co_await write({bytes.get(), length});
  }
  void take(std::uint64_t size) {
    if (!left_) return;
    if (size > *left_) throw invalid_state_error("more of a body was written than its length");
    *left_ -= size;
  }
  std::string_view begin_chunk(std::uint64_t size) {
    if (!is_chunked_) return {};
    const auto end = fmt::format_to_n(line_.data(), line_.size(), "{:x}\r\n", size);
    return {line_.data(), end.size};
  }
  void sent(std::size_t size) noexcept {
    on_.out_.clear();
    on_.head_sent_ = true;
    on_.body_sent_ += size;
  }

  server_connection& on_;
  std::optional<std::uint64_t> left_;
  bool is_chunked_;
  std::array<char, 18> line_;
};

coro<void> server_connection::send_reply(reply& given) {
  const bool may_have_body = given.status != 204 && given.status != 304;
  const std::optional<std::uint64_t> length = may_have_body ? given.body.length() : std::nullopt;
  const bool is_chunked = may_have_body && !length && parser_.http_minor() > 0;
  if (may_have_body && !length && !is_chunked) keep_alive_ = false;  // HTTP/1.0: its end is the connection's
  if (given.headers.contains_token("Connection", "close")) keep_alive_ = false;
  write_head(given, is_chunked ? "Transfer-Encoding: chunked\r\n" : "", length);
  const auto bytes = given.body.in_memory();
  if (!may_have_body || request_.method() == "HEAD") {
    co_await send_head_with("");
  } else if (bytes && bytes->size() <= most_sent_at_once) {
    co_await send_head_with(*bytes);
    body_sent_ = bytes->size();
  } else {
    coro<void> sending = send_body(given, length, is_chunked);
    if (options().cancel_on_disconnect)
      co_await while_connected(std::move(sending));
    else
      co_await std::move(sending);
  }
}

coro<void> server_connection::send_body(reply& given, std::optional<std::uint64_t> length, bool is_chunked) {
  reply_writer writer(*this, length, is_chunked);
  std::optional<reply> refusal;
  try {
    co_await given.body.write_to(writer);
    co_await writer.finish();
  } catch (const http_error& known) {
    if (head_begun_) throw;
    refusal = reply::error(known);
  } catch (const std::exception& thrown) {
    if (head_begun_) throw;
    owner_.report(fmt::format("{} {}: {}", request_.method(), request_.target(), thrown.what()));
    refusal = reply::text("the server failed\n", 500);
  }
  if (!refusal) co_return;
  given = std::move(*refusal);
  write_head(given, "", given.body.length());
  co_await send_head_with(*given.body.in_memory());
}

static bool is_framing(std::string_view name) noexcept {
  return equal_ignoring_case(name, "Connection") || equal_ignoring_case(name, "Transfer-Encoding") ||
         equal_ignoring_case(name, "Keep-Alive");
}

void server_connection::write_head(const reply& given, std::string_view framing, std::optional<std::uint64_t> length) {
  out_.assign("HTTP/1.1 ");
  const fmt::format_int status(given.status);
  out_.append(status.data(), status.size()).append(" ").append(reason_phrase(given.status)).append("\r\n");
  if (!options().name.empty()) out_.append("Server: ").append(options().name).append("\r\n");
  if (options().wall_clock != nullptr) out_.append("Date: ").append(format_date(options().wall_clock())).append("\r\n");
  const bool may_say_length = given.body.is_empty() && (request_.method() == "HEAD" || given.status == 304);
  for (const auto& [name, value] : given.headers) {
    if (is_framing(name)) continue;
    if (equal_ignoring_case(name, "Content-Length")) {
      if (!may_say_length) continue;
      length.reset();
    }
    out_.append(name).append(": ").append(value).append("\r\n");
  }
  if (length) {
    const fmt::format_int digits(*length);
    out_.append("Content-Length: ").append(digits.data(), digits.size()).append("\r\n");
  }
  out_.append(framing);
  if (!keep_alive_)
    out_ += "Connection: close\r\n";
  else if (parser_.http_minor() == 0)
    out_ += "Connection: keep-alive\r\n";
  out_ += "\r\n";
}

coro<void> server_connection::send(std::string_view bytes) {
  co_await with_timeout(time_for(bytes.size()), stream_.send_all(bytes));
}

// The head and what belongs to it in one send: a small piece is copied behind it, a large one is sent from where it is.
coro<void> server_connection::send_head_with(std::string_view body) {
  head_begun_ = true;
  if (body.size() <= most_copied) {
    out_ += body;
    co_await send(out_);
  } else {
    const std::array<std::string_view, 2> pieces{out_, body};
    co_await with_timeout(time_for(body.size()), stream_.send_all(pieces));
  }
  out_.clear();
  head_sent_ = true;
}

// ---- ends

coro<void> server_connection::refuse(const bad_message& problem) {
  keep_alive_ = false;
  request_access::begin(request_, {.request_line = parser_.start_line()});
  request_access::come_from(request_, peer_, scheme_);
  begin_reply();
  const reply given = reply::text(fmt::format("{}\n", problem.what()), problem.answer());
  write_head(given, "", given.body.length());
  const std::string_view text = *given.body.in_memory();
  const auto sent = co_await as_result(send_head_with(text));
  if (sent)
    body_sent_ = text.size();
  else
    gone_ = true;
  tell_of_answer({.status = given.status, .refused_for = problem.what()});
  if (!sent && is_cancelled(sent.error())) throw cancelled{};
  if (sent) co_await linger();
}

// Of a body that the handler did not read a little is read away for the sake of the connection. A client that was not told to go on
// sends nothing.
bool server_connection::may_drain() const noexcept {
  return !wants_continue_ && request_.content_length().value_or(0) <= most_drained_bytes;
}

coro<void> server_connection::drain() {
  try {
    find_end_of_body();
    const time_point until = loop::running().time() + longest_drain;
    while (!body_ended_ && body_received_ <= most_drained_bytes) {
      if (co_await receive(until - loop::running().time()) != arrival::bytes) co_return;
      find_end_of_body();
    }
  } catch (const bad_message&) {  // not worth an answer
  }
}

coro<void> server_connection::linger() {
  busy_ = false;
  const time_point until = loop::running().time() + longest_linger;
  co_await with_timeout_at(until, stream_.shutdown_send());
  while (co_await receive(until - loop::running().time()) == arrival::bytes) {
  }
}

coro<server_connection::arrival> server_connection::receive(duration limit) {
  received_ = {};
  rest_ = {};
  if (limit <= duration::zero()) co_return arrival::too_late;
  try {
    received_ = co_await with_timeout(limit, stream_.receive());
  } catch (const timeout_error&) {
    co_return arrival::too_late;
  } catch (const std::system_error&) {
    co_return arrival::end;
  }
  rest_ = received_.text();
  co_return rest_.empty() ? arrival::end : arrival::bytes;
}

}  // namespace hocket::http::detail
