#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>
#include <http/websocket/frames.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/access_log.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/upgraded_connection.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::coro;
using hocket::http::accept_websocket;
using hocket::http::accept_websocket_options;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::http::websocket;
using hocket::testing::answer_to;
using hocket::testing::client_close_frame;
using hocket::testing::client_frame;
using hocket::testing::close_frame;
using hocket::testing::has_line;
using hocket::testing::opcode;
using hocket::testing::receive_to_end;
using hocket::testing::running_server;
using hocket::testing::server_frame;
using hocket::testing::statuses;

namespace {

coro<void> echo(websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
}

hocket::http::handler echoing(accept_websocket_options options = {}) {
  auto shared = std::make_shared<accept_websocket_options>(std::move(options));
  return [shared](request& asked) -> coro<reply> {
    accept_websocket_options mine{.subprotocols = shared->subprotocols, .socket = shared->socket};
    if (shared->allow_origin)
      mine.allow_origin = [shared](std::string_view origin) { return shared->allow_origin(origin); };
    co_return accept_websocket(asked, echo, std::move(mine));
  };
}

/// The example of the RFC, without what `changed` says, or with it.
std::string handshake(std::string_view extra = "", std::string_view without = "",
                      std::string_view line = "GET /chat HTTP/1.1") {
  std::string head(line);
  for (const std::string_view field :
       {"Host: server.example.com", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}) {
    if (without.empty() || !field.starts_with(without)) head.append("\r\n").append(field);
  }
  return head.append("\r\n").append(extra).append("\r\n");
}

coro<std::string> answered(std::string bytes, accept_websocket_options options = {}) {
  running_server server(echoing(std::move(options)));
  std::string answer = co_await answer_to(server.address(), std::move(bytes));
  co_await server.stop();
  co_return answer;
}

std::string_view frames_of(std::string_view answer) { return hocket::testing::body_of(answer); }

HOCKET_TEST(accept_websocket, answers_the_handshake_of_the_rfc) {
  const std::string answer = co_await answered(handshake() + client_close_frame(1000));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << answer;
  EXPECT_TRUE(has_line(answer, "Upgrade: websocket"));
  EXPECT_TRUE(has_line(answer, "Connection: Upgrade"));
  EXPECT_TRUE(has_line(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  EXPECT_FALSE(answer.contains("Sec-WebSocket-Protocol"));
  EXPECT_FALSE(answer.contains("Content-Length"));
  EXPECT_EQ(frames_of(answer), close_frame(1000));
}

HOCKET_TEST(accept_websocket, serves_frames_that_came_with_the_handshake) {
  EXPECT_EQ(frames_of(co_await answered(handshake() + client_frame(opcode::text, "early") + client_close_frame(1001))),
            server_frame(opcode::text, "early") + close_frame(1001));
}

HOCKET_TEST(accept_websocket, serves_them_with_a_watch_for_the_client_too) {
  running_server server(echoing(), {.cancel_on_disconnect = true});
  EXPECT_EQ(frames_of(co_await answer_to(server.address(),
                                         handshake() + client_frame(opcode::text, "early") + client_close_frame(1001))),
            server_frame(opcode::text, "early") + close_frame(1001));
  co_await server.stop();
}

HOCKET_TEST(accept_websocket, passes_what_stands_around_handlers) {
  std::string lines;
  hocket::http::router routes;
  routes.use(hocket::http::compression({.least_bytes = 0}));
  routes.get("/chat", echoing());
  running_server server(std::move(routes),
                        {.on_answered = hocket::http::access_log([&](std::string_view line) { lines += line; })});
  const std::string answer =
      co_await answer_to(server.address(), handshake("Accept-Encoding: gzip\r\n") +
                                               client_frame(opcode::text, "Hello") + client_close_frame(1000));
  EXPECT_EQ(statuses(answer), "101");
  EXPECT_FALSE(answer.contains("Content-Encoding"));
  EXPECT_EQ(frames_of(answer), server_frame(opcode::text, "Hello") + close_frame(1000));
  co_await server.stop();
  EXPECT_TRUE(lines.contains("\"GET /chat HTTP/1.1\" 101 ")) << lines;
}

HOCKET_TEST(accept_websocket, demands_an_upgrade_where_none_was_asked_for) {
  for (const std::string& asked :
       {handshake("", "Upgrade"), handshake("", "Connection"), handshake("Connection: close\r\n", "Connection"),
        handshake("Upgrade: h2c\r\n", "Upgrade"), handshake("", "", "GET /chat HTTP/1.0")}) {
    const std::string answer = co_await answered(asked);
    EXPECT_EQ(statuses(answer), "426") << asked;
    EXPECT_TRUE(has_line(answer, "Upgrade: websocket"));
  }
}

HOCKET_TEST(accept_websocket, names_the_version_that_it_speaks) {
  for (const std::string& asked :
       {handshake("", "Sec-WebSocket-Version"), handshake("Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version"),
        handshake("Sec-WebSocket-Version: 13, 8\r\n", "Sec-WebSocket-Version")}) {
    const std::string answer = co_await answered(asked);
    EXPECT_EQ(statuses(answer), "426");
    EXPECT_TRUE(has_line(answer, "Sec-WebSocket-Version: 13"));
  }
}

HOCKET_TEST(accept_websocket, refuses_a_malformed_handshake) {
  for (const std::string& asked :
       {handshake("", "Sec-WebSocket-Key"), handshake("Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Key"),
        handshake("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), handshake("Sec-WebSocket-Version: 13\r\n"),
        handshake("", "", "POST /chat HTTP/1.1"), handshake("Sec-WebSocket-Protocol: a b\r\n"),
        handshake("Content-Length: 1\r\n") + "x"})
    EXPECT_EQ(statuses(co_await answered(asked)), "400") << asked;
}

HOCKET_TEST(accept_websocket, lets_only_pages_of_its_own_host_connect) {
  const std::string bye = client_close_frame(1000);
  for (const char* origin : {"http://server.example.com", "https://server.example.com"})
    EXPECT_EQ(statuses(co_await answered(handshake(fmt::format("Origin: {}\r\n", origin)) + bye)), "101") << origin;
  for (const char* origin : {"http://example.com", "https://evil.example", "null", "http://server.example.com:8080",
                             "http://server.example.com.evil.example", "file://", "", "server.example.com"})
    EXPECT_EQ(statuses(co_await answered(handshake(fmt::format("Origin: {}\r\n", origin)) + bye)), "403") << origin;
  EXPECT_EQ(statuses(co_await answered(handshake("Origin: http://server.example.com\r\nOrigin: http://a.b\r\n") + bye)),
            "400");
}

HOCKET_TEST(accept_websocket, lets_no_page_without_tls_use_what_browsers_say_by_tls_alone) {
  running_server server(echoing(), {.tls = hocket::testing::server_here()});
  hocket::http::session web({.tls = hocket::testing::client_here()});
  const std::string host = fmt::format("localhost:{}", server.address().port());
  const auto connect = [&](std::string_view scheme) -> coro<bool> {
    hocket::http::connect_websocket_options options;
    options.request.fields.add("Origin", fmt::format("{}://{}", scheme, host));
    auto socket = co_await as_result(connect_websocket(web, "wss://" + host + "/", std::move(options)));
    if (socket) co_await socket->close();
    co_return socket.has_value();
  };
  EXPECT_TRUE(co_await connect("https"));
  EXPECT_FALSE(co_await connect("http"));
  co_await server.stop();
}

HOCKET_TEST(accept_websocket, lets_the_owner_say_whose_pages_connect) {
  const auto with = [](std::string_view origin) -> coro<std::string> {
    co_return co_await answered(
        handshake(fmt::format("Origin: {}\r\n", origin)) + client_close_frame(1000),
        {.allow_origin = [](std::string_view page) { return page == "https://friend.example"; }});
  };
  EXPECT_EQ(statuses(co_await with("https://friend.example")), "101");
  EXPECT_EQ(statuses(co_await with("http://server.example.com")), "403");
}

HOCKET_TEST(accept_websocket, chooses_the_best_subprotocol_that_is_offered) {
  const auto with = [](std::string_view fields) -> coro<std::string> {
    accept_websocket_options options{.subprotocols = {"v2.chat", "v1.chat"}};
    co_return co_await answered(handshake(fields) + client_close_frame(1000), std::move(options));
  };
  EXPECT_TRUE(
      has_line(co_await with("Sec-WebSocket-Protocol: v1.chat, v2.chat\r\n"), "Sec-WebSocket-Protocol: v2.chat"));
  EXPECT_TRUE(has_line(co_await with("Sec-WebSocket-Protocol: v0\r\nSec-WebSocket-Protocol: v1.chat\r\n"),
                       "Sec-WebSocket-Protocol: v1.chat"));
  const std::string none = co_await with("Sec-WebSocket-Protocol: v0\r\n");
  EXPECT_EQ(statuses(none), "101");
  EXPECT_FALSE(none.contains("Sec-WebSocket-Protocol"));
}

HOCKET_TEST(accept_websocket, tells_a_client_whose_handler_failed_and_reports_why) {
  std::vector<std::string> problems;
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [](websocket& socket) -> coro<void> {
          static_cast<void>(co_await socket.receive());
          throw std::runtime_error("no such table");
        });
      },
      {.on_error = [&](const std::string& problem) { problems.push_back(problem); }});
  const std::string answer =
      co_await answer_to(server.address(), handshake() + client_frame(opcode::text, "x") + client_close_frame(1011));
  EXPECT_EQ(frames_of(answer), close_frame(1011));
  co_await server.stop();
  EXPECT_EQ(problems, (std::vector<std::string>{"GET /chat: no such table"}));
}

HOCKET_TEST(accept_websocket, reports_a_handler_that_lost_another_websocket) {
  std::vector<std::string> problems;
  running_server behind([](request& asked) -> coro<reply> {
    co_return accept_websocket(asked, [](websocket& socket) -> coro<void> { co_await socket.close(4000, "no more"); });
  });
  hocket::http::session web;
  running_server server(
      [&](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [&](websocket& socket) -> coro<void> {
          websocket other = co_await connect_websocket(web, behind.url());
          while (auto message = co_await other.receive()) co_await socket.send_text(message->data);
        });
      },
      {.on_error = [&](const std::string& problem) { problems.push_back(problem); }});
  const std::string answer = co_await answer_to(server.address(), handshake() + client_close_frame(1011));
  EXPECT_EQ(frames_of(answer), close_frame(1011));
  co_await server.stop();
  co_await behind.stop();
  EXPECT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems.empty() || problems.front().contains("4000")) << problems.front();
}

