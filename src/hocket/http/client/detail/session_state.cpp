// A request goes through the middlewares to an exchange, once more where a challenge was answered, and then where the answer leads.

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/core/timeout.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/redirect.hpp>
#include <hocket/http/client/detail/session_state.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {
namespace {

constexpr int unauthorized = 401;
constexpr int proxy_authentication_required = 407;
constexpr int expectation_failed = 417;

constexpr const char* proxy_authorization = "Proxy-Authorization";

void require_http(const url& target) {
  if (target.scheme() != "http" && target.scheme() != "https")
    throw client_error(fmt::format("the scheme '{}' is not supported", target.scheme()));
}

}  // namespace

session_call session_state::begin_call(const request_options& how) {
  session_call call{.deadline = loop::running().time_after(how.timeout.value_or(options.timeouts.total)),
                    .max_redirects = how.max_redirects,
                    .proxies = how.proxies && !options.unix_socket ? *how.proxies : options.proxies,
                    .id = ++calls_};
  if (how.auth)
    call.who = &*how.auth;
  else if (options.auth)
    call.who = &*options.auth;
  return call;
}

coro<response> session_state::request(request_message& asked, session_call& call) {
  if (options.tracing == nullptr) co_return co_await follow_all(asked, call);
  const std::string first_method = asked.method;
  const url first_target = asked.target;
  const trace_point trace{options.tracing.get(), call.id, first_method, &first_target};
  trace.tell(&tracing::request_start);
  try {
    co_return co_await follow_all(asked, call);
  } catch (...) {
    trace.tell(&tracing::request_exception, std::current_exception());
    throw;
  }
}

coro<response> session_state::follow_all(request_message& asked, session_call& call) {
  std::vector<redirect_hop> history;
  for (;;) {
    response answer = options.middlewares.empty() ? co_await send(asked, call) : co_await pass_in_time(asked, call);
    const auto next =
        call.max_redirects == 0 ? std::nullopt : redirect_of(answer.status(), answer.headers(), asked.target);
    if (!next) {
      answer.exchange_->history = std::move(history);
      co_return answer;
    }
    require_http(*next);
    if (history.size() == call.max_redirects)
      throw too_many_redirects(fmt::format("more than {} redirects", call.max_redirects));
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

coro<response> session_state::send(request_message& asked, session_call& call) {
  require_http(asked.target);
  auto made = co_await ask(asked, call);
  if (made->head.status == expectation_failed && asked.expect_continue && asked.body.can_repeat()) {
    asked.expect_continue = false;  // RFC 9110, 10.1.1: once more without
    asked.fields.remove("Expect");
    co_await ask_again(made, asked, call);
  }
  if (takes_challenge_of_proxy(asked, call, made->head)) co_await ask_again(made, asked, call);
  if (made->head.status == unauthorized &&
      at_servers_.take_challenge(asked, call.who_now(), call.authorization, made->head.fields))
    co_await ask_again(made, asked, call);
  at_servers_.take_information(asked, call.who_now(), made->head.fields);
  if (const route way = call.route_to(asked.target, asked.fields); way.is_forwarded())
    at_proxies_.take_information(*way.via, made->head.fields);
  co_return response(std::move(made));
}

coro<std::unique_ptr<exchange>> session_state::ask(request_message& asked, session_call& call) {
  call.authorization = at_servers_.authorize(asked, call.who_now(), call.left_origin);
  call.proxy_authorization.clear();
  if (const route way = call.route_to(asked.target, asked.fields);
      way.is_forwarded() && !asked.fields.contains(proxy_authorization))
    call.proxy_authorization =
        at_proxies_.authorize(*way.via, asked.method, asked.target, target_form::absolute, asked.body.in_memory());
  auto made = std::make_unique<exchange>(asked.target, pool_, options);
  co_await made->begin(asked, call);
  co_return made;
}

coro<void> session_state::ask_again(std::unique_ptr<exchange>& made, request_message& asked, session_call& call) {
  co_await made->drain();
  made.reset();  // and its connection: the next may have to wait for that place
  made = co_await ask(asked, call);
}

bool session_state::takes_challenge_of_proxy(const request_message& asked, const session_call& call,
                                             const answer_head& refusal) {
  if (refusal.status != proxy_authentication_required || !asked.body.can_repeat()) return false;
  const route way = call.route_to(asked.target, asked.fields);
  return way.is_forwarded() && !asked.fields.contains(proxy_authorization) &&
         at_proxies_.take_challenge(*way.via, call.proxy_authorization, refusal.fields);
}

}  // namespace hocket::http::detail
