#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <http/client/client_peer.hpp>
#include <http/client/granting_proxy.hpp>
#include <http/running_server.hpp>
#include <http/scripted_server.hpp>
#include <http/secure_servers.hpp>
#include <http/websocket/frames.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/http/websocket/detail/handshake.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
namespace http = hocket::http;
using hocket::testing::failure_of;
using hocket::testing::granting;
using hocket::testing::opcode;
using hocket::testing::read_request;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;
using hocket::testing::server_frame;
using http::accept_websocket;
using http::connect_websocket;
using http::session;
using http::websocket;

namespace {

coro<void> echo(websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
}

coro<http::reply> accept_echo(http::request& asked) { co_return accept_websocket(asked, echo); }

/// What comes back, closed in order.
coro<std::string> echo_of(websocket socket, std::string text) {
  co_await socket.send_text(text);
  const auto back = co_await socket.receive();
  co_await socket.close();
  co_return back->data;
}

std::string ws(std::string url) { return "ws" + url.substr(url.find(':')); }

/// A server that answers the handshake by what `answer` makes of the accepted key, "ACCEPT" in it.
scripted_server::script answering(std::string answer) {
  return [answer](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    const std::string asked = co_await read_request(peer);
    const std::string name = "Sec-WebSocket-Key: ";
    const std::size_t begin = asked.find(name) + name.size();
    const std::string key = asked.substr(begin, asked.find('\r', begin) - begin);
    std::string text = answer;
    if (const auto at = text.find("ACCEPT"); at != std::string::npos)
      text.replace(at, 6, http::detail::websocket_accept(key));
    co_await peer.send_all(text);
    static_cast<void>(co_await peer.receive());
  };
}

const std::string good_answer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n";

coro<std::string> connect_and_receive(std::string answer, http::connect_websocket_options options = {}) {
  scripted_server server(answering(std::move(answer)));
  session web;
  websocket socket = co_await connect_websocket(web, ws(server.url()), std::move(options));
  auto message = co_await socket.receive();
  co_return message->data + "/" + socket.subprotocol();
}

HOCKET_TEST(connect_websocket, connects_to_a_server_of_ours) {
  running_server server(accept_echo);
  session web;
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, ws(server.url())), "Hello"), "Hello");
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, server.url()), "by http"), "by http");
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, *hocket::url::parse(ws(server.url("/?q#f")))), "by a url"),
            "by a url");
  co_await server.stop();
}

HOCKET_TEST(connect_websocket, connects_over_tls) {
  running_server server(accept_echo, {.tls = hocket::testing::server_here()});
  session web({.tls = hocket::testing::client_here()});
  const std::string url = fmt::format("wss://localhost:{}/", server.address().port());
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, url), "in secret"), "in secret");
  co_await server.stop();
}

HOCKET_TEST(connect_websocket, asks_as_the_rfc_has_it) {
  std::string asked;
  scripted_server server([&](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    asked = co_await read_request(peer);
    co_await peer.send_all(hocket::testing::response_text(403, "no"));
  });
  session web;
  http::connect_websocket_options options{.subprotocols = {"v2", "v1"}};
  options.request.fields.add("Origin", "https://example.org");
  const auto refused = co_await hocket::as_result(connect_websocket(web, ws(server.url("/chat")), std::move(options)));
  EXPECT_FALSE(refused);
  EXPECT_TRUE(asked.starts_with("GET /chat HTTP/1.1\r\n")) << asked;
  for (const char* line : {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                           "Sec-WebSocket-Protocol: v2, v1", "Origin: https://example.org"})
    EXPECT_TRUE(hocket::testing::has_line(asked, line)) << line;
}

HOCKET_TEST(connect_websocket, takes_what_comes_right_behind_the_answer) {
  EXPECT_EQ(co_await connect_and_receive(good_answer + "\r\n" + server_frame(opcode::text, "welcome")), "welcome/");
  http::connect_websocket_options options{.subprotocols = {"v1"}};
  EXPECT_EQ(co_await connect_and_receive(
                good_answer + "Sec-WebSocket-Protocol: v1\r\n\r\n" + server_frame(opcode::text, "welcome"),
                std::move(options)),
            "welcome/v1");
}

HOCKET_TEST(connect_websocket, refuses_an_answer_that_accepts_something_else) {
  const std::string head = "HTTP/1.1 101 Whatever\r\n";
  for (const std::string& answer :
       {head + "Connection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n",
        head + "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n",
        head + "Upgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n",
        head + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        head + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: c2hvcnQ=\r\n\r\n",
        good_answer + "Sec-WebSocket-Accept: c2hvcnQ=\r\n\r\n", good_answer + "Sec-WebSocket-Protocol: v1\r\n\r\n",
        good_answer + "Sec-WebSocket-Extensions: x-unheard-of\r\n\r\n"}) {
    const std::string failure = co_await failure_of(connect_and_receive(answer));
    EXPECT_TRUE(failure.starts_with("protocol_error: ")) << answer << failure;
  }
}

