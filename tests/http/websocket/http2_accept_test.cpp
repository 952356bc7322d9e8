// Websockets on streams of HTTP/2 (RFC 8441), seen by a client of frames.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/h2_client.hpp>
#include <http/running_server.hpp>
#include <http/websocket/frames.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/access_log.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/upgraded_connection.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
using hocket::as_result;
using hocket::coro;
using hocket::http::accept_websocket;
using hocket::http::accept_websocket_options;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::http::websocket;
using hocket::http::websocket_closed;
using hocket::testing::client_close_frame;
using hocket::testing::client_frame;
using hocket::testing::close_frame;
using hocket::testing::h2_answer;
using hocket::testing::h2_client;
using hocket::testing::opcode;
using hocket::testing::running_server;
using hocket::testing::server_frame;

namespace {

constexpr std::uint32_t enable_connect_protocol = 8;

server_options spoken(server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

coro<void> echo(websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
}

/// Echoes at /chat, answers elsewhere.
coro<reply> chat(request& asked) {
  if (asked.path() != "/chat") co_return reply::text(std::string(asked.path()));
  co_return accept_websocket(asked, echo, {.socket = {.heartbeat = std::nullopt}});
}

/// The head of a request for a websocket.
std::string connect(std::uint32_t stream, h2::fields more = {}, std::string_view protocol = "websocket",
                    std::string_view path = "/chat", std::string_view version = "13") {
  return h2::frame(h2::headers, h2::end_headers, stream,
                   h2::block({{":method", "CONNECT"},
                              {":protocol", protocol},
                              {":scheme", "http"},
                              {":path", path},
                              {":authority", "x"},
                              {"sec-websocket-version", version}}) +
                       h2::block(more));
}

std::string say(std::uint32_t stream, std::string_view text) {
  return h2::body(stream, client_frame(opcode::text, text), false);
}

/// A whole conversation: what is said, and the end in order.
coro<h2_answer> talk(h2_client& client, std::uint32_t stream, std::string request, std::string_view text) {
  co_return co_await client.ask(
      stream, std::move(request) + say(stream, text) + h2::body(stream, client_close_frame(1000), true));
}

HOCKET_TEST(http2_accept, is_announced_unless_the_server_is_told_otherwise) {
  for (const bool is_spoken : {true, false}) {
    server_options options = spoken();
    options.http2.websockets = is_spoken;
    running_server server(chat, std::move(options));
    auto client = co_await h2_client::connect(server.address());
    const auto settings = co_await client.next(h2::settings);
    EXPECT_EQ(settings.payload.contains(h2::setting(enable_connect_protocol, 1)), is_spoken);
    const auto answer = co_await talk(client, 1, connect(1), "Hello");
    EXPECT_EQ(answer.status, is_spoken ? 200 : 0);
    if (!is_spoken) {
      EXPECT_EQ(answer.reset, h2::protocol_error);
    }
    co_await server.stop();
  }
}

HOCKET_TEST(http2_accept, a_client_that_goes_before_the_answer_cancels_the_handler_if_that_is_wanted) {
  std::string seen;
  running_server server(
      [&seen](request&) -> coro<reply> {
        const auto outcome = co_await as_result(hocket::sleep(10s));
        seen = outcome ? "slept" : "cancelled";
        if (!outcome) std::rethrow_exception(outcome.error());
        co_return reply::text("done");
      },
      spoken({.cancel_on_disconnect = true}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1));
  co_await hocket::sleep(1s);
  co_await client.send(h2::reset(1));
  co_await hocket::sleep(1s);
  EXPECT_EQ(seen, "cancelled");
  co_await server.stop();
}

HOCKET_TEST(http2_accept, speaks_in_the_data_of_the_stream_and_ends_it) {
  running_server server(chat, spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await talk(client, 1, connect(1), "Hello");
  EXPECT_EQ(answer.status, 200);
  for (const char* name : {"sec-websocket-accept", "upgrade", "connection", "content-length", "sec-websocket-protocol"})
    EXPECT_FALSE(answer.fields.contains(name)) << name;
  EXPECT_EQ(answer.body, server_frame(opcode::text, "Hello") + close_frame(1000));
  EXPECT_FALSE(answer.reset);
  co_await server.stop();
}

HOCKET_TEST(http2_accept, is_asked_for_as_over_http_1_for_whoever_handles_it) {
  std::string seen;
  hocket::http::router routes;
  routes.get("/chat", [&seen](request& asked) -> coro<reply> {
    seen = fmt::format("{} | {} | {} | {}", asked.request_line(), asked.has_body(), (co_await asked.read()).size(),
                       asked.version());
    for (const auto& [name, value] : asked.headers()) seen += fmt::format(" | {}: {}", name, value);
    co_return accept_websocket(asked, echo);
  });
  std::string lines;
  server_options options = spoken();
  options.on_answered = hocket::http::access_log([&](std::string_view line) { lines += line; });
  running_server server(std::move(routes), std::move(options));
  auto client = co_await h2_client::connect(server.address());
  const std::string with_field = connect(1, {{"x-y", "z"}});
  EXPECT_EQ((co_await talk(client, 1, with_field, "Hello")).status, 200);
  EXPECT_EQ(seen,
            "GET /chat HTTP/2.0 | false | 0 | HTTP/2.0 | sec-websocket-version: 13 | x-y: z | upgrade: websocket"
            " | connection: Upgrade | host: x");
  co_await server.stop();
  EXPECT_TRUE(lines.contains("\"GET /chat HTTP/2.0\" 101 ")) << lines;
}

HOCKET_TEST(http2_accept, agrees_upon_what_is_offered) {
  running_server server(
      [](request& asked) -> coro<reply> {
        accept_websocket_options options{.subprotocols = {"v2", "v1"}};
        co_return accept_websocket(asked, echo, std::move(options));
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const std::string offering = connect(1, {{"sec-websocket-protocol", "v1, v2"},
                                           {"sec-websocket-extensions", "permessage-deflate"},
                                           {"origin", "http://x"}});
  const auto answer = co_await talk(client, 1, offering, "Hello");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("sec-websocket-protocol"), "v2");
  EXPECT_TRUE(answer.fields.at("sec-websocket-extensions").starts_with("permessage-deflate"));
  co_await server.stop();
}

HOCKET_TEST(http2_accept, refuses_as_over_http_1_and_the_connection_goes_on) {
  struct refused {
    const char* why;
    std::string request;
    int status;
  };
  running_server server(chat, spoken());
  auto client = co_await h2_client::connect(server.address());
  std::uint32_t id = 1;
  const std::vector<refused> all{
      {"another protocol", connect(1, {}, "connect-udp"), 501},
      {"a page", connect(3, {}, "websocket", "/page"), 501},
      {"another version", connect(5, {}, "websocket", "/chat", "8"), 426},
      {"two versions", connect(7, {{"sec-websocket-version", "13"}}), 400},
      {"a page of elsewhere", connect(9, {{"origin", "https://evil.example"}}), 403},
      {"a subprotocol that is none", connect(11, {{"sec-websocket-protocol", "a b"}}), 400},
  };
  for (const auto& [why, asked, status] : all) {
    const auto answer = co_await talk(client, id, asked, "Hello");
    EXPECT_EQ(answer.status, status) << why;
    EXPECT_FALSE(answer.body.contains("Hello")) << why;
    id += 2;
  }
  EXPECT_EQ((co_await client.ask(id, h2::get(id, "/other"))).body, "/other");
  co_await server.stop();
}

HOCKET_TEST(http2_accept, is_no_request_without_what_it_must_have) {
  running_server server(chat, spoken());
  auto client = co_await h2_client::connect(server.address());
  const std::vector<std::string> malformed{
      h2::block({{":method", "GET"},
                 {":protocol", "websocket"},
                 {":scheme", "http"},
                 {":path", "/chat"},
                 {":authority", "x"}}),
      h2::block({{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"}, {":authority", "x"}}),
      h2::block({{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/chat"}, {":authority", "x"}}),
      h2::block({{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"}, {":path", "/chat"}}),
  };
  std::uint32_t id = 1;
  for (const std::string& block : malformed) {
    const auto answer = co_await client.ask(id, h2::frame(h2::headers, h2::end_headers, id, block));
    EXPECT_EQ(answer.status, 0) << id;
    EXPECT_EQ(answer.reset, h2::protocol_error) << id;
    id += 2;
  }
  EXPECT_EQ((co_await talk(client, id, connect(id), "Hello")).status, 200);
  co_await server.stop();
}

HOCKET_TEST(http2_accept, goes_on_beside_requests_and_outlasts_their_times) {
  server_options options = spoken({.idle = 5s, .max_requests = 3});
  running_server server(chat, std::move(options));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1));
  for (const std::uint32_t id : {3U, 5U}) {  // the last of these is the third
    co_await hocket::sleep(1min);
    EXPECT_EQ((co_await client.ask(id, h2::get(id, "/page"))).body, "/page");
  }
  co_await hocket::sleep(1min);
  EXPECT_EQ((co_await client.ask(1, say(1, "still here") + h2::body(1, client_close_frame(1000), true))).body,
            server_frame(opcode::text, "still here") + close_frame(1000));
  co_await server.stop();
}

/// How the handler's websocket ended when `end` was sent behind a message.
coro<std::string> lost_by(std::string end) {
  std::string how;
  std::vector<std::string> problems;
  server_options options = spoken();
  options.cancel_on_disconnect = true;
  options.on_error = [&](const std::string& problem) { problems.push_back(problem); };
  running_server server(
      [&how](request& asked) -> coro<reply> {
        if (asked.path() != "/chat") co_return reply::text("page");
        co_return accept_websocket(asked, [&how](websocket& socket) -> coro<void> {
          try {
            while (auto message = co_await socket.receive()) how += message->data + " ";
            how += "end";
          } catch (const websocket_closed& closed) {
            how += std::to_string(closed.code());
          }
        });
      },
      std::move(options));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1) + say(1, "one"));
  static_cast<void>(co_await client.next(h2::headers));
  co_await client.send(end);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/"))).body, "page");
  co_await server.stop();
  EXPECT_EQ(problems, std::vector<std::string>());
  co_return how;
}

HOCKET_TEST(http2_accept, whose_stream_is_lost_is_closed_for_its_handler_alone) {
  EXPECT_EQ(co_await lost_by(h2::reset(1, h2::cancel)), "one 1006");
  EXPECT_EQ(co_await lost_by(h2::body(1, "", true)), "one 1006");
  EXPECT_EQ(co_await lost_by(h2::body(1, client_close_frame(1000), true)), "one end");
  EXPECT_EQ(co_await lost_by(h2::body(1, "no frame of a client", true)), "one 1002");
}

HOCKET_TEST(http2_accept, whose_connection_is_lost_is_closed_for_its_handler) {
  std::string how;
  running_server server(
      [&how](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [&how](websocket& socket) -> coro<void> {
          co_await socket.wait_closed();
          how = std::to_string(socket.close_code().value_or(0));
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1));
  static_cast<void>(co_await client.next(h2::headers));
  client.stream().abort();
  co_await hocket::sleep(5s);
  EXPECT_EQ(how, "1006");
  co_await server.stop();
}

HOCKET_TEST(http2_accept, a_handler_that_aborts_resets_the_stream) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [](websocket& socket) -> coro<void> {
          socket.abort();
          co_return;
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, connect(1));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.reset, h2::cancel);
  co_await server.stop();
}

HOCKET_TEST(http2_accept, a_stream_that_its_handler_gives_away_ends_with_it) {
  std::optional<hocket::byte_stream> kept;
  std::optional<hocket::task<bool>> received;
  running_server server(
      [&](request& asked) -> coro<reply> {
        const auto receive = [](hocket::byte_stream& from) -> coro<bool> {
          co_return (co_await as_result(from.receive())).has_value();
        };
        asked.set(hocket::http::protocol_change{
            [&kept, &received, receive](hocket::http::upgraded_connection& connection) -> coro<void> {
              kept = std::move(connection.stream);
              received = hocket::create_task(receive(*kept));
              co_await hocket::sleep(1s);
            }});
        co_return reply{.status = 101};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, connect(1));
  EXPECT_EQ(answer.reset, h2::cancel);
  EXPECT_FALSE(co_await *received);
  co_await server.stop();
  EXPECT_FALSE(co_await as_result(kept->receive()));
  EXPECT_FALSE(co_await as_result(kept->send_all("x")));
  EXPECT_TRUE(kept->has_something_to_read());
}

HOCKET_TEST(http2_accept, a_handler_that_does_not_receive_holds_its_client_back) {
  hocket::event may_read;
  running_server server(
      [&may_read](request& asked) -> coro<reply> {
        if (asked.path() != "/chat") co_return reply::text("page");
        const auto count = [&may_read](websocket& socket) -> coro<void> {
          co_await may_read.wait();
          const auto message = co_await socket.receive();
          co_await socket.send_text(std::to_string(message->data.size()));
          static_cast<void>(co_await socket.receive());
        };
        co_return accept_websocket(asked, count, {.socket = {.heartbeat = std::nullopt}});
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  static_cast<void>(co_await client.next(h2::settings));
  const std::string frame = client_frame(opcode::binary, std::string(150'000, 'x'));
  co_await client.send(connect(1));
  std::size_t sent = 0;
  for (; sent + 16'384 <= 128 * 1024; sent += 16'384)  // all of its window
    co_await client.send(h2::body(1, frame.substr(sent, 16'384), false));
  co_await hocket::sleep(1min);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/"))).body, "page");
  may_read.set();
  std::uint32_t credit = 0;
  while (credit < 64 * 1024) {
    const auto update = co_await client.next(h2::window_update);
    if (update.type == -1) break;
    if (update.stream == 1) credit += h2::read_number(update.payload);
  }
  for (; sent < frame.size(); sent += 16'384) co_await client.send(h2::body(1, frame.substr(sent, 16'384), false));
  const auto answer = co_await client.ask(1, h2::body(1, client_close_frame(1000), true));
  EXPECT_TRUE(answer.body.starts_with(server_frame(opcode::text, "150000")));
  co_await server.stop();
}

HOCKET_TEST(http2_accept, sends_no_more_than_the_client_takes) {
  std::size_t sent = 0;
  running_server server(
      [&sent](request& asked) -> coro<reply> {
        if (asked.path() != "/chat") co_return reply::text("page");
        co_return accept_websocket(asked, [&sent](websocket& socket) -> coro<void> {
          const std::string piece(1000, 'x');
          for (; sent < 100; ++sent) co_await socket.send_binary(piece);
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1));
  co_await hocket::sleep(1s);
  EXPECT_EQ(sent, 65U);  // as many as are in 64 KiB
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/") + h2::window(0, 1'000'000))).body, "page");
  EXPECT_EQ(sent, 65U);
  co_await client.send(h2::window(1, 1'000'000));
  while (client.so_far(1).body.size() < 100U * 1004)
    if ((co_await client.next()).type == -1) break;
  const auto answer = co_await client.ask(1, h2::body(1, client_close_frame(1000), true));
  EXPECT_EQ(answer.body.size(), 100U * 1004 + close_frame(1000).size());
  co_await server.stop();
}

HOCKET_TEST(http2_accept, who_takes_nothing_for_long_is_given_up) {
  std::string how;
  server_options options = spoken({.standstill = 60s});
  running_server server(
      [&how](request& asked) -> coro<reply> {
        co_return accept_websocket(asked,
                                   [&how](websocket& socket) -> coro<void> {
                                     const auto sent =
                                         co_await as_result(socket.send_binary(std::string(100'000, 'x')));
                                     how = sent ? "sent" : "given up";
                                   },
                                   {.socket = {.heartbeat = std::nullopt}});
      },
      std::move(options));
  auto client = co_await h2_client::connect(server.address());
  const auto begun = hocket::loop::running().time();
  const auto answer = co_await client.ask(1, connect(1));
  EXPECT_EQ(how, "given up");
  EXPECT_EQ(answer.reset, h2::cancel);
  EXPECT_GE(hocket::loop::running().time() - begun, 60s);
  EXPECT_LT(hocket::loop::running().time() - begun, 90s);
  co_await server.stop();
}

HOCKET_TEST(http2_accept, tells_clients_that_the_server_stops) {
  running_server server(chat, spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1) + connect(3));
  static_cast<void>(co_await client.next(h2::headers));
  static_cast<void>(co_await client.next(h2::headers));
  const auto stopping = hocket::create_task(server.stop());
  for (const std::uint32_t id : {1U, 3U})
    EXPECT_EQ((co_await client.ask(id, h2::body(id, client_close_frame(1001), true))).body, close_frame(1001));
  EXPECT_TRUE((co_await client.goodbye()).starts_with("0 "));
  client.stream().abort();
  co_await stopping;
}

HOCKET_TEST(http2_accept, does_not_wait_longer_for_a_handler_than_for_others_when_the_server_stops) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [](websocket&) -> coro<void> { co_await hocket::sleep(24h); });
      },
      spoken({.shutdown = 5s}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(connect(1));
  static_cast<void>(co_await client.next(h2::headers));
  const auto begun = hocket::loop::running().time();
  co_await server.stop();
  EXPECT_EQ(hocket::loop::running().time() - begun, 5s);
}

HOCKET_TEST(http2_accept, reports_a_handler_that_failed_and_tells_the_client) {
  std::vector<std::string> problems;
  server_options options = spoken();
  options.on_error = [&](const std::string& problem) { problems.push_back(problem); };
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return accept_websocket(asked, [](websocket& socket) -> coro<void> {
          static_cast<void>(co_await socket.receive());
          throw std::runtime_error("no such table");
        });
      },
      std::move(options));
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, connect(1) + say(1, "x") + h2::body(1, client_close_frame(1011), true));
  EXPECT_EQ(answer.body, close_frame(1011));
  co_await server.stop();
  EXPECT_EQ(problems, (std::vector<std::string>{"GET /chat: no such table"}));
}

HOCKET_TEST(http2_accept, speaks_other_words_than_those_of_websockets_if_the_handler_does) {
  running_server server(
      [](request& asked) -> coro<reply> {
        asked.set(hocket::http::protocol_change{[](hocket::http::upgraded_connection& connection) -> coro<void> {
          const auto came = co_await connection.stream.receive();
          co_await connection.stream.send_all(came.text());
        }});
        co_return reply{.status = 101};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, connect(1) + h2::body(1, "any bytes", false));
  EXPECT_EQ(answer.body, "any bytes");
  EXPECT_FALSE(answer.reset);
  const auto refused = co_await client.ask(3, h2::get(3, "/"));
  EXPECT_EQ(refused.status, 500) << "it has not asked for one";
  co_await server.stop();
}

}  // namespace
