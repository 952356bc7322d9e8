// Websockets on streams of a session's connections of HTTP/2 (RFC 8441).

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/client/client_peer.hpp>
#include <http/h2_server.hpp>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>
#include <http/websocket/frames.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
namespace http = hocket::http;
using hocket::as_result;
using hocket::coro;
using hocket::create_task;
using hocket::testing::close_frame;
using hocket::testing::failure_of;
using hocket::testing::h2_server;
using hocket::testing::opcode;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::server_frame;
using hocket::testing::speaking;
using hocket::testing::speaking_http2;
using http::accept_websocket;
using http::connect_websocket;
using http::reply;
using http::request;
using http::session;
using http::websocket;
using http::websocket_closed;

namespace {

const std::string takes_websockets = h2::setting(8, 1);

http::server_options spoken(http::server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

std::string ws(std::string url) { return "ws" + url.substr(url.find(':')); }

coro<std::string> ask(session& web, std::string url) {
  http::response answer = co_await web.get(std::string_view(url));
  co_return co_await answer.read();
}

coro<void> echo(websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
}

/// Echoes to websockets, each of which begins with the version by which it was asked for; answers others with their path.
coro<reply> serve(request& asked) {
  if (!asked.headers().contains("Upgrade")) co_return reply::text(std::string(asked.path()));
  const std::string version(asked.version());
  co_return accept_websocket(asked, [version](websocket& socket) -> coro<void> {
    co_await socket.send_text(version);
    co_await echo(socket);
  });
}

/// What the server said first, and the echo, closed in order.
coro<std::string> talk(websocket socket, std::string text) {
  const auto version = co_await socket.receive();
  co_await socket.send_text(text);
  const auto back = co_await socket.receive();
  co_await socket.close();
  co_return version->data + " " + back->data;
}

coro<void> send_in_vain(websocket& to, std::string_view bytes) {
  EXPECT_FALSE(co_await as_result(to.send_binary(bytes)));
}

/// Opens a connection of HTTP/2 by a request, and gives its stream of the first websocket.
coro<std::uint32_t> first_websocket(h2_server& server) {
  const auto page = co_await server.request();
  co_await server.send(h2::answer(page, "page"));
  co_return co_await server.request();
}

HOCKET_TEST(http2_connect, is_a_stream_of_the_connection_that_is_there) {
  running_server server(serve, spoken());
  session web(speaking());
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), "alone"), "HTTP/1.1 alone");
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), "shared"), "HTTP/2.0 shared");
  EXPECT_EQ(co_await ask(web, server.url("/other")), "/other");
  EXPECT_EQ(server.server.connections(), 1U);
  co_await server.stop();
}

HOCKET_TEST(http2_connect, is_one_over_tls_too) {
  running_server server(serve, {.tls = hocket::testing::server_here()});
  session web({.tls = hocket::testing::client_here()});
  const std::string host = fmt::format("localhost:{}", server.address().port());
  EXPECT_EQ(co_await ask(web, "https://" + host + "/page"), "/page");
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, "wss://" + host + "/"), "in secret"), "HTTP/2.0 in secret");
  co_await server.stop();
}

HOCKET_TEST(http2_connect, has_a_connection_of_its_own_where_the_server_does_not_take_it) {
  http::server_options options = spoken();
  options.http2.websockets = false;
  running_server server(serve, std::move(options));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), "old"), "HTTP/1.1 old");
  co_await server.stop();
}

HOCKET_TEST(http2_connect, asks_by_connect_and_without_a_key) {
  std::map<std::string, std::string> asked;
  scripted_server server(speaking_http2(
      [&](h2_server& peer, std::size_t) -> coro<void> {
        const auto id = co_await first_websocket(peer);
        asked = peer.so_far(id).fields;
        const std::string head = h2::answer_head(id, "200", {{"sec-websocket-protocol", "v2"}});
        co_await peer.send(head + h2::body(id, server_frame(opcode::text, "Hello"), false));
        static_cast<void>(co_await peer.answer(id));
      },
      takes_websockets));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  http::connect_websocket_options options{.subprotocols = {"v1", "v2"}};
  options.request.fields.add("Cookie", "id=1");
  websocket socket = co_await connect_websocket(web, ws(server.url("/chat?q")), std::move(options));
  EXPECT_EQ(socket.subprotocol(), "v2");
  EXPECT_EQ((co_await socket.receive())->data, "Hello");
  EXPECT_EQ(asked.at(":method"), "CONNECT");
  EXPECT_EQ(asked.at(":protocol"), "websocket");
  EXPECT_EQ(asked.at(":scheme"), "http");
  EXPECT_EQ(asked.at(":path"), "/chat?q");
  EXPECT_EQ(asked.at("sec-websocket-version"), "13");
  EXPECT_EQ(asked.at("sec-websocket-protocol"), "v1, v2");
  EXPECT_EQ(asked.at("cookie"), "id=1");
  for (const char* name : {"sec-websocket-key", "upgrade", "connection", "content-length"})
    EXPECT_FALSE(asked.contains(name)) << name;
  socket.abort();
}