HOCKET_TEST(connect_websocket, refuses_an_acceptance_that_speaks_of_a_body) {
  EXPECT_EQ(co_await failure_of(connect_and_receive(good_answer + "Content-Length: 5\r\n\r\n")),
            "http::detail::bad_message: bad response: Content-Length in an answer that has no body");
  EXPECT_EQ(co_await failure_of(connect_and_receive(good_answer + "Transfer-Encoding: chunked\r\n\r\n")),
            "http::detail::bad_message: bad response: Transfer-Encoding in an answer that has no body");
}

HOCKET_TEST(connect_websocket, leaves_no_connection_behind_that_was_accepted_wrongly) {
  scripted_server server(answering(good_answer + "Sec-WebSocket-Accept: c2hvcnQ=\r\n\r\n"));
  session web({.limit = 1, .limit_per_host = 1});
  for (std::size_t nth = 1; nth <= 3; ++nth) {
    const auto refused = co_await hocket::as_result(connect_websocket(web, ws(server.url())));
    EXPECT_FALSE(refused);
    co_await hocket::sleep(1s);
    EXPECT_EQ(server.connections(), nth);
    EXPECT_EQ(server.open(), 0U);
  }
}

HOCKET_TEST(connect_websocket, speaks_with_servers_that_know_nothing_of_windows) {
  const std::string gorilla =
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n";
  EXPECT_EQ(co_await connect_and_receive(good_answer + gorilla + server_frame(opcode::text, "welcome")), "welcome/");
}

HOCKET_TEST(connect_websocket, asks_proxies_for_a_tunnel) {
  std::vector<seen_request> seen;
  scripted_server via(granting(seen));
  const auto proxies = [&] { return http::proxy::parse(fmt::format("http://ada:secret@127.0.0.1:{}", via.port())); };
  {
    running_server server(accept_echo);
    session web({.http2 = {.prior_knowledge = true}, .proxies = proxies()});
    EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, ws(server.url())), "plainly"), "plainly");
    co_await server.stop();
    EXPECT_EQ(seen.at(0).target, server.address().to_string());
  }
  {
    running_server server(accept_echo, {.tls = hocket::testing::server_here()});
    session web({.tls = hocket::testing::client_here(), .proxies = proxies()});
    const std::string url = fmt::format("wss://localhost:{}/", server.address().port());
    EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, url), "in secret"), "in secret");
    co_await server.stop();
    EXPECT_EQ(seen.at(1).target, fmt::format("localhost:{}", server.address().port()));
  }
  EXPECT_EQ(seen.size(), 2U);
  for (const seen_request& each : seen) {
    EXPECT_EQ(each.method, "CONNECT");
    EXPECT_FALSE(each.fields.contains("Upgrade"));
    EXPECT_EQ(each.fields.get("Proxy-Authorization"), "Basic YWRhOnNlY3JldA==");
  }
}

HOCKET_TEST(connect_websocket, asks_a_proxy_for_pages_as_ever_beside_it) {
  std::vector<std::string> lines;
  scripted_server via([&](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    const std::string asked = co_await read_request(peer);
    lines.push_back(asked.substr(0, asked.find('\r')));
    co_await peer.send_all(hocket::testing::response_text(403, "no"));
  });
  session web({.proxies = http::proxy::parse(fmt::format("http://127.0.0.1:{}", via.port()))});
  http::response page = co_await web.get("http://example.invalid/");
  EXPECT_EQ(co_await page.read(), "no");
  const auto connect = [](session& by) -> coro<std::string> {
    co_return co_await echo_of(co_await connect_websocket(by, "ws://example.invalid/"), "");
  };
  EXPECT_EQ(co_await failure_of(connect(web)),
            fmt::format("http::proxy_error: the proxy http://127.0.0.1:{} refuses: 403 Forbidden", via.port()));
  EXPECT_EQ(lines,
            (std::vector<std::string>{"GET http://example.invalid/ HTTP/1.1", "CONNECT example.invalid:80 HTTP/1.1"}));
}

