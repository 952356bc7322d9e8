// The session knows messages only: it makes one of what it is asked for, sends it through the middlewares to an exchange, and
// follows where the answer leads.

#include <array>
#include <exception>

#include <fmt/format.h>

#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/redirect.hpp>
#include <hocket/http/client/detail/session_state.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {

using detail::session_call;
using detail::session_state;

namespace {

constexpr int unauthorized = 401;
constexpr int expectation_failed = 417;

constexpr std::array codings{content_coding::gzip, content_coding::deflate, content_coding::br, content_coding::zstd};

// What is said in every request goes among the fields, which refuse what would be another line.
session_options with_usual_fields(session_options options) {
  headers& fields = options.default_headers;
  for (const char* name : {"Content-Length", "Host", "Transfer-Encoding"})
    if (fields.contains(name)) throw client_error(fmt::format("{} cannot be the same for all requests", name));
  if (!fields.contains("User-Agent")) fields.add("User-Agent", options.user_agent);
  if (options.decode && !fields.contains("Accept-Encoding"))
    fields.add("Accept-Encoding", format_accept_encoding(codings));
  return options;
}

url with_query(url target, const std::vector<form_field>& fields) {
  if (fields.empty()) return target;
  const url bare = target.without_fragment();
  std::string text = bare.href();
  if (!bare.has_query())
    text += '?';
  else if (!bare.query().empty())
    text += '&';
  text += serialize_form_urlencoded(fields);
  if (target.has_fragment()) text.append("#").append(target.fragment());
  auto made = url::parse(text);
  if (!made) throw client_error(fmt::format("the query does not fit: {}", describe(made.error())));
  return std::move(*made);
}

void send_as(request_message& made, body content, std::string_view type) {
  made.body = std::move(content);
  if (!made.fields.contains("Content-Type")) made.fields.add("Content-Type", type);
}

url parse_target(std::string_view text, const std::optional<url>& base) {
  auto parsed = base ? url::parse(text, *base) : url::parse(text);
  if (!parsed) throw client_error(fmt::format("'{}' is not a URL: {}", text, describe(parsed.error())));
  return std::move(*parsed);
}

void require_http(const url& target) {
  if (target.scheme() != "http" && target.scheme() != "https")
    throw client_error(fmt::format("the scheme '{}' is not supported", target.scheme()));
}

request_message message_of(std::string method, url target, request_options& options) {
  if (!detail::is_token(method)) throw client_error("the method is not a token");
  if (method == "CONNECT") throw client_error("CONNECT is for proxies: see session_options::proxies");
  request_message made{.method = std::move(method),
                       .target = with_query(std::move(target), options.query),
                       .fields = std::move(options.fields),
                       .body = std::move(options.body)};
  made.expect_continue = options.expect_continue || made.fields.contains_token("Expect", "100-continue");
  made.stop_at_answer = options.stop_at_answer;
  if (!options.form.empty())
    send_as(made, serialize_form_urlencoded(options.form), "application/x-www-form-urlencoded");
  else if (options.json)
    send_as(made, std::move(*options.json), "application/json");
  if (options.multipart) {
    const std::string type = options.multipart->content_type();
    send_as(made, std::move(*options.multipart).content(), type);
  }
  return made;
}

}  // namespace

namespace detail {

coro<std::unique_ptr<exchange>> session_state::ask(request_message& asked, const session_call& call) {
  auto made = std::make_unique<exchange>(asked.target, pool, connections, options);
  co_await made->begin(asked, call);
  co_return made;
}

coro<response> session_state::send(request_message& asked, session_call& call) {
  require_http(asked.target);
  const credentials* who = call.left_origin ? nullptr : call.who;
  call.authorization = authentication.authorize(asked, who);
  auto made = co_await ask(asked, call);
  if (made->head.status == expectation_failed && asked.expect_continue && asked.body.can_repeat()) {
    asked.expect_continue = false;  // RFC 9110, 10.1.1: once more without
    asked.fields.remove("Expect");
    co_await made->drain();
    made.reset();  // and its connection: the next may have to wait for that place
    made = co_await ask(asked, call);
  }
  if (made->head.status == unauthorized && authentication.take_challenge(asked, who, made->head.fields)) {
    co_await made->drain();
    made.reset();
    call.authorization = authentication.authorize(asked, who);
    made = co_await ask(asked, call);
  }
  authentication.take_information(asked, who, made->head.fields);
  co_return response(std::move(made));
}

coro<response> session_state::pass(std::size_t nth, request_message& asked, session_call& call) {
  if (nth == options.middlewares.size()) co_return co_await send(asked, call);
  request_sender next = [this, nth, &call](request_message& changed) -> coro<response> {
    co_return co_await pass(nth + 1, changed, call);
  };
  co_return co_await options.middlewares[nth](asked, next);
}

coro<response> session_state::pass_in_time(request_message& asked, session_call& call) {
  timeout limit(call.deadline);
  try {
    co_return co_await limit.run(pass(0, asked, call));
  } catch (const timeout_error&) {
    if (limit.expired()) throw timeout_error("no complete answer in time");
    throw;
  }
}

coro<response> session_state::follow_all(request_message asked, unsigned max_redirects, session_call& call) {
  std::vector<redirect_hop> history;
  for (;;) {
    response answer = options.middlewares.empty() ? co_await send(asked, call) : co_await pass_in_time(asked, call);
    const auto next = max_redirects == 0 ? std::nullopt : redirect_of(answer.status(), answer.headers(), asked.target);
    if (!next) {
      answer.exchange_->history = std::move(history);
      co_return answer;
    }
    require_http(*next);
    if (history.size() == max_redirects) throw too_many_redirects(fmt::format("more than {} redirects", max_redirects));
    if (asked.target.scheme() == "https" && next->scheme() == "http" && !options.allow_https_downgrade)
      throw downgrade_refused(asked.target, *next);
    trace_point{options.tracing.get(), call.id, asked.method, &asked.target}.tell(&tracing::request_redirect,
                                                                                  answer.status(), *next);
    history.push_back({answer.status(), asked.target});
    call.left_origin = call.left_origin || next->origin() != asked.target.origin();
    follow(asked, answer.status(), *next);
    answer.exchange_->tell_no_more();
    co_await answer.drain();
  }
}

}  // namespace detail

session::session(session_options options)
    : state_(std::make_unique<session_state>(with_usual_fields(std::move(options)))) {}
session::~session() = default;

coro<response> session::request(std::string method, std::string_view target, request_options options) {
  return request(std::move(method), parse_target(target, state_->options.base_url), std::move(options));
}

coro<response> session::request(std::string method, hocket::url target, request_options options) {
  const time_point deadline = loop::running().time_after(options.timeout.value_or(state_->options.timeouts.total));
  session_call call{.deadline = deadline,
                    .proxies = options.proxies ? *options.proxies : state_->options.proxies,
                    .who = options.auth           ? &*options.auth
                           : state_->options.auth ? &*state_->options.auth
                                                  : nullptr,
                    .id = ++state_->calls};
  request_message asked = message_of(std::move(method), std::move(target), options);
  if (state_->options.tracing == nullptr)
    co_return co_await state_->follow_all(std::move(asked), options.max_redirects, call);
  const std::string first_method = asked.method;
  const hocket::url first_target = asked.target;
  const detail::trace_point trace{state_->options.tracing.get(), call.id, first_method, &first_target};
  trace.tell(&tracing::request_start);
  try {
    co_return co_await state_->follow_all(std::move(asked), options.max_redirects, call);
  } catch (...) {
    trace.tell(&tracing::request_exception, std::current_exception());
    throw;
  }
}

}  // namespace hocket::http
