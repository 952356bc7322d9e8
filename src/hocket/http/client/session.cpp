// A request: a lease from the pool, the head sent, the response's head awaited, redirects followed. The body stays on the
// connection until it is read; the connection goes back to the pool with its last byte.
//
// Every wait is bounded by the nearer of two deadlines: that of the whole request and that of the next arrival.

#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/connection_pool.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/session.hpp>
#include <hocket/http/status.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http {

using detail::bad_message;
using detail::connection;
using detail::connection_pool;
using detail::lease;
using detail::parse_event;

namespace {

// Of a body that nobody wants, to keep its connection.
constexpr std::uint64_t most_drained_bytes = 64 * 1024;
constexpr auto longest_drain = std::chrono::seconds(1);

// What a redirect to another origin must not take along.
constexpr std::array<const char*, 3> credentials{"Authorization", "Cookie", "Proxy-Authorization"};

/// The peer closed the connection before the response had begun.
class stale_connection : public server_disconnected {
 public:
  stale_connection() : server_disconnected("the server closed the connection without an answer") {}
};

/// The peer has ended the connection, in whatever manner. Many servers spare themselves TLS's closure alert.
bool is_end(const std::error_code& code) noexcept {
  return code == std::errc::broken_pipe || code == std::errc::connection_reset || code == tls_errc::truncated;
}

// RFC 9110, 9.2.2: what may be sent again when the connection broke. (POST may not.)
bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
}

bool is_credential(std::string_view name) noexcept {
  return std::ranges::any_of(credentials, [name](const char* each) { return detail::equal_ignoring_case(name, each); });
}

bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

status_error::status_error(int status)
    : client_error(fmt::format("{} {}", status, reason_phrase(status))), status_(status) {}

downgrade_refused::downgrade_refused(const url& from, const url& to)
    : client_error(fmt::format("redirected from {} to {}, which would give TLS up", from.href(), to.href())) {}

namespace detail {

/// One request and its response on one connection.
class exchange {
 public:
  exchange(connection_pool& pool, url target, time_point deadline)
      : target(std::move(target)), pool_(pool), deadline_(deadline) {}

  /// Sends the request and waits for the response's head.
  coro<void> begin(const std::string& method, const headers& fields);

  /// The next piece of the body, empty at its end, when the connection has gone back.
  coro<std::string_view> next();

  /// Reads what is left of the body, if that is little and comes soon, so that the connection can be used again.
  coro<void> drain();

  url target;
  int status = 0;
  headers fields;
  std::optional<std::uint64_t> content_length;
  std::uint64_t received = 0;
  unsigned redirects = 0;
  bool left_origin = false;  // a redirect led here, or to a hop before, from another origin

 private:
  coro<void> attempt(const std::string& method, const headers& fields);
  void write_head(const std::string& method, const headers& fields);
  coro<parse_event> parse(std::string_view& body);
  void end_with_connection();
  coro<void> receive();
  void finish() noexcept;

  template <class Work>
  auto within(time_point limit, const char* otherwise, Work work) -> coro<hocket::detail::body_result_t<Work>>;