HOCKET_TEST(http2_connect, gives_the_answer_of_a_refusal_and_the_connection_goes_on) {
  scripted_server server(speaking_http2(
      [](h2_server& peer, std::size_t) -> coro<void> {
        const auto id = co_await first_websocket(peer);
        co_await peer.send(h2::answer(id, "not today", "403"));
        co_await hocket::testing::answer_all(peer);
      },
      takes_websockets));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  std::string told;
  try {
    static_cast<void>(co_await connect_websocket(web, ws(server.url())));
  } catch (const http::websocket_refused& refused) {
    told = fmt::format("{} {}", refused.status(), refused.body());
  }
  EXPECT_EQ(told, "403 not today");
  EXPECT_EQ(co_await ask(web, server.url("/after")), "/after");
  EXPECT_EQ(server.connections(), 1U);
}

/// How many ask once more over HTTP/1.1 where the server resets the stream for that reason.
coro<std::size_t> asked_elsewhere_after(std::uint32_t why) {
  std::size_t of_http1 = 0;
  scripted_server server([&](hocket::tcp_socket& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) {
      const std::string asked = co_await hocket::testing::read_request(peer);
      of_http1 += asked.contains("Upgrade: websocket") ? 1U : 0U;
      co_await peer.send_all(hocket::testing::response_text(403, "no"));
      co_return;
    }
    h2_server shared = co_await h2_server::greet(hocket::byte_stream(std::move(peer)), takes_websockets);
    const auto id = co_await first_websocket(shared);
    co_await shared.send(h2::reset(id, h2::error_code(why)));
    static_cast<void>(co_await shared.request());
  });
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  EXPECT_FALSE(co_await as_result(connect_websocket(web, ws(server.url()))));
  co_return of_http1;
}

HOCKET_TEST(http2_connect, goes_on_elsewhere_where_the_server_refuses_the_stream) {
  EXPECT_EQ(co_await asked_elsewhere_after(h2::refused_stream), 1U);
  EXPECT_EQ(co_await asked_elsewhere_after(h2::http_1_1_required), 1U);
  EXPECT_EQ(co_await asked_elsewhere_after(h2::cancel), 0U);
}

/// How a websocket ends by what the server sends behind a message; "ID" of the stream in it.
coro<std::string> ended_by(std::string (*end)(std::uint32_t id)) {
  scripted_server server(speaking_http2(
      [end](h2_server& peer, std::size_t) -> coro<void> {
        const auto id = co_await first_websocket(peer);
        co_await peer.send(h2::answer_head(id, "200") + h2::body(id, server_frame(opcode::text, "one"), false) +
                           end(id));
        while ((co_await peer.next()).type != -1) {
        }
      },
      takes_websockets));
  session web(speaking());
  static_cast<void>(co_await ask(web, server.url("/page")));
  websocket socket = co_await connect_websocket(web, ws(server.url()));
  std::string seen;
  try {
    while (auto message = co_await socket.receive()) seen += message->data + " ";
    seen += "end";
  } catch (const websocket_closed& closed) {
    seen += std::to_string(closed.code());
  }
  co_await socket.close();
  co_return seen;
}

HOCKET_TEST(http2_connect, hears_of_every_end) {
  EXPECT_EQ(co_await ended_by([](std::uint32_t id) { return h2::body(id, close_frame(1000), true); }), "one end");
  EXPECT_EQ(co_await ended_by([](std::uint32_t id) { return h2::body(id, close_frame(4000), true); }), "one 4000");
  EXPECT_EQ(co_await ended_by([](std::uint32_t id) { return h2::body(id, "", true); }), "one 1006");
  EXPECT_EQ(co_await ended_by([](std::uint32_t id) { return h2::reset(id, h2::cancel); }), "one 1006");
  EXPECT_EQ(co_await ended_by([](std::uint32_t) { return h2::goodbye(0, h2::internal_error); }), "one 1006");
  EXPECT_EQ(co_await ended_by([](std::uint32_t) { return std::string("no frame of HTTP/2"); }), "one 1006");
}