HOCKET_TEST(accept_websocket, does_not_report_clients_that_go) {
  std::vector<std::string> problems;
  running_server server(echoing(), {.on_error = [&](const std::string& problem) { problems.push_back(problem); }});
  static_cast<void>(co_await answer_to(server.address(), handshake()));
  static_cast<void>(co_await answer_to(server.address(), handshake() + server_frame(opcode::text, "no mask")));
  co_await server.stop();
  EXPECT_EQ(problems, std::vector<std::string>());
}

HOCKET_TEST(accept_websocket, tells_how_a_websocket_ended_when_it_has) {
  std::vector<std::string> ends;
  running_server server(
      echoing(), {.on_answered = [&](const request& asked, const hocket::http::answered& how) {
        ends.push_back(fmt::format("{} {} {} {}", asked.target(), how.status, how.complete, how.took >= 5s));
      }});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(handshake());
  co_await hocket::sleep(5s);
  EXPECT_EQ(ends, std::vector<std::string>());
  co_await client.send_all(client_close_frame(1000));
  static_cast<void>(co_await receive_to_end(client));
  co_await server.stop();
  EXPECT_EQ(ends, (std::vector<std::string>{"/chat 101 true true"}));
}

HOCKET_TEST(accept_websocket, outlasts_the_times_that_requests_have) {
  running_server server(echoing({.socket = {.heartbeat = std::nullopt}}), {.idle = 5s, .max_connections = 2});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(handshake());
  static_cast<void>(co_await client.receive());
  co_await hocket::sleep(10min);
  EXPECT_EQ(server.server.connections(), 1U);
  co_await client.send_all(client_frame(opcode::text, "still here"));
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::text, "still here"));
  co_await client.send_all(client_close_frame(1000));
  static_cast<void>(co_await receive_to_end(client));
  co_await server.stop();
}