  connection_pool& pool_;
  lease lease_;
  time_point deadline_;
  bool ended_ = false;
};

template <class Work>
auto exchange::within(time_point limit, const char* otherwise, Work work) -> coro<hocket::detail::body_result_t<Work>> {
  timeout bound(std::min(limit, deadline_));
  try {
    co_return co_await bound.run(std::move(work));
  } catch (const timeout_error&) {
    if (bound.expired()) throw timeout_error(limit < deadline_ ? otherwise : "no complete answer in time");
    throw;
  }
}

coro<void> exchange::begin(const std::string& method, const headers& request_fields) {
  lease_ = co_await within(deadline_, "", pool_.acquire(target));
  const bool reused = lease_.has_connection();
  if (!reused) lease_.use(co_await within(deadline_, "", pool_.open(target)));
  bool stale = false;
  try {
    co_await attempt(method, request_fields);
  } catch (const stale_connection&) {
    if (!reused || !is_idempotent(method)) throw;
    stale = true;
  }
  if (!stale) co_return;
  lease_.use(co_await within(deadline_, "", pool_.open(target)));
  co_await attempt(method, request_fields);
}

coro<void> exchange::attempt(const std::string& method, const headers& request_fields) {
  lease_->parser.begin(method);
  write_head(method, request_fields);
  const auto sent = co_await as_result(within(loop::running().time_after(pool_.options.timeouts.read),
                                              "the server takes no request", lease_->stream.send_all(lease_->request)));
  if (!sent) {
    try {
      std::rethrow_exception(sent.error());
    } catch (const std::system_error& problem) {
      if (is_end(problem.code())) throw stale_connection();
      throw;
    }
  }
  std::string_view body;
  const parse_event event = co_await parse(body);
  status = lease_->parser.status();
  std::swap(fields, lease_->parser.headers());
  content_length = lease_->parser.content_length();
  ended_ = event == parse_event::end;
}

void exchange::write_head(const std::string& method, const headers& request_fields) {
  std::string& head = lease_->request;
  head.clear();
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  head.append(method).append(" ").append(target.request_target()).append(" HTTP/1.1\r\n");
  add("Host", target.host_with_port());
  const headers& defaults = pool_.options.default_headers;
  for (const auto& [name, value] : request_fields) add(name, value);
  for (const auto& [name, value] : defaults)
    if (!request_fields.contains(name) && !(left_origin && is_credential(name))) add(name, value);
  if (!request_fields.contains("Accept") && !defaults.contains("Accept")) add("Accept", "*/*");
  head.append("\r\n");
}

// Reads until the parser has something to say: the head, a piece of the body, or the end.
coro<parse_event> exchange::parse(std::string_view& body) {
  for (;;) {
    const parse_event event = lease_->parser.next(lease_->rest, body);
    if (event != parse_event::need_more) co_return event;
    co_await receive();
    if (lease_->rest.empty()) {  // the peer has closed
      if (!lease_->parser.started()) throw stale_connection();
      end_with_connection();
      co_return parse_event::end;
    }
  }
}

void exchange::end_with_connection() {
  try {
    lease_->parser.finish_eof();
  } catch (const bad_message& cut_off) {
    throw server_disconnected(cut_off.what());
  }
  lease_.give_up();
}

coro<void> exchange::receive() {
  lease_->received = {};
  const time_point limit = loop::running().time_after(pool_.options.timeouts.read);
  try {
    lease_->received = co_await within(limit, "the server sends nothing", lease_->stream.receive());
  } catch (const std::system_error& problem) {
    if (is_end(problem.code()) && !lease_->parser.started()) throw stale_connection();
    if (problem.code() == tls_errc::truncated)
      throw server_disconnected(problem.what());  // RFC 9112, 9.8: no end of a body
    throw;
  }
  lease_->rest = lease_->received.text();
}

coro<std::string_view> exchange::next() {
  std::string_view body;
  while (!ended_) {
    const parse_event event = co_await parse(body);
    if (event == parse_event::end) {
      ended_ = true;
    } else if (event == parse_event::body) {
      received += body.size();
      co_return body;
    }
  }
  finish();
  co_return std::string_view{};
}

coro<void> exchange::drain() {
  if (content_length.value_or(0) > most_drained_bytes) co_return;
  deadline_ = std::min(deadline_, loop::running().time_after(longest_drain));
  try {
    while (received < most_drained_bytes && !(co_await next()).empty()) {
    }
  } catch (const std::exception&) {  // not worth more than the connection
  }
}

void exchange::finish() noexcept {
  if (!lease_) return;
  if (lease_->parser.keep_alive() && lease_->rest.empty() && !lease_->parser.upgraded())
    lease_.keep();
  else
    lease_.give_up();
}

}  // namespace detail

