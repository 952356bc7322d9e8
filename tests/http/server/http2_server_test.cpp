#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <http/h2_client.hpp>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/tls/tls_layer.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::testing::h2_answer;
using hocket::testing::h2_client;
using hocket::testing::running_server;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

/// Clients may begin with HTTP/2 right away.
server_options spoken(server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

coro<reply> echo_target(request& asked) { co_return reply::text(std::string(asked.target())); }
coro<reply> echo_body(request& asked) { co_return reply::text(co_await asked.read()); }

/// Answers after as many seconds as the path says.
coro<reply> take_time(request& asked) {
  co_await hocket::sleep(std::chrono::seconds(std::stoi(std::string(asked.path().substr(1)))));
  co_return reply::text(std::string(asked.path()));
}

// ---- requests and replies

HOCKET_TEST(http2_server, answers_who_begins_with_http_2) {
  running_server server(echo_target, spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::get(1, "/page?query"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/page?query");
  EXPECT_EQ(answer.fields.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.fields.at("content-length"), "11");
  EXPECT_EQ(answer.fields.at("server"), "hocket");
  EXPECT_EQ(server.server.requests(), 1U);
  co_await server.stop();
}

HOCKET_TEST(http2_server, still_answers_http_1_at_the_same_address) {
  running_server server(echo_target, spoken());
  const std::string old = co_await hocket::testing::answer_to(server.address(), "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(hocket::testing::body_of(old), "/1");
  co_await server.stop();
}

HOCKET_TEST(http2_server, speaks_http_2_without_tls_only_if_told_so) {
  running_server server(echo_target);
  EXPECT_EQ(hocket::testing::statuses(co_await hocket::testing::answer_to(server.address(), std::string(h2::preface))),
            "505");
  co_await server.stop();
}

HOCKET_TEST(http2_server, does_not_change_to_http_2_behind_a_request) {
  running_server server(echo_target, spoken());
  const std::string bytes = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(h2::preface);
  EXPECT_EQ(hocket::testing::statuses(co_await hocket::testing::answer_to(server.address(), bytes)), "200 505");
  co_await server.stop();
}

HOCKET_TEST(http2_server, tells_the_handler_what_it_tells_it_of_http_1) {
  std::string seen;
  running_server server(
      [&seen](request& asked) -> coro<reply> {
        seen = fmt::format("{} | {} | {} | {} | {} | {} | {} | {}", asked.request_line(), asked.method(), asked.path(),
                           asked.query(), asked.host(), asked.version(), asked.scheme(), asked.has_body());
        for (const auto& [name, value] : asked.headers()) seen += fmt::format(" | {}: {}", name, value);
        co_return reply{.status = 204};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(
      1, h2::get(1, "/a%20b?c", {{"cookie", "a=1"}, {"accept", "*/*"}, {"cookie", "b=2"}, {"x-y", "z"}}));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(seen,
            "GET /a%20b?c HTTP/2.0 | GET | /a%20b | c | x | HTTP/2.0 | http | false"
            " | accept: */* | x-y: z | cookie: a=1; b=2 | host: x");
  co_await server.stop();
}

HOCKET_TEST(http2_server, answers_first_what_is_done_first) {
  running_server server(take_time, spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/3") + h2::get(3, "/1") + h2::get(5, "/2"));
  std::string order;
  for (int n = 0; n < 3; ++n) order += (co_await client.next(h2::data)).payload;
  EXPECT_EQ(order, "/1/2/3");
  EXPECT_EQ(server.server.requests(), 3U);
  EXPECT_EQ(server.server.connections(), 1U);
  co_await server.stop();
}

HOCKET_TEST(http2_server, gives_the_handler_the_body) {
  running_server server(echo_body, spoken());
  auto client = co_await h2_client::connect(server.address());
  const std::string with_padding = h2::frame(h2::data, h2::padded, 1, std::string("\x03") + "and " + "pad");
  const auto answer =
      co_await client.ask(1, h2::post(1, "/") + h2::body(1, "one ", false) + with_padding + h2::body(1, "two"));
  EXPECT_EQ(answer.body, "one and two");
  const auto empty = co_await client.ask(3, h2::post(3, "/") + h2::body(3, ""));
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body, "");
  co_await server.stop();
}

HOCKET_TEST(http2_server, relays_both_ways_at_once) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return reply::stream("text/plain", [&asked](body_writer& to) -> coro<void> {
          for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next()) {
            co_await to.write(piece);
          }
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::post(1, "/"));
  for (const char* piece : {"one", "two", "three"}) {
    co_await client.send(h2::body(1, piece, false));
    EXPECT_EQ((co_await client.next(h2::data)).payload, piece);
  }
  const auto answer = co_await client.ask(1, h2::body(1, ""));
  EXPECT_EQ(answer.body, "onetwothree");
  EXPECT_FALSE(answer.reset);
  EXPECT_FALSE(answer.fields.contains("content-length"));
  co_await server.stop();
}

HOCKET_TEST(http2_server, sends_no_body_where_there_is_none) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return reply{.status = asked.path() == "/304" ? 304 : 200, .body = std::string("text")};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto head = co_await client.ask(
      1, h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::request_block("HEAD", "/")));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-length"), "4");
  EXPECT_EQ(head.body, "");
  const auto unchanged = co_await client.ask(3, h2::get(3, "/304"));
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  co_await server.stop();
}

HOCKET_TEST(http2_server, leaves_out_fields_of_the_connection) {
  running_server server(
      [](request&) -> coro<reply> {
        reply given = reply::text("x");
        for (const char* name : {"Keep-Alive", "Upgrade", "Proxy-Connection", "Transfer-Encoding"})
          given.headers.add(name, "x");
        given.headers.add("X-Mixed-Case", "Stays");
        co_return given;
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::get(1, "/"));
  EXPECT_EQ(answer.fields.size(), 4U);  // with Server, Content-Type, Content-Length
  EXPECT_EQ(answer.fields.at("x-mixed-case"), "Stays");
  co_await server.stop();
}

HOCKET_TEST(http2_server, tells_who_waits_for_it_to_go_on_when_the_body_is_asked_for) {
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/no") co_return reply{.status = 403};
        co_return reply::text(co_await asked.read());
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::post(1, "/yes", {{"expect", "100-continue"}}));
  static_cast<void>(co_await client.next(h2::headers));
  EXPECT_EQ(client.so_far(1).interim, "100");
  EXPECT_EQ((co_await client.ask(1, h2::body(1, "text"))).body, "text");
  const auto refused = co_await client.ask(3, h2::post(3, "/no", {{"expect", "100-continue"}}));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.interim, "");
  co_await server.stop();
}

HOCKET_TEST(http2_server, tells_a_client_that_the_rest_of_a_body_is_not_wanted) {
  running_server server(echo_target, spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::post(1, "/early") + h2::body(1, "some", false));
  EXPECT_EQ(answer.body, "/early");
  EXPECT_EQ(h2::read_number((co_await client.next(h2::rst_stream)).payload), h2::no_error);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/next"))).body, "/next");
  co_await server.stop();
}

// ---- what fails

HOCKET_TEST(http2_server, answers_500_for_a_handler_that_throws_and_goes_on) {
  std::vector<std::string> errors;
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/bad") throw std::runtime_error("it broke\nhere");
        if (asked.path() == "/404") throw hocket::http::http_error(404);
        co_return reply::text("fine");
      },
      spoken({.on_error = [&errors](const std::string& problem) { errors.push_back(problem); }}));
  auto client = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/bad"))).status, 500);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/404"))).status, 404);
  EXPECT_EQ((co_await client.ask(5, h2::get(5, "/"))).body, "fine");
  EXPECT_EQ(errors, std::vector<std::string>{"GET /bad: it broke\\x0Ahere"});
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_body_that_fails_is_a_500_before_its_first_piece_and_a_reset_behind_it) {
  running_server server(
      [](request& asked) -> coro<reply> {
        const bool is_late = asked.path() == "/late";
        co_return reply::stream("text/plain", [is_late](body_writer& to) -> coro<void> {
          if (is_late) co_await to.write("some");
          throw std::runtime_error("no more");
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/early"))).status, 500);
  const auto late = co_await client.ask(3, h2::get(3, "/late"));
  EXPECT_EQ(late.status, 200);
  EXPECT_EQ(late.body, "some");
  EXPECT_EQ(late.reset, h2::internal_error);
  EXPECT_EQ((co_await client.ask(5, h2::get(5, "/early"))).status, 500);
  co_await server.stop();
}

HOCKET_TEST(http2_server, holds_a_body_to_its_length) {
  running_server server(
      [](request& asked) -> coro<reply> {
        const bool is_short = asked.path() == "/short";
        auto write = [is_short](body_writer& to) -> coro<void> { co_await to.write(is_short ? "ab" : "abcd"); };
        co_return reply{.body = hocket::http::body::stream(std::move(write), 3)};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/short"))).reset, h2::internal_error);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/long"))).status, 500);
  co_await server.stop();
}

HOCKET_TEST(http2_server, refuses_what_is_no_request_and_goes_on) {
  std::vector<std::string> refused;
  running_server server(echo_target, spoken({.max_line_bytes = 1000,
                                             .max_head_bytes = 2000,
                                             .max_fields = 5,
                                             .on_answered = [&refused](const request&, const auto& how) {
                                               if (!how.refused_for.empty()) refused.emplace_back(how.refused_for);
                                             }}));
  const std::string line(1000, 'l');
  const std::string half(900, 'h');
  auto client = co_await h2_client::connect(server.address());
  std::uint32_t id = 1;
  const auto status = [&](std::string block) -> coro<int> {
    const std::uint32_t stream = id;
    id += 2;
    co_return (co_await client.ask(stream, h2::frame(h2::headers, h2::end_headers | h2::end_stream, stream, block)))
        .status;
  };
  EXPECT_EQ(co_await status(h2::request_block("GET", "/" + line)), 414);
  EXPECT_EQ(co_await status(h2::request_block("GET", "/", {{"x", line}})), 431);
  EXPECT_EQ(co_await status(h2::request_block("GET", "/", {{"x", half}, {"y", half}, {"z", half}})), 431);
  EXPECT_EQ(co_await status(
                h2::request_block("GET", "/", {{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""}})),
            431);
  EXPECT_EQ(co_await status(h2::request_block("GET", "/", {{"host", "y"}})), 400);
  EXPECT_EQ(co_await status(h2::request_block("GET", "/#x")), 400);
  EXPECT_EQ(
      co_await status(h2::block({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a:b:c"}})),
      400);
  EXPECT_EQ(co_await status(h2::request_block("GET", "/", {{"host", "x"}})), 200);
  EXPECT_EQ(co_await status(h2::block({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "x"}})), 200);
  EXPECT_EQ((co_await client.ask(id, h2::post(id, "/", {{"expect", "gold"}}))).status, 417);
  EXPECT_EQ(refused.size(), 8U);
  EXPECT_EQ(refused.front(), "bad request: request line larger than 1000 bytes");
  co_await server.stop();
}

HOCKET_TEST(http2_server, resets_malformed_requests_unseen_and_goes_on) {
  int seen = 0;
  running_server server(
      [&seen](request& asked) -> coro<reply> {
        ++seen;
        co_return reply::text(co_await asked.read());
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  std::uint32_t id = 1;
  for (const std::string& block : {
           h2::request_block("GET", "/", {{"Upper", "case"}}),
           h2::request_block("GET", "/", {{"connection", "close"}}),
           h2::request_block("GET", "/", {{"transfer-encoding", "chunked"}}),
           h2::request_block("GET", "/", {{"te", "gzip"}}),
           h2::request_block("GET", "/", {{"a b", "c"}}),
           h2::request_block("GET", "/", {{"a", std::string_view("b\0c", 3)}}),
           h2::request_block("GET", "/", {{"a", "b\r\nc: d"}}),
           h2::request_block("GET", "/", {{"a", " b"}}),
           h2::request_block("GET", "/", {{":path", "/"}}),
           h2::request_block("GET", "/", {{":status", "200"}}),
           h2::request_block("GET", ""),
           h2::request_block("GET", "no-slash"),
           h2::block({{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}}),
           h2::block({{":scheme", "http"}, {":path", "/"}, {":authority", "x"}}),
           h2::block({{":method", "GET"}, {"a", "b"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}),
           h2::request_block("GET", "/", {{"content-length", "5"}}),  // and nothing comes
           h2::request_block("GET", "/", {{"content-length", "x"}}),
       }) {
    const auto answer = co_await client.ask(id, h2::frame(h2::headers, h2::end_headers | h2::end_stream, id, block));
    EXPECT_EQ(answer.reset, h2::protocol_error) << block;
    id += 2;
  }
  EXPECT_EQ(seen, 0);
  EXPECT_EQ((co_await client.ask(id, h2::get(id, "/"))).status, 200);
  EXPECT_EQ(seen, 1);
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_body_of_another_length_than_announced_never_looks_whole) {
  std::string outcome;
  running_server server(
      [&outcome](request& asked) -> coro<reply> {
        const auto read = co_await hocket::as_result(asked.read());
        outcome = read ? "whole" : "cut off";
        co_return reply{};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::post(1, "/", {{"content-length", "5"}}));
  co_await wait_all_tasks_blocked();
  const auto answer = co_await client.ask(1, h2::body(1, "abc"));
  EXPECT_EQ(answer.reset, h2::protocol_error);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(outcome, "cut off");
  co_await server.stop();
}

// ---- windows

HOCKET_TEST(http2_server, sends_no_more_than_the_client_takes_and_serves_others_meanwhile) {
  const std::string large(200'000, 'l');
  running_server server(
      [&large](request& asked) -> coro<reply> {
        co_return asked.path() == "/large" ? reply{.body = hocket::http::body::borrow(large)} : reply::text("small");
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::window(0, 1'000'000) + h2::get(1, "/large"));
  co_await client.send(h2::get(3, "/small"));
  EXPECT_EQ((co_await client.answer(3)).body, "small");
  co_await client.send(h2::get(5, "/small"));
  EXPECT_EQ((co_await client.answer(5)).body, "small");
  EXPECT_EQ(client.so_far(1).body.size(), 65'535U);
  const auto answer = co_await client.ask(1, h2::window(1, 200'000));
  EXPECT_TRUE(answer.body == large) << answer.body.size();
  EXPECT_EQ(answer.fields.at("content-length"), "200000");
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_handler_that_does_not_read_holds_up_its_own_request_alone) {
  hocket::event may_read;
  running_server server(
      [&may_read](request& asked) -> coro<reply> {
        if (asked.path() == "/later") co_await may_read.wait();
        co_return reply::text(std::to_string((co_await asked.read()).size()));
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const std::string piece(16 * 1024, 'p');
  static_cast<void>(co_await client.next(h2::settings));
  co_await client.send(h2::post(1, "/later"));
  for (int n = 0; n < 8; ++n) co_await client.send(h2::body(1, piece, false));  // 128 KiB: all of its window
  EXPECT_EQ((co_await client.ask(3, h2::post(3, "/") + h2::body(3, "others"))).body, "6");
  may_read.set();
  std::uint32_t credit = 0;
  while (credit == 0) {
    const auto update = co_await client.next(h2::window_update);
    if (update.type == -1) break;
    if (update.stream == 1) credit = h2::read_number(update.payload);
  }
  EXPECT_EQ(credit, 128 * 1024U);
  EXPECT_EQ((co_await client.ask(1, h2::body(1, ""))).body, "131072");
  co_await server.stop();
}

HOCKET_TEST(http2_server, resets_a_request_that_does_not_keep_to_its_window) {
  running_server server(
      [](request&) -> coro<reply> {
        co_await hocket::sleep(1h);
        co_return reply{};
      },
      spoken({.http2 = {.window_bytes = 65'535, .connection_window_bytes = 65'535}, .cancel_on_disconnect = true}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::post(1, "/"));
  for (int n = 0; n < 5; ++n) co_await client.send(h2::body(1, std::string(16 * 1024, 'p'), false));
  EXPECT_EQ((co_await client.answer(1)).reset, h2::flow_control_error);
  co_await server.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(http2_server, carries_large_bodies_both_ways) {
  running_server server(
      [](request& asked) -> coro<reply> { co_return reply::text(co_await asked.read(64 * 1024 * 1024)); }, spoken());
  auto client = co_await h2_client::connect(server.address());
  const std::string piece(16 * 1024, 'p');
  static_cast<void>(co_await client.next(h2::settings));
  co_await client.send(h2::window(0, 1'000'000'000) + h2::post(1, "/") + h2::window(1, 100'000'000));
  std::int64_t on_stream = 128 * 1024;
  std::int64_t on_connection = 65'535;
  for (int n = 0; n < 600; ++n) {
    while (on_stream < 16 * 1024 || on_connection < 16 * 1024) {
      const auto update = co_await client.next(h2::window_update);
      if (update.type == -1) co_return ADD_FAILURE() << "the server has gone";
      (update.stream == 0 ? on_connection : on_stream) += h2::read_number(update.payload);
    }
    co_await client.send(h2::body(1, piece, n == 599));
    on_stream -= 16 * 1024;
    on_connection -= 16 * 1024;
  }
  const auto answer = co_await client.answer(1);
  EXPECT_EQ(answer.body.size(), 600U * 16 * 1024);
  client.stream().abort();
  co_await server.stop();
}

// ---- time

HOCKET_TEST(http2_server, ends_a_connection_that_is_idle) {
  running_server server(echo_target, spoken({.idle = 15s}));
  auto client = co_await h2_client::connect(server.address());
  static_cast<void>(co_await client.ask(1, h2::get(1, "/")));
  const auto begin = now();
  EXPECT_EQ(co_await client.goodbye(), "0 1");
  EXPECT_EQ(now() - begin, 15s);
  client.stream().abort();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(http2_server, is_not_idle_while_a_handler_works) {
  running_server server(take_time, spoken({.idle = 15s}));
  auto client = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/100"))).body, "/100");
  const auto begin = now();
  EXPECT_EQ(co_await client.goodbye(), "0 1");
  EXPECT_EQ(now() - begin, 15s);
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_head_that_comes_too_slowly_ends_the_connection) {
  running_server server(echo_target, spoken({.head = 10s, .idle = 1h}));
  auto client = co_await h2_client::connect(server.address());
  const auto begin = now();
  const std::string block = h2::request_block("GET", "/");
  static_cast<void>(co_await client.next(h2::settings));
  co_await client.send(h2::frame(h2::headers, h2::end_stream, 1, block.substr(0, 10)));
  auto said = create_task(client.goodbye());
  for (const char c : h2::frame(h2::continuation, h2::end_headers, 1, block.substr(10))) {
    co_await hocket::sleep(1s);
    if (!co_await hocket::as_result(client.send(std::string(1, c)))) break;
  }
  EXPECT_EQ(co_await said, "11 1");
  EXPECT_GE(now() - begin, 10s);
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_body_that_drips_is_answered_with_408) {
  running_server server(echo_body, spoken({.grace = 10s, .min_rate = 1024}));
  auto client = co_await h2_client::connect(server.address());
  const auto begin = now();
  co_await client.send(h2::post(1, "/") + h2::body(1, "x", false));
  const auto answer = co_await client.answer(1);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(now() - begin, 10s);
  EXPECT_EQ((co_await client.ask(3, h2::post(3, "/") + h2::body(3, "quick"))).body, "quick");
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_reply_that_is_taken_too_slowly_is_given_up_and_the_others_go_on) {
  const std::string large(200'000, 'l');
  std::vector<bool> complete;
  running_server server(
      [&large](request& asked) -> coro<reply> {
        co_return asked.path() == "/large" ? reply{.body = hocket::http::body::borrow(large)} : reply::text("small");
      },
      spoken({.grace = 10s,
              .on_answered = [&complete](const request&, const auto& how) { complete.push_back(how.complete); }}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::window(0, 1'000'000) + h2::get(1, "/large"));
  const auto answer = co_await client.answer(1);
  EXPECT_EQ(answer.reset, h2::cancel);
  EXPECT_EQ(answer.body.size(), 65'535U);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/small"))).body, "small");
  EXPECT_EQ(complete, (std::vector<bool>{false, true}));
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_head_that_is_too_large_ends_its_request_alone_and_at_once) {
  std::string problem;
  running_server server(
      [&problem](request& asked) -> coro<reply> {
        const std::string large(1'048'576, 'x');
        reply given = reply::text("small");
        if (asked.path() == "/stream")
          given = reply::stream("text/plain",
                                [](hocket::http::body_writer& to) -> coro<void> { co_await to.write("text"); });
        if (asked.path() == "/head" || asked.path() == "/stream") given.headers.add("x-large", large);
        if (asked.path() == "/trailers")
          given = reply::stream("text/plain", [large](hocket::http::body_writer& to) -> coro<void> {
            co_await to.write("text");
            to.add_trailer("x-large", large);
          });
        if (asked.path() == "/hints") {
          hocket::http::headers hints;
          hints.add("link", large);
          try {
            co_await asked.send_early_hints(std::move(hints));
          } catch (const hocket::error& thrown) {
            problem = thrown.what();
          }
        }
        co_return given;
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/head"))).status, 500);
  EXPECT_EQ((co_await client.ask(3, h2::get(3, "/stream"))).status, 500);
  EXPECT_EQ((co_await client.ask(5, h2::get(5, "/trailers"))).reset, h2::internal_error);
  EXPECT_EQ((co_await client.ask(7, h2::get(7, "/hints"))).body, "small");
  EXPECT_EQ(problem, "the head of the interim reply is larger than 1 MiB");
  EXPECT_EQ((co_await client.ask(9, h2::get(9, "/"))).body, "small");
  co_await server.stop();
}

// ---- the client goes

HOCKET_TEST(http2_server, a_request_that_is_reset_cancels_its_handler_alone_if_that_is_wanted) {
  std::string seen;
  running_server server(
      [&seen](request& asked) -> coro<reply> {
        const auto outcome = co_await hocket::as_result(hocket::sleep(10s));
        seen += fmt::format("{} {};", asked.path(), outcome ? "slept" : "cancelled");
        if (!outcome) std::rethrow_exception(outcome.error());
        co_return reply::text("done");
      },
      spoken({.cancel_on_disconnect = true}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/1") + h2::get(3, "/3"));
  co_await hocket::sleep(1s);
  co_await client.send(h2::reset(1));
  EXPECT_EQ((co_await client.answer(3)).body, "done");
  EXPECT_EQ(seen, "/1 cancelled;/3 slept;");
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_handler_goes_on_when_its_client_goes_unless_it_is_told_otherwise) {
  for (const bool cancels : {false, true}) {
    int ended = 0;
    int cancelled = 0;
    running_server server(
        [&](request&) -> coro<reply> {
          const auto outcome = co_await hocket::as_result(hocket::sleep(10s));
          outcome ? ++ended : ++cancelled;
          if (!outcome) std::rethrow_exception(outcome.error());
          co_return reply::text("done");
        },
        spoken({.cancel_on_disconnect = cancels}));
    auto client = co_await h2_client::connect(server.address());
    co_await client.send(h2::get(1, "/1") + h2::get(3, "/3"));
    co_await hocket::sleep(1s);
    client.stream().abort();
    co_await hocket::sleep(20s);
    EXPECT_EQ(ended, cancels ? 0 : 2);
    EXPECT_EQ(cancelled, cancels ? 2 : 0);
    EXPECT_EQ(server.server.connections(), 0U);
    co_await server.stop();
  }
}

HOCKET_TEST(http2_server, a_client_that_goes_amid_large_replies_leaves_nothing_behind) {
  const std::string large(1'000'000, 'l');
  for (const std::size_t taken : {0U, 1U, 60'000U, 70'000U, 140'000U}) {
    hocket::http::server server(
        [&large](request&) -> coro<reply> { co_return reply{.body = hocket::http::body::borrow(large)}; }, spoken());
    auto pair = hocket::testing::memory_streams({.to_client = {.capacity = 1000}});
    auto serving = create_task(server.serve_connection(std::move(pair.server)));
    auto client = co_await h2_client::greet(std::move(pair.client), h2::setting(4, 0x7fff'ffff));
    co_await client.send(h2::window(0, 0x7fff'0000) + h2::get(1, "/") + h2::get(3, "/") + h2::get(5, "/"));
    while (client.so_far(1).body.size() + client.so_far(3).body.size() < taken) co_await client.next();
    co_await wait_all_tasks_blocked();
    client.stream().abort();
    static_cast<void>(co_await hocket::as_result(serving));
    EXPECT_EQ(server.connections(), 0U);
  }
}

HOCKET_TEST(http2_server, the_reader_of_a_body_hears_that_its_client_has_gone) {
  std::string problem;
  running_server server(
      [&problem](request& asked) -> coro<reply> {
        try {
          static_cast<void>(co_await asked.read());
        } catch (const std::system_error& failed) {
          problem = failed.code() == std::errc::connection_reset ? "reset" : failed.what();
        }
        co_return reply{};
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::post(1, "/") + h2::body(1, "some", false));
  co_await wait_all_tasks_blocked();
  co_await client.send(h2::reset(1));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(problem, "reset");
  problem.clear();
  co_await client.send(h2::post(3, "/") + h2::body(3, "some", false));
  co_await wait_all_tasks_blocked();
  client.stream().abort();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(problem, "reset");
  co_await server.stop();
}

// ---- the server's end

HOCKET_TEST(http2_server, stopping_answers_what_the_client_has_sent_and_says_so) {
  running_server server(take_time, spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/5"));
  co_await hocket::sleep(1s);
  const auto begin = now();
  auto stopping = create_task(server.stop());
  const auto notice = co_await client.next(h2::goaway);
  EXPECT_EQ(h2_client::goaway_of(notice), "0 2147483647");
  co_await client.send(h2::get(3, "/1"));  // it has not heard yet
  const auto asked = co_await client.next(h2::ping);
  co_await client.send(h2::frame(h2::ping, h2::ack, 0, asked.payload));
  const auto last = co_await client.next(h2::goaway);
  EXPECT_EQ(h2_client::goaway_of(last), "0 3");
  co_await client.send(h2::get(5, "/1"));  // too late: it may be sent elsewhere
  EXPECT_EQ((co_await client.answer(1)).body, "/5");
  EXPECT_EQ(client.so_far(3).body, "/1");
  EXPECT_EQ(client.so_far(5).status, 0);
  EXPECT_EQ((co_await client.next()).type, -1);
  client.stream().abort();
  co_await stopping;
  EXPECT_EQ(now() - begin, 4s);
}

HOCKET_TEST(http2_server, stopping_waits_a_second_for_a_client_that_answers_no_ping) {
  running_server server(echo_target, spoken());
  auto client = co_await h2_client::connect(server.address());
  static_cast<void>(co_await client.ask(1, h2::get(1, "/")));
  const auto begin = now();
  auto stopping = create_task(server.stop());
  EXPECT_EQ(co_await client.goodbye(), "0 1");
  EXPECT_EQ(now() - begin, 1s);
  client.stream().abort();
  co_await stopping;
  EXPECT_EQ(now() - begin, 1s);
}

// The client has not heard of the end yet.
HOCKET_TEST(http2_server, what_is_begun_and_reset_behind_the_end_disturbs_nobody) {
  running_server server(take_time, spoken());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/5"));
  co_await wait_all_tasks_blocked();
  const auto stopping = create_task(server.stop());
  for (int n = 0; n < 2; ++n) static_cast<void>(co_await client.next(h2::goaway));
  co_await client.send(h2::get(3, "/1") + h2::reset(3) + h2::window(3, 1) + h2::post(5, "/1") + h2::body(5, "x"));
  EXPECT_EQ((co_await client.answer(1)).body, "/5");
  EXPECT_EQ(client.so_far(3).status + client.so_far(5).status, 0);
  client.stream().abort();
  co_await stopping;
}

HOCKET_TEST(http2_server, stopping_waits_no_longer_than_allowed) {
  running_server server(take_time, spoken({.shutdown = 30s}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/1000"));
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.stop();
  EXPECT_EQ(now() - begin, 30s);
  EXPECT_EQ(server.server.connections(), 0U);
}

HOCKET_TEST(http2_server, a_connection_ends_after_so_many_requests) {
  running_server server(echo_target, spoken({.max_requests = 3}));
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/1") + h2::get(3, "/2") + h2::get(5, "/3"));
  EXPECT_EQ((co_await client.answer(5)).body, "/3");
  EXPECT_EQ(co_await client.goodbye(), "0 5");
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(http2_server, a_reply_that_says_close_is_the_last_one_of_its_connection) {
  running_server server(
      [](request&) -> coro<reply> {
        reply given = reply::text("last");
        given.headers.add("Connection", "close");
        co_return given;
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::get(1, "/"));
  EXPECT_EQ(answer.body, "last");
  EXPECT_FALSE(answer.fields.contains("connection"));
  EXPECT_EQ(co_await client.goodbye(), "0 1");
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(http2_server, idle_connections_make_room_for_one_that_waits) {
  running_server server(echo_target, spoken({.idle = 1h, .max_connections = 1}));
  auto first = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await first.ask(1, h2::get(1, "/1"))).body, "/1");
  auto ending = create_task(first.goodbye());
  co_await hocket::sleep(2s);
  auto second = co_await h2_client::connect(server.address());
  auto asking = create_task(second.ask(1, h2::get(1, "/2")));
  EXPECT_EQ(co_await ending, "0 1");
  first.stream().abort();
  EXPECT_EQ((co_await asking).body, "/2");
  second.stream().abort();
  co_await server.stop();
}

// ---- over TLS

HOCKET_TEST(http2_server, is_offered_over_tls) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return reply::text(fmt::format("{} {}", asked.scheme(), asked.version()));
      },
      {.tls = hocket::testing::server_here()});
  byte_stream stream = co_await hocket::start_tls(byte_stream(co_await tcp_socket::connect(server.address())),
                                                  hocket::testing::client_here({.alpn_protocols = {"h2", "http/1.1"}}),
                                                  {.server_hostname = "localhost"});
  EXPECT_EQ(stream.find_layer<hocket::tls_layer>()->alpn_protocol(), "h2");
  auto client = co_await h2_client::greet(std::move(stream));
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/"))).body, "https HTTP/2.0");
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(http2_server, is_not_offered_over_tls_if_told_so) {
  running_server server(echo_target, {.tls = hocket::testing::server_here(), .http2 = {.over_tls = false}});
  byte_stream stream = co_await hocket::start_tls(byte_stream(co_await tcp_socket::connect(server.address())),
                                                  hocket::testing::client_here({.alpn_protocols = {"h2", "http/1.1"}}),
                                                  {.server_hostname = "localhost"});
  EXPECT_EQ(stream.find_layer<hocket::tls_layer>()->alpn_protocol(), "");
  stream.abort();
  co_await server.stop();
}

// ---- bodies

HOCKET_TEST(http2_server, a_body_of_which_a_part_was_not_sent_is_never_ended_as_if_it_were_whole) {
  const std::string large(100'000, 'x');
  running_server server(
      [&](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [&](body_writer& to) -> coro<void> {
          EXPECT_FALSE(co_await hocket::as_result(hocket::with_timeout(1s, to.write(large))));
          static_cast<void>(co_await hocket::as_result(to.write("tail")));
        });
      },
      spoken());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::get(1, "/"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.size(), 65'535U);
  EXPECT_EQ(answer.reset, h2::internal_error);
  client.stream().abort();
  co_await server.stop();
}

// ---- however the bytes come

HOCKET_TEST(http2_server, reads_the_same_however_the_bytes_are_cut) {
  for (const std::size_t size : {1U, 2U, 3U, 7U, 0U}) {
    hocket::http::server server(echo_body, spoken());
    auto pair = hocket::testing::memory_streams({.to_server = {.cuts = {size}}, .to_client = {.cuts = {size}}});
    auto serving = create_task(server.serve_connection(std::move(pair.server)));
    auto client = co_await h2_client::greet(std::move(pair.client));
    co_await client.send(h2::post(1, "/") + h2::body(1, "one ", false) + h2::get(3, "/") + h2::body(1, "two"));
    EXPECT_EQ((co_await client.answer(1)).body, "one two");
    EXPECT_EQ((co_await client.answer(3)).status, 200);
    client.stream().abort();
    static_cast<void>(co_await hocket::as_result(serving));
  }
}

TEST(http2_server, a_conversation_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          auto listener = hocket::testing::listen_on_loopback();
          hocket::http::server server(
              [](request& asked) -> coro<reply> {
                co_await hocket::sleep(1s);
                co_return reply::text(co_await asked.read());
              },
              spoken());
          auto serving = create_task(server.serve(listener));
          const auto outcome = co_await hocket::as_result([](hocket::socket_address where) -> coro<void> {
            auto client = co_await h2_client::connect(where);
            co_await client.send(h2::post(1, "/") + h2::body(1, "one", false) + h2::get(3, "/"));
            EXPECT_EQ((co_await client.ask(1, h2::body(1, "two"))).body, "onetwo");
            client.stream().abort();
          }(listener.local_address()));
          serving.cancel();
          static_cast<void>(co_await hocket::as_result(serving));
          if (!outcome) std::rethrow_exception(outcome.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 6U);
  }
}

}  // namespace