HOCKET_TEST(connect_websocket, shows_no_other_origin_who_one_is) {
  std::string asked;
  scripted_server other([&](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    asked = co_await read_request(peer);
    co_await peer.send_all(hocket::testing::response_text(403, "no"));
  });
  scripted_server first(hocket::testing::answering(
      [&](const std::string&) { return hocket::testing::redirect_to(other.url("/there"), 307); }));
  session web;
  http::connect_websocket_options options{.subprotocols = {"v1"}};
  options.request.auth = http::credentials::basic("ada", "secret");
  options.request.fields.add("Cookie", "id=1");
  const auto refused = co_await hocket::as_result(connect_websocket(web, ws(first.url()), std::move(options)));
  EXPECT_FALSE(refused);
  EXPECT_TRUE(asked.starts_with("GET /there HTTP/1.1\r\n")) << asked;
  for (const char* line :
       {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: v1"})
    EXPECT_TRUE(hocket::testing::has_line(asked, line)) << line;
  EXPECT_TRUE(asked.contains("Sec-WebSocket-Key: "));
  EXPECT_FALSE(asked.contains("Authorization"));
  EXPECT_FALSE(asked.contains("Cookie"));
}

HOCKET_TEST(connect_websocket, gives_the_answer_of_a_refusal) {
  const auto refusal = [](std::string answer) -> coro<std::string> {
    std::string told;
    try {
      static_cast<void>(co_await connect_and_receive(std::move(answer)));
    } catch (const http::websocket_refused& refused) {
      told = fmt::format("{} {} {}", refused.status(), refused.headers().get("Retry-After").value_or("never"),
                         refused.body());
    }
    co_return told;
  };
  EXPECT_EQ(co_await refusal(hocket::testing::response_text(503, "too many here", "Retry-After: 5\r\n")),
            "503 5 too many here");
  EXPECT_EQ(co_await refusal("HTTP/1.1 401 Who\r\nContent-Length: 100\r\n\r\ncut off"), "401 never cut off");
  EXPECT_EQ((co_await refusal(hocket::testing::response_text(400, std::string(100'000, 'x')))).size(), 64U * 1024 + 10);
}

HOCKET_TEST(connect_websocket, tells_the_status_of_a_refusal) {
  EXPECT_EQ(co_await failure_of(connect_and_receive("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")),
            "http::websocket_refused: the server gives no websocket: 403 Forbidden");
  EXPECT_EQ(co_await failure_of(connect_and_receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
            "http::websocket_refused: the server gives no websocket: 200 OK");
}

HOCKET_TEST(connect_websocket, shows_who_one_is_and_follows_redirects) {
  running_server server([](http::request& asked) -> coro<http::reply> {
    if (asked.target() == "/old") co_return http::reply::redirect("/new", 307);
    if (!asked.headers().contains("Authorization")) {
      http::reply given = http::reply::text("who?", 401);
      given.headers.add("WWW-Authenticate", "Basic realm=\"here\"");
      co_return given;
    }
    co_return accept_websocket(asked, echo);
  });
  session web({.auth = http::credentials::basic("ada", "secret")});
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, server.url("/old")), "in"), "in");
  co_await server.stop();
}

HOCKET_TEST(connect_websocket, resolves_against_the_base_url) {
  running_server server(accept_echo);
  session web({.base_url = *hocket::url::parse(server.url("/a/"))});
  EXPECT_EQ(co_await echo_of(co_await connect_websocket(web, "b"), "there"), "there");
  co_await server.stop();
  const auto connect = [](session& by) -> coro<std::string> {
    co_return co_await echo_of(co_await connect_websocket(by, "ftp://example.org/"), "");
  };
  EXPECT_EQ(co_await failure_of(connect(web)), "http::client_error: the scheme 'ftp' is not supported");
}

HOCKET_TEST(connect_websocket, is_none_of_the_connections_of_the_session) {
  running_server server(accept_echo);
  session web({.limit = 1, .limit_per_host = 1});
  websocket first = co_await connect_websocket(web, server.url());
  websocket second = co_await connect_websocket(web, server.url());
  EXPECT_EQ(co_await echo_of(std::move(first), "1"), "1");
  EXPECT_EQ(co_await echo_of(std::move(second), "2"), "2");
  co_await server.stop();
}

HOCKET_TEST(connect_websocket, outlives_its_session) {
  running_server server(accept_echo);
  auto web = std::make_unique<session>();
  websocket socket = co_await connect_websocket(*web, server.url());
  web.reset();
  EXPECT_EQ(co_await echo_of(std::move(socket), "alone"), "alone");
  co_await server.stop();
}

HOCKET_TEST(connect_websocket, outlasts_the_times_that_requests_have) {
  running_server server(accept_echo);
  session web({.timeouts = {.total = 1s, .sock_read = 1s}});
  websocket socket = co_await connect_websocket(web, server.url());
  co_await hocket::sleep(10min);
  EXPECT_EQ(co_await echo_of(std::move(socket), "patient"), "patient");
  co_await server.stop();
}

}  // namespace