response::response(std::unique_ptr<detail::exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
response::response(response&&) noexcept = default;
response& response::operator=(response&&) noexcept = default;
response::~response() = default;

int response::status() const noexcept { return exchange_->status; }
const http::headers& response::headers() const noexcept { return exchange_->fields; }
const url& response::url() const noexcept { return exchange_->target; }
unsigned response::redirects() const noexcept { return exchange_->redirects; }
std::optional<std::uint64_t> response::content_length() const noexcept { return exchange_->content_length; }
std::uint64_t response::received() const noexcept { return exchange_->received; }

void response::raise_for_status() const {
  if (!ok()) throw status_error(status());
}

coro<std::string_view> response::next() { return exchange_->next(); }
coro<void> response::drain() { return exchange_->drain(); }

coro<std::string> response::read(std::size_t limit_bytes) {
  std::string whole;
  const auto too_large = [&] { return body_too_large(fmt::format("the body is larger than {} bytes", limit_bytes)); };
  if (content_length().value_or(0) > limit_bytes) throw too_large();
  whole.reserve(content_length().value_or(0));
  for (;;) {
    const std::string_view piece = co_await next();
    if (piece.empty()) co_return whole;
    if (piece.size() > limit_bytes - whole.size()) throw too_large();
    whole += piece;
  }
}

// The name goes among the fields, which refuse what would be another line.
static session_options with_name(session_options options) {
  if (!options.default_headers.contains("User-Agent")) options.default_headers.add("User-Agent", options.user_agent);
  return options;
}

session::session(session_options options) : pool_(std::make_unique<connection_pool>(with_name(std::move(options)))) {}
session::~session() = default;

namespace {

url parse_target(std::string_view text) {
  auto parsed = url::parse(text);
  if (!parsed) throw client_error(fmt::format("'{}' is not a URL: {}", text, describe(parsed.error())));
  return std::move(*parsed);
}

void require_http(const url& target) {
  if (target.scheme() != "http" && target.scheme() != "https")
    throw client_error(fmt::format("the scheme '{}' is not supported", target.scheme()));
}

/// Where a redirect leads; nothing if the response is none, or has no usable Location and is then the answer.
std::optional<url> redirect_of(const detail::exchange& answered) {
  if (!is_redirect(answered.status)) return std::nullopt;
  const auto location = answered.fields.get("Location");
  if (!location) return std::nullopt;
  auto target = url::parse(*location, answered.target);
  if (!target) throw client_error(fmt::format("redirected to '{}', which is not a URL", *location));
  return target->without_fragment();
}

}  // namespace

coro<response> session::get(std::string_view target, request_options options) {
  return request("GET", parse_target(target), std::move(options));
}
coro<response> session::head(std::string_view target, request_options options) {
  return request("HEAD", parse_target(target), std::move(options));
}

coro<response> session::request(std::string method, hocket::url target, request_options options) {
  if (!detail::is_token(method)) throw client_error("the method is not a token");
  const duration total = options.timeout.value_or(pool_->options.timeouts.total);
  const time_point deadline = loop::running().time_after(total);
  bool left_origin = false;
  for (unsigned redirects = 0;; ++redirects) {
    require_http(target);
    auto exchange = std::make_unique<detail::exchange>(*pool_, target, deadline);
    exchange->redirects = redirects;
    exchange->left_origin = left_origin;
    co_await exchange->begin(method, options.fields);
    if (options.max_redirects == 0) co_return response(std::move(exchange));
    auto next = redirect_of(*exchange);
    if (!next) co_return response(std::move(exchange));
    if (redirects == options.max_redirects)
      throw too_many_redirects(fmt::format("more than {} redirects", options.max_redirects));
    if (target.scheme() == "https" && next->scheme() == "http" && !pool_->options.allow_https_downgrade)
      throw downgrade_refused(target, *next);
    if (next->origin() != target.origin()) {
      left_origin = true;
      for (const char* secret : credentials) options.fields.remove(secret);
    }
    if (exchange->status == 303 && method != "HEAD") method = "GET";
    co_await exchange->drain();
    target = std::move(*next);
  }
}

}  // namespace hocket::http
