#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <hocket/http/client/detail/session_state.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/status.hpp>
#include <hocket/http/upgraded_stream.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/http/websocket/detail/deflate_agreement.hpp>
#include <hocket/http/websocket/detail/handshake.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {
namespace {

// Of the body of a refusal.
constexpr std::size_t most_told_bytes = 64 * 1024;

/// The scheme of the request that leads to one of ws or wss.
std::string with_scheme_of_http(std::string_view target) {
  const std::string_view scheme = target.substr(0, target.find(':'));
  const auto is = [scheme](std::string_view name) {
    return std::ranges::equal(scheme, name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  if (!is("ws") && !is("wss")) return std::string(target);
  return std::string(is("ws") ? "http" : "https").append(target.substr(scheme.size()));
}

std::string add_handshake(headers& fields, const connect_websocket_options& options) {
  std::string key = detail::make_websocket_key(loop::running().random());
  fields.set("Connection", "Upgrade");
  fields.set("Upgrade", "websocket");
  fields.set("Sec-WebSocket-Version", detail::websocket_version);
  fields.set("Sec-WebSocket-Key", key);
  const std::string subprotocols = detail::list_of_tokens(options.subprotocols);
  if (!subprotocols.empty()) fields.set("Sec-WebSocket-Protocol", subprotocols);
  if (options.socket.deflate) fields.set("Sec-WebSocket-Extensions", detail::offer_deflate(*options.socket.deflate));
  return key;
}

// RFC 8441, 5: over HTTP/2 the status is all.
void require_acceptance(const response& answer, std::string_view key) {
  if (answer.version() == "HTTP/2.0") return;
  const headers& fields = answer.headers();
  const auto accepts = fields.get_all("Sec-WebSocket-Accept");
  if (!fields.contains_token("Upgrade", "websocket") || !fields.contains_token("Connection", "Upgrade"))
    throw protocol_error("the server changes to another protocol than that of websockets");
  if (accepts.size() != 1 || accepts.front() != detail::websocket_accept(key))
    throw protocol_error("the server's Sec-WebSocket-Accept is not the answer to our key");
}

std::string chosen_subprotocol(const response& answer, const std::vector<std::string>& offered) {
  const auto chosen = answer.headers().get_all("Sec-WebSocket-Protocol");
  if (chosen.empty()) return "";
  if (chosen.size() > 1 || std::ranges::find(offered, chosen.front()) == offered.end())
    throw protocol_error("the server has chosen a subprotocol that nobody has offered");
  return std::string(chosen.front());
}

/// As much of it as comes.
coro<std::string> beginning_of_body(response& answer) {
  std::string body;
  try {
    while (body.size() < most_told_bytes) {
      const std::string_view piece = co_await answer.next();
      if (piece.empty()) break;
      body.append(piece.substr(0, most_told_bytes - body.size()));
    }
  } catch (const std::exception&) {  // the status says more
  }
  co_return body;
}

coro<void> require_change(response& answer) {
  if (answer.status() == detail::switching_protocols) co_return;
  std::string body = co_await beginning_of_body(answer);
  throw websocket_refused(answer.status(), answer.headers(), std::move(body));
}

websocket take(response& answer, std::string_view key, const connect_websocket_options& options) {
  require_acceptance(answer, key);
  websocket_agreement agreed{.role = websocket_role::client,
                             .subprotocol = chosen_subprotocol(answer, options.subprotocols),
                             .deflate = detail::agree_on_deflate(answer.headers(), options.socket.deflate)};
  upgraded_stream taken = detail::session_state::take_over(answer);
  return {std::move(taken.stream), std::move(taken.early), std::move(agreed), options.socket};
}

}  // namespace

websocket_refused::websocket_refused(int status, http::headers fields, std::string body)
    : client_error(fmt::format("the server gives no websocket: {} {}", status, reason_phrase(status))),
      status_(status),
      fields_(std::move(fields)),
      body_(std::move(body)) {}

coro<websocket> connect_websocket(session& by, std::string target, connect_websocket_options options) {
  const std::string key = add_handshake(options.request.fields, options);
  const std::string plain = with_scheme_of_http(target);
  response answer = co_await by.get(std::string_view(plain), std::move(options.request));
  co_await require_change(answer);
  co_return take(answer, key, options);
}

coro<websocket> connect_websocket(session& by, url target, connect_websocket_options options) {
  co_return co_await connect_websocket(by, target.href(), std::move(options));
}

}  // namespace hocket::http
