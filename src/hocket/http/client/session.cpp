// The session knows messages only: it makes one of what it is asked for, and has its state send it.

#include <array>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/http/client/detail/make_message.hpp>
#include <hocket/http/client/detail/session_state.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::http {

using detail::session_call;
using detail::session_state;

namespace {

constexpr std::array codings{content_coding::gzip, content_coding::deflate, content_coding::br, content_coding::zstd};

// What is said in every request goes among the fields, which refuse what would be another line.
session_options with_usual_fields(session_options options) {
  headers& fields = options.default_headers;
  for (const char* name : {"Content-Length", "Host", "Transfer-Encoding"})
    if (fields.contains(name)) throw client_error(fmt::format("{} cannot be the same for all requests", name));
  if (!fields.contains("User-Agent")) fields.add("User-Agent", options.user_agent);
  if (options.decode && !fields.contains("Accept-Encoding"))
    fields.add("Accept-Encoding", format_accept_encoding(codings));
  if (options.unix_socket) options.proxies = {};
  if (options.cookies != nullptr && options.wall_clock == nullptr)
    throw client_error("cookies need the time of day: set wall_clock, to hocket::system_wall_clock for instance");
  return options;
}

url parse_target(std::string_view text, const std::optional<url>& base) {
  auto parsed = base ? url::parse(text, *base) : url::parse(text);
  if (!parsed) throw client_error(fmt::format("'{}' is not a URL: {}", without_user(text), describe(parsed.error())));
  return std::move(*parsed);
}

coro<void> ask_and_use(session_state& state, request_message& asked, session_call& call, response_user& use,
                       std::optional<response>& answer) {
  answer = co_await state.request(asked, call);
  co_await use(*answer);
}

}  // namespace

session::session(session_options options)
    : state_(std::make_unique<session_state>(with_usual_fields(std::move(options)))) {}
session::~session() = default;

coro<response> session::request(std::string method, std::string_view target, request_options options) {
  return request(std::move(method), parse_target(target, state_->options.base_url), std::move(options));
}

coro<response> session::request(std::string method, hocket::url target, request_options options) {
  session_call call = state_->begin_call(options);
  request_message asked = detail::make_message(std::move(method), std::move(target), options);
  co_return co_await state_->request(asked, call);
}

coro<void> session::exchange(std::string method, std::string_view target, request_options options, response_user use) {
  return exchange(std::move(method), parse_target(target, state_->options.base_url), std::move(options),
                  std::move(use));
}

coro<void> session::exchange(std::string method, hocket::url target, request_options options, response_user use) {
  session_call call = state_->begin_call(options);
  request_message asked = detail::make_message(std::move(method), std::move(target), options);
  std::optional<response> answer;
  std::exception_ptr failure;  // as it is, and not in a group
  co_await with_task_group([&](task_group& senders) -> coro<void> {
    call.senders = &senders;
    const auto outcome = co_await as_result(ask_and_use(*state_, asked, call, use, answer));
    senders.cancel();
    if (outcome) co_return;
    if (is_cancelled(outcome.error())) throw cancelled{};
    failure = outcome.error();
  });
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace hocket::http