HOCKET_TEST(accept_websocket, tells_clients_that_the_server_stops) {
  running_server server(echoing());
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(handshake());
  static_cast<void>(co_await client.receive());
  const auto stopping = hocket::create_task(server.stop());
  EXPECT_EQ((co_await client.receive()).text(), close_frame(1001));
  co_await client.send_all(client_close_frame(1001));
  EXPECT_EQ(co_await receive_to_end(client), "");
  co_await stopping;
}

HOCKET_TEST(accept_websocket, does_not_wait_longer_for_a_handler_than_for_others_when_the_server_stops) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [](websocket&) -> coro<void> { co_await hocket::sleep(24h); });
      },
      {.shutdown = 5s});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(handshake());
  static_cast<void>(co_await client.receive());
  const auto begun = hocket::loop::running().time();
  co_await server.stop();
  EXPECT_EQ(hocket::loop::running().time() - begun, 5s);
}

HOCKET_TEST(server, changes_the_protocol_only_for_who_has_asked_for_it) {
  std::vector<std::string> problems;
  running_server server(
      [](request& asked) -> coro<reply> {
        asked.set(hocket::http::protocol_change{[](hocket::http::upgraded_connection&) -> coro<void> { co_return; }});
        co_return reply{.status = 101};
      },
      {.on_error = [&](const std::string& problem) { problems.push_back(problem); }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), handshake("", "Upgrade"))), "500");
  EXPECT_EQ(statuses(co_await answer_to(server.address(), handshake("Content-Length: 5\r\n", "", "POST / HTTP/1.1"))),
            "500");
  EXPECT_EQ(statuses(co_await answer_to(server.address(), handshake())), "101");
  EXPECT_EQ(problems.size(), 2U);
  co_await server.stop();
}

}  // namespace