HOCKET_TEST(http2_connect, one_that_is_dropped_ends_its_stream_and_not_the_connection) {
  std::optional<std::uint32_t> code;
  scripted_server server(speaking_http2(
      [&](h2_server& peer, std::size_t) -> coro<void> {
        const auto id = co_await first_websocket(peer);
        co_await peer.send(h2::answer_head(id, "200"));
        code = (co_await peer.answer(id)).reset;
        co_await hocket::testing::answer_all(peer);
      },
      takes_websockets));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  {
    const websocket socket = co_await connect_websocket(web, ws(server.url()));
    co_await hocket::sleep(5s);
  }
  EXPECT_EQ(co_await ask(web, server.url("/after")), "/after");
  EXPECT_EQ(code, h2::cancel);
  EXPECT_EQ(server.connections(), 1U) << "nobody doubts a connection for it";
}

HOCKET_TEST(http2_connect, leaves_half_of_the_streams_to_requests) {
  http::server_options options = spoken();
  options.http2.max_streams = 4;
  running_server server(serve, std::move(options));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  std::vector<websocket> all;
  std::string versions;
  for (int n = 0; n < 3; ++n) {
    all.push_back(co_await connect_websocket(web, ws(server.url())));
    versions += (co_await all.back().receive())->data + " ";
  }
  EXPECT_EQ(versions, "HTTP/2.0 HTTP/2.0 HTTP/1.1 ");
  const auto [one, two, three] =
      co_await hocket::gather(ask(web, server.url("/1")), ask(web, server.url("/2")), ask(web, server.url("/3")));
  EXPECT_EQ(one + two + three, "/1/2/3");
  co_await all.front().close();
  all.push_back(co_await connect_websocket(web, ws(server.url())));
  EXPECT_EQ((co_await all.back().receive())->data, "HTTP/2.0");
  for (auto& each : all) co_await each.close();
  co_await server.stop();
}

HOCKET_TEST(http2_connect, leaves_half_of_the_streams_to_requests_if_many_are_asked_for_at_once) {
  http::server_options options = spoken();
  options.http2.max_streams = 4;
  running_server server(serve, std::move(options));
  session web(speaking({.timeouts = {.total = 10s}}));
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  const std::string url = ws(server.url());
  auto [one, two, three, four] = co_await hocket::gather(connect_websocket(web, url), connect_websocket(web, url),
                                                         connect_websocket(web, url), connect_websocket(web, url));
  std::size_t shared = 0;
  for (websocket* each : {&one, &two, &three, &four})
    if ((co_await each->receive())->data == "HTTP/2.0") ++shared;
  EXPECT_EQ(shared, 2U);
  const auto [a, b, c] =
      co_await hocket::gather(ask(web, server.url("/1")), ask(web, server.url("/2")), ask(web, server.url("/3")));
  EXPECT_EQ(a + b + c, "/1/2/3");
  for (websocket* each : {&one, &two, &three, &four}) co_await each->close();
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, url), "again"), "HTTP/2.0 again");
  co_await server.stop();
}

HOCKET_TEST(http2_connect, gives_a_place_back_where_it_was_refused) {
  http::server_options options = spoken();
  options.http2.max_streams = 2;
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/no") co_return reply::text("no", 403);
        co_return co_await serve(asked);
      },
      std::move(options));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  for (int n = 0; n < 3; ++n) EXPECT_FALSE(co_await as_result(connect_websocket(web, ws(server.url("/no")))));
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), "text"), "HTTP/2.0 text");
  EXPECT_EQ(server.server.connections(), 1U);
  co_await server.stop();
}

HOCKET_TEST(http2_connect, is_reset_by_a_head_which_is_none_of_what_is_said_on_it) {
  std::optional<std::uint32_t> code;
  scripted_server server(speaking_http2(
      [&](h2_server& peer, std::size_t) -> coro<void> {
        const auto id = co_await first_websocket(peer);
        co_await peer.send(h2::answer_head(id, "200") +
                           h2::frame(h2::headers, h2::end_headers | h2::end_stream, id, h2::field("x", "y")));
        code = (co_await peer.answer(id)).reset;
        co_await hocket::testing::answer_all(peer);
      },
      takes_websockets));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  websocket socket = co_await connect_websocket(web, ws(server.url()));
  EXPECT_FALSE(co_await as_result(socket.receive()));
  EXPECT_EQ(co_await ask(web, server.url("/after")), "/after");
  EXPECT_EQ(code, h2::protocol_error);
}

