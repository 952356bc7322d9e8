#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/server/http_error.hpp>
#include <hocket/http/server/upgraded_connection.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/detail/deflate_agreement.hpp>
#include <hocket/http/websocket/detail/handshake.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {
namespace {

// RFC 6455, 4.4; RFC 9110, 15.5.22.
[[noreturn]] void demand_upgrade(const char* why) {
  headers fields{{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", detail::websocket_version}};
  throw http_error(426, why, std::move(fields));
}

std::optional<std::string_view> only(const headers& fields, std::string_view name) {
  const auto all = fields.get_all(name);
  if (all.size() > 1) throw http_error(400, fmt::format("more than one {}", name));
  if (all.empty()) return std::nullopt;
  return all.front();
}

// RFC 8441, 5: over HTTP/2 there is no key.
std::optional<std::string_view> require_handshake(const request& asked) {
  const headers& fields = asked.headers();
  const bool wants_one = asked.version() != "HTTP/1.0" && fields.contains_token("Upgrade", "websocket") &&
                         fields.contains_token("Connection", "Upgrade");
  if (!wants_one) demand_upgrade("this is a websocket");
  if (asked.method() != "GET" || asked.has_body()) throw http_error(400, "a websocket is asked for by GET");
  if (only(fields, "Sec-WebSocket-Version") != detail::websocket_version)
    demand_upgrade("websockets of version 13 are spoken here");
  if (asked.version() != "HTTP/1.1") return std::nullopt;
  const auto key = only(fields, "Sec-WebSocket-Key");
  if (!key || !detail::is_websocket_key(*key)) throw http_error(400, "malformed Sec-WebSocket-Key");
  return key;
}

// What stands in front of us may speak TLS with the page, and plainly with us. The other way round it is no page of ours: whoever is between may have
// made it, to use what the user's browser says in secret alone.
bool is_of_host(std::string_view origin, const request& asked) {
  const auto page = url::parse(origin);
  if (!page || (asked.scheme() == "https" && page->scheme() != "https")) return false;
  const auto here = url::parse(fmt::format("{}://{}", page->scheme(), asked.host()));
  return here && here->origin() == page->origin() && page->origin() != "null";
}

void require_origin(const request& asked, accept_websocket_options& options) {
  const auto origin = only(asked.headers(), "Origin");
  if (!origin) return;
  const bool is_welcome = options.allow_origin ? options.allow_origin(*origin) : is_of_host(*origin, asked);
  if (!is_welcome) throw http_error(403, "pages of that origin may not connect");
}

std::string choose_subprotocol(const request& asked, const accept_websocket_options& options) {
  std::vector<std::string_view> offered;
  try {
    offered = detail::tokens_of(asked.headers(), "Sec-WebSocket-Protocol");
  } catch (const error& malformed) {
    throw http_error(400, malformed.what());
  }
  for (const std::string& each : options.subprotocols)
    if (std::ranges::find(offered, each) != offered.end()) return each;
  return "";
}

std::optional<detail::accepted_deflate> accept_deflate(const request& asked, const websocket_options& options) {
  if (!options.deflate) return std::nullopt;
  try {
    return detail::accept_deflate(asked.headers(), *options.deflate);
  } catch (const error& malformed) {
    throw http_error(400, malformed.what());
  }
}

/// What a websocket of the server's lives by.
struct service {
  function<coro<void>(websocket&)> serve;
  websocket_agreement agreed;
  websocket_options options;
};

coro<void> go_away(websocket& socket, event& stopping) {
  co_await stopping.wait();
  co_await socket.close(close_code::going_away);
}

bool is_websocket_closed(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const websocket_closed&) {
    return true;
  } catch (...) {
    return false;
  }
}

coro<void> serve_and_close(service& what, websocket& socket) {
  const auto served = co_await as_result(what.serve(socket));
  if (!served && is_cancelled(served.error())) throw cancelled{};
  const bool is_its_end = !served && !socket.is_open() && is_websocket_closed(served.error());
  co_await socket.close(served || is_its_end ? close_code::normal : close_code::internal_error);
  if (!served && !is_its_end) std::rethrow_exception(served.error());
}

coro<void> serve_until_stop(service& what, websocket& socket, event& stopping, task<void>& going) {
  going = create_task(go_away(socket, stopping), {.name = "websocket going away"});
  co_await serve_and_close(what, socket);
}

// It may not outlive what it waits for, not even if there is no memory any more.
coro<void> stop_waiting(task<void>& going) {
  if (!going) co_return;
  going.cancel();
  try {
    co_await going;
  } catch (...) {  // the websocket has ended
  }
}

coro<void> run(service& what, upgraded_connection& connection) {
  websocket socket(std::move(connection.stream), std::move(connection.early), what.agreed, what.options);
  task<void> going;
  co_await finally(serve_until_stop(what, socket, connection.stopping, going), stop_waiting(going));
}

}  // namespace

reply accept_websocket(request& asked, function<coro<void>(websocket&)> serve, accept_websocket_options options) {
  const std::optional<std::string_view> key = require_handshake(asked);
  require_origin(asked, options);
  service what{.serve = std::move(serve),
               .agreed = {.role = websocket_role::server, .subprotocol = choose_subprotocol(asked, options)},
               .options = options.socket};
  reply given{.status = detail::switching_protocols};
  given.headers.add("Upgrade", "websocket");
  if (key) given.headers.add("Sec-WebSocket-Accept", detail::websocket_accept(*key));
  if (!what.agreed.subprotocol.empty()) given.headers.add("Sec-WebSocket-Protocol", what.agreed.subprotocol);
  if (const auto deflate = accept_deflate(asked, options.socket)) {
    what.agreed.deflate = deflate->agreed;
    given.headers.add("Sec-WebSocket-Extensions", deflate->field);
  }
  auto speak = [what = std::move(what)](upgraded_connection& connection) mutable -> coro<void> {
    co_await run(what, connection);
  };
  asked.set(protocol_change{std::move(speak)});
  return given;
}

}  // namespace hocket::http
