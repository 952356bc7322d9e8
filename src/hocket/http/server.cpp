// One task a connection: read a request, let the handler answer it, again. The server keeps a list of connections, so that
// stopping can tell the idle ones (whose task is cancelled) from those that are answering (which finish and then close).
// Shaking hands for TLS is the connection's own affair and counts as idle: it delays nobody else, nor the end.

#include <array>
#include <exception>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/status.hpp>
#include <hocket/io/accept_connection.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http {

using detail::bad_message;
using detail::parse_event;

static constexpr auto idle_long_enough = std::chrono::seconds(1);  // to be closed for somebody else
static constexpr auto longest_linger = std::chrono::seconds(5);
static constexpr auto longest_farewell =
    std::chrono::seconds(1);                           // for a client's closure alert; most send none at rest
static constexpr std::size_t most_copied = 16 * 1024;  // of a body: above, a second piece costs less than the copy

/// One of the connections that the server counts; given up with the task, even if that never begins.
class server::place {
 public:
  explicit place(server& owner) noexcept : owner_(&owner) {
    owner.no_one_.clear();
    if (++owner.count_ >= owner.options_.max_connections) owner.room_.clear();
  }
  place(place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  place& operator=(place&&) = delete;
  ~place() {
    if (owner_ == nullptr) return;
    owner_->room_.set();
    if (--owner_->count_ == 0) owner_->no_one_.set();
  }

 private:
  server* owner_;
};

// RFC 9112, 3.2.2: a server takes the absolute form too, "http://host/path"; the path is what it is asked for.
static std::string_view origin_form(std::string_view target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

static socket_address address_of(const byte_stream& stream) {
  try {
    return stream.peer_address();
  } catch (const std::system_error&) {
    return {};  // there is no socket below, or the client has gone already
  }
}

namespace detail {

class server_connection : public list_link<server::connection_link> {
 public:
  server_connection(server& owner, byte_stream peer)
      : owner_(owner), stream_(std::move(peer)), address_(address_of(stream_)) {}

  /// Serves requests until one side wants no more.
  coro<void> serve();
  /// Says farewell, if that is the stream's custom.
  coro<void> close() { co_await stream_.close(); }

  /// The server stops: the connection ends when its request is answered, at once if it has none.
  void stop() noexcept {
    keep_alive_ = false;
    if (!busy_) task_->cancel();
  }
  void abort() noexcept { task_->cancel(); }
  /// Waits for a request, and is meant to go on doing so.
  [[nodiscard]] bool has_been_idle_for(duration length) const noexcept {
    return !busy_ && keep_alive_ && loop::running().time() - idle_since_ >= length;
  }

 private:
  friend class http::responder;

  coro<bool> shake_hands();
  coro<bool> read_request();
  coro<bool> read_body();
  coro<void> answer();
  coro<void> answer_bad_message(const bad_message& problem);
  coro<void> linger();
  coro<bool> receive(duration limit);
  coro<void> send(std::string_view bytes);
  coro<void> send_head_with(std::string_view body);
  void write_head(int status, const headers& fields, std::optional<std::uint64_t> length);

  server& owner_;
  byte_stream stream_;
  socket_address address_;
  task_base* task_ = task_base::current();
  request_parser parser_;
  buffer received_;
  std::string_view rest_;
  std::string out_;  // the head until it is sent, with a small first piece of the body behind it
  std::uint64_t body_left_ = 0;
  time_point idle_since_{};
  bool keep_alive_ = true;
  bool busy_ = false;
  bool begun_ = false;
};

coro<void> server_connection::serve() {
  if (owner_.options_.tls != nullptr && !co_await shake_hands()) co_return;
  do {
    std::optional<bad_message> problem;
    busy_ = false;
    idle_since_ = loop::running().time();
    try {
      if (!co_await read_request()) co_return;
      busy_ = true;
      if (!co_await read_body()) co_return;
    } catch (const bad_message& found) {
      problem = found;
    }
    busy_ = true;
    if (problem) {
      co_await answer_bad_message(*problem);
      co_return;
    }
    keep_alive_ = keep_alive_ && parser_.keep_alive() && !parser_.wants_upgrade() && !owner_.stopping_;
    co_await answer();
    ++owner_.requests_;
    unlink();
    owner_.connections_.push_back(*this);  // the list stays in the order of their last requests
  } while (keep_alive_ && body_left_ == 0);
}

coro<bool> server_connection::shake_hands() {
  idle_since_ = loop::running().time();
  start_tls_options how{.server_side = true};
  how.handshake_timeout = owner_.options_.handshake;
  how.shutdown_timeout = longest_farewell;
  std::string problem;
  try {
    stream_ = co_await owner_.options_.tls->start_tls(std::move(stream_), std::move(how));
    co_return true;
  } catch (const std::exception& failed) {
    problem = failed.what();
  }
  if (!owner_.options_.on_error) co_return false;
  const std::string peer = address_.to_string();
  owner_.options_.on_error(problem.contains(peer) ? problem : fmt::format("TLS with {}: {}", peer, problem));
  co_return false;
}

// False when the client has gone, or sent nothing in time.
coro<bool> server_connection::read_request() {
  parser_.begin();
  std::string_view ignored;
  std::optional<time_point> until;
  for (;;) {
    if (parser_.next(rest_, ignored) == parse_event::head) co_return true;
    const time_point now = loop::running().time();
    if (parser_.started() && !until) until = now + owner_.options_.head;
    if (until && *until <= now) throw bad_message("the request's head did not come in time", 408);
    if (!co_await receive(until ? *until - now : owner_.options_.idle)) {
      if (until && loop::running().time() >= *until) throw bad_message("the request's head did not come in time", 408);
      co_return false;
    }
  }
}

// No handler takes a body yet: it is read away, so that the next request can be found.
coro<bool> server_connection::read_body() {
  if (parser_.content_length().value_or(0) > owner_.options_.max_request_body)
    throw bad_message("the request's body is too large", 413);
  if (parser_.expects_continue()) co_await send("HTTP/1.1 100 Continue\r\n\r\n");
  std::uint64_t size = 0;
  for (;;) {
    std::string_view piece;
    const parse_event event = parser_.next(rest_, piece);
    if (event == parse_event::end) co_return true;
    size += piece.size();
    if (size > owner_.options_.max_request_body) throw bad_message("the request's body is too large", 413);
    if (event == parse_event::need_more && !co_await receive(owner_.options_.transfer)) co_return false;
  }
}

coro<bool> server_connection::receive(duration limit) {
  received_ = {};
  rest_ = {};
  try {
    received_ = co_await with_timeout(limit, stream_.receive());
  } catch (const timeout_error&) {
    co_return false;
  } catch (const std::system_error&) {
    co_return false;
  }
  rest_ = received_.text();
  co_return !rest_.empty();
}

coro<void> server_connection::send(std::string_view bytes) {
  co_await with_timeout(owner_.options_.transfer, stream_.send_all(bytes));
}

// The head and what belongs to it in one send: a small piece is copied behind it, a large one is sent from where it is.
coro<void> server_connection::send_head_with(std::string_view body) {
  if (body.size() <= most_copied) {
    out_ += body;
    co_await send(out_);
  } else {
    const std::array<std::string_view, 2> pieces{out_, body};
    co_await with_timeout(owner_.options_.transfer, stream_.send_all(pieces));
  }
  out_.clear();
}

coro<void> server_connection::answer() {
  begun_ = false;
  body_left_ = 0;
  const request asked{parser_.method(), origin_form(parser_.target()), parser_.headers(), address_};
  responder respond(*this);
  std::string problem;
  try {
    co_await owner_.handler_(asked, respond);
    if (!begun_)
      problem = "the handler gave no answer";
    else if (body_left_ == 0)
      co_await respond.finish();  // an empty body that was begun and never written
  } catch (const std::system_error& gone) {
    if (begun_) {
      keep_alive_ = false;
      co_return;
    }
    problem = gone.what();
  } catch (const timeout_error& late) {  // the client takes nothing, or the handler's own
    if (begun_) {
      keep_alive_ = false;
      co_return;
    }
    problem = late.what();
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  }
  if (problem.empty()) co_return;
  if (owner_.options_.on_error) owner_.options_.on_error(fmt::format("{} {}: {}", asked.method, asked.target, problem));
  keep_alive_ = false;
  if (!begun_) co_await respond.send(500, {}, "the server failed\n");
}

coro<void> server_connection::answer_bad_message(const bad_message& problem) {
  keep_alive_ = false;
  const std::string text = fmt::format("{}\n", problem.what());
  write_head(problem.answer(), {{"Content-Type", "text/plain; charset=utf-8"}}, text.size());
  out_ += text;
  const auto sent = co_await as_result(send(out_));
  if (sent) co_await linger();
}

// Closing with bytes unread resets the connection, and the client loses the answer: what it still sends is read away, for a
// while. RFC 9112, 9.6.
coro<void> server_connection::linger() {
  busy_ = false;
  const time_point until = loop::running().time() + longest_linger;
  co_await with_timeout_at(until, stream_.shutdown_send());
  while (co_await receive(until - loop::running().time())) {
  }
}

void server_connection::write_head(int status, const headers& fields, std::optional<std::uint64_t> length) {
  out_.clear();
  fmt::format_to(std::back_inserter(out_), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  if (!owner_.options_.name.empty()) out_.append("Server: ").append(owner_.options_.name).append("\r\n");
  if (owner_.options_.wall_clock != nullptr)
    out_.append("Date: ").append(format_date(owner_.options_.wall_clock())).append("\r\n");
  for (const auto& [name, value] : fields) out_.append(name).append(": ").append(value).append("\r\n");
  if (length) fmt::format_to(std::back_inserter(out_), "Content-Length: {}\r\n", *length);
  if (!keep_alive_) out_ += "Connection: close\r\n";
  out_ += "\r\n";
}

}  // namespace detail

bool responder::is_head() const noexcept { return connection_.parser_.method() == "HEAD"; }
bool responder::begun() const noexcept { return connection_.begun_; }

coro<void> responder::send(int status, headers fields, std::string_view body) {
  const bool has_body = status != 304 && status != 204;
  connection_.begun_ = true;
  connection_.write_head(status, fields, has_body ? std::optional(body.size()) : std::nullopt);
  co_await connection_.send_head_with(has_body && !is_head() ? body : std::string_view());
}

void responder::begin(int status, headers fields, std::uint64_t length) {
  connection_.begun_ = true;
  connection_.write_head(status, fields, length);
  connection_.body_left_ = is_head() ? 0 : length;
}

coro<void> responder::write(std::string_view piece) {
  if (piece.size() > connection_.body_left_) throw invalid_state_error("more body was written than announced");
  connection_.body_left_ -= piece.size();
  if (connection_.out_.empty())
    co_await connection_.send(piece);
  else
    co_await connection_.send_head_with(piece);
}

coro<void> responder::finish() {
  if (!connection_.out_.empty()) co_await connection_.send_head_with("");
}

server::server(handler handler, server_options options) : handler_(std::move(handler)), options_(std::move(options)) {
  room_.set();
  no_one_.set();
}

server::~server() = default;

coro<void> server::serve(tcp_listener& listener) { co_await finally(accept_all(listener), stop()); }

coro<void> server::accept_all(tcp_listener& listener) {
  starvation_handler starved = [this](std::error_code error) {
    if (options_.on_error)
      options_.on_error(fmt::format("cannot accept a connection: {}; trying again in a second", error.message()));
  };
  for (;;) {
    while (!co_await move_on_after(idle_long_enough, room_.wait())) close_longest_idle();
    auto peer = co_await accept_connection(listener, &starved);
    create_task(run(byte_stream(std::move(peer)), place(*this)), {.name = "http connection"});
  }
}

// All places are taken: the connection that has been idle longest makes room, so that idle ones cannot lock others out.
void server::close_longest_idle() noexcept {
  detail::server_connection* longest = nullptr;
  connections_.for_each([&longest](detail::server_connection& each) {
    if (longest == nullptr && each.has_been_idle_for(idle_long_enough)) longest = &each;
  });
  if (longest != nullptr) longest->stop();
}

coro<void> server::serve_connection(byte_stream peer) {
  co_await create_task(run(std::move(peer), place(*this)), {.name = "http connection"});
}

coro<void> server::run(byte_stream peer, place) {
  if (stopping_) co_return;
  detail::server_connection connection(*this, std::move(peer));
  connections_.push_back(connection);
  const auto outcome = co_await as_result(connection.serve());
  connection.unlink();
  static_cast<void>(co_await as_result(connection.close()));
  if (outcome) co_return;
  if (is_cancelled(outcome.error())) throw cancelled{};
  if (!options_.on_error) co_return;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::system_error&) {  // the client has gone
  } catch (const timeout_error&) {
  } catch (const std::exception& problem) {
    options_.on_error(problem.what());
  }
}

coro<void> server::stop() {
  stopping_ = true;
  connections_.for_each([](detail::server_connection& each) { each.stop(); });
  if (!co_await move_on_after(options_.shutdown, no_one_.wait())) {
    connections_.for_each([](detail::server_connection& each) { each.abort(); });
    co_await no_one_.wait();
  }
  stopping_ = false;
}

}  // namespace hocket::http