HOCKET_TEST(http2_connect, is_none_of_the_connections_of_the_session_and_outlives_it) {
  running_server server(serve, spoken());
  auto web = std::make_unique<session>(speaking({.limit = 1, .limit_per_host = 1, .timeouts = {.total = 10s}}));
  EXPECT_EQ(co_await ask(*web, server.url("/page")), "/page");
  websocket socket = co_await connect_websocket(*web, ws(server.url()));
  EXPECT_EQ(co_await ask(*web, server.url("/other")), "/other");
  co_await hocket::sleep(1min);
  web.reset();
  co_await hocket::sleep(1min);
  EXPECT_EQ(co_await talk(std::move(socket), "alone"), "HTTP/2.0 alone");
  co_await hocket::sleep(5s);
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(http2_connect, large_messages_go_both_ways_while_requests_are_answered) {
  running_server server(serve, spoken());
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  websocket socket = co_await connect_websocket(web, ws(server.url()), {.socket = {.deflate = std::nullopt}});
  static_cast<void>(co_await socket.receive());
  const std::string large(3'000'000, 'x');
  const auto sending = create_task(as_result(socket.send_text(large)));
  EXPECT_EQ(co_await ask(web, server.url("/meanwhile")), "/meanwhile");
  const auto back = co_await socket.receive();
  EXPECT_TRUE(back && back->data == large);
  EXPECT_TRUE(co_await sending);
  co_await socket.close();
  co_await server.stop();
}

// One whose other side answers no more.
HOCKET_TEST(http2_connect, puts_its_connection_in_doubt_when_its_heartbeat_finds_no_answer) {
  scripted_server server(speaking_http2(
      [](h2_server& peer, std::size_t nth) -> coro<void> {
        if (nth > 0) co_return co_await hocket::testing::answer_all(peer);
        co_await peer.send(h2::answer_head(co_await first_websocket(peer), "200"));
        co_await hocket::sleep(1h);
      },
      takes_websockets));
  session web(speaking({.timeouts = {.total = 5s}}));
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  websocket socket = co_await connect_websocket(web, ws(server.url()));
  EXPECT_FALSE(co_await as_result(socket.receive()));
  co_await hocket::sleep(1500ms);
  EXPECT_EQ(co_await ask(web, server.url("/other")), "/other");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(http2_connect, asks_whether_its_server_is_there_before_its_connection_is_in_doubt) {
  scripted_server server(speaking_http2(
      [](h2_server& peer, std::size_t) -> coro<void> {
        co_await peer.send(h2::answer_head(co_await first_websocket(peer), "200"));
        const auto ping = co_await peer.next(h2::ping);
        co_await peer.send(h2::frame(h2::ping, h2::ack, 0, ping.payload));
        co_await hocket::testing::answer_all(peer);
      },
      takes_websockets));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, server.url("/page")), "page");
  {
    const websocket socket = co_await connect_websocket(web, ws(server.url()));
    co_await hocket::sleep(5s);
  }
  EXPECT_EQ(co_await ask(web, server.url("/other")), "/other");
  EXPECT_EQ(server.connections(), 1U);
}

// Their bytes fill their own windows, and not that of the connection.
HOCKET_TEST(http2_connect, many_from_which_nobody_receives_hold_up_no_others) {
  hocket::event may_end;
  running_server server(
      [&](request& asked) -> coro<reply> {
        if (asked.path() != "/deaf") co_return co_await serve(asked);
        co_return accept_websocket(asked, [&](websocket& socket) -> coro<void> {
          co_await hocket::gather(as_result(socket.send_binary(std::string(300'000, 'x'))), may_end.wait());
        });
      },
      spoken());
  session web(speaking({.http2 = {.window_bytes = 65'535}}));
  EXPECT_EQ(co_await ask(web, server.url("/page")), "/page");
  std::vector<websocket> deaf;
  std::vector<hocket::task<void>> sending;
  const std::string large(300'000, 'x');
  for (int n = 0; n < 20; ++n) {
    deaf.push_back(co_await connect_websocket(web, ws(server.url("/deaf")), {.socket = {.deflate = std::nullopt}}));
  }
  for (auto& each : deaf) sending.push_back(create_task(send_in_vain(each, large)));
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await ask(web, server.url("/other")), "/other");
  EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), std::string(200'000, 'x')),
            "HTTP/2.0 " + std::string(200'000, 'x'));
  EXPECT_EQ(server.server.connections(), 1U);
  deaf.clear();
  for (auto& each : sending) co_await each;
  may_end.set();
  co_await server.stop();
}

// The session's connection is the same in each run; only what comes then is cancelled.
coro<void> over_http2() {
  running_server server(serve, spoken());
  const auto use = [&]() -> coro<void> {
    session web(speaking());
    static_cast<void>(co_await ask(web, server.url("/page")));
    EXPECT_EQ(co_await talk(co_await connect_websocket(web, ws(server.url())), "text"), "HTTP/2.0 text");
  };
  const auto used = co_await as_result(use());
  co_await server.stop();
  if (!used) std::rethrow_exception(used.error());
}

TEST(http2_connect, leaves_nothing_behind_wherever_it_is_cancelled) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(over_http2, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U) << hocket::testing::name_of(backend) << ": " << report.to_string();
    EXPECT_GT(report.cancelled, 5U);
  }
}

}  // namespace
