#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/session.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::request;
using hocket::http::responder;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::ends_cancelled;
using hocket::testing::has_line;
using hocket::testing::receive_to_end;
using hocket::testing::running_server;
using hocket::testing::statuses;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// Answers with the target.
coro<void> echo_target(const request& asked, responder& respond) {
  co_await respond.send(200, {{"Content-Type", "text/plain"}}, asked.target);
}

hocket::http::handler taking(hocket::duration time) {
  return [time](const request& asked, responder& respond) -> coro<void> {
    co_await hocket::sleep(time);
    co_await echo_target(asked, respond);
  };
}

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

// ---- answers

HOCKET_TEST(server, answers_a_request) {
  running_server server(echo_target);
  const std::string answer = co_await answer_to(server.address(), "GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(has_line(answer, "Server: hocket"));
  EXPECT_TRUE(has_line(answer, "Content-Type: text/plain"));
  EXPECT_TRUE(has_line(answer, "Content-Length: 5"));
  EXPECT_EQ(body_of(answer), "/page");
  EXPECT_EQ(server.server.requests(), 1U);
  co_await server.stop();
}

HOCKET_TEST(server, gives_the_handler_the_request) {
  std::string seen;
  running_server server([&seen](const request& asked, responder& respond) -> coro<void> {
    seen = fmt::format("{} {} {} {}", asked.method, asked.target, asked.headers.get("x-one").value_or("-"),
                       asked.peer.host());
    co_await respond.send(204, {}, "");
  });
  co_await answer_to(server.address(), "DELETE /a?b HTTP/1.1\r\nHost: x\r\nX-One: 1\r\n\r\n");
  EXPECT_EQ(seen, "DELETE /a?b 1 127.0.0.1");
  co_await server.stop();
}

HOCKET_TEST(server, has_a_date_if_it_has_a_clock) {
  const auto noon = +[] { return std::chrono::sys_seconds(784111777s); };
  running_server server(echo_target, {.wall_clock = noon});
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Date: Sun, 06 Nov 1994 08:49:37 GMT")) << answer;
  co_await server.stop();
}

HOCKET_TEST(server, leaves_out_the_body_in_answer_to_head) {
  running_server server(echo_target);
  const std::string answer = co_await answer_to(server.address(), "HEAD /page HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Content-Length: 5"));
  EXPECT_EQ(body_of(answer), "");
  co_await server.stop();
}

HOCKET_TEST(server, statuses_without_body_announce_none) {
  for (const int status : {204, 304}) {
    running_server server(
        [status](const request&, responder& respond) -> coro<void> { co_await respond.send(status, {}, "ignored"); });
    const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
    EXPECT_EQ(body_of(answer), "");
    co_await server.stop();
  }
}

HOCKET_TEST(server, sends_the_head_of_an_empty_body_that_was_only_begun) {
  running_server server([](const request&, responder& respond) -> coro<void> {
    respond.begin(200, {}, 0);
    co_return;
  });
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Content-Length: 0"));
  co_await server.stop();
}

HOCKET_TEST(server, sends_a_body_in_pieces) {
  running_server server([](const request&, responder& respond) -> coro<void> {
    respond.begin(200, {}, 6);
    co_await respond.write("one");
    co_await hocket::sleep(1s);
    co_await respond.write("two");
  });
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Content-Length: 6"));
  EXPECT_EQ(body_of(answer), "onetwo");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_shorter_than_announced_closes_the_connection) {
  running_server server([](const request&, responder& respond) -> coro<void> {
    respond.begin(200, {}, 6);
    co_await respond.write("one");
  });
  const std::string two_requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(body_of(co_await answer_to(server.address(), two_requests)), "one");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_longer_than_announced_is_cut_and_reported) {
  std::string reported;
  running_server server(
      [](const request&, responder& respond) -> coro<void> {
        respond.begin(200, {}, 3);
        co_await respond.write("one");
        co_await respond.write("two");
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(body_of(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "one");
  EXPECT_EQ(reported, "GET /: more body was written than announced");
  co_await server.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(server, a_large_answer_arrives_whole) {
  const std::string body(20'000'000, 'b');
  running_server server(
      [&body](const request&, responder& respond) -> coro<void> { co_await respond.send(200, {}, body); });
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(body_of(answer).size(), body.size());
  EXPECT_TRUE(body_of(answer) == body);
  co_await server.stop();
}

// ---- connections

HOCKET_TEST(server, keeps_the_connection_for_the_next_request) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  for (const char* path : {"/1", "/2", "/3"}) {
    co_await client.send_all(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    EXPECT_EQ(body_of((co_await client.receive()).text()), path);
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.server.connections(), 1U);
  client.close();
  co_await server.stop();
}

HOCKET_TEST(server, answers_pipelined_requests_in_order) {
  running_server server(echo_target);
  std::string requests;
  for (int n = 0; n < 500; ++n) requests += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", n);
  const std::string answers = co_await answer_to(server.address(), requests);
  std::size_t at = 0;
  for (int n = 0; n < 500 && at != std::string::npos; ++n) at = answers.find(fmt::format("\r\n\r\n/{}", n), at);
  EXPECT_NE(at, std::string::npos);
  EXPECT_EQ(server.server.requests(), 500U);
  co_await server.stop();
}

HOCKET_TEST(server, reads_a_request_however_it_is_cut) {
  running_server server(echo_target);
  const std::string bytes =
      "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (const std::size_t size : {1U, 2U, 5U, 11U}) {
    auto client = co_await tcp_socket::connect(server.address());
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      co_await client.send_all(std::string_view(bytes).substr(at, size));
      co_await wait_all_tasks_blocked();
    }
    client.shutdown_send();
    EXPECT_EQ(statuses(co_await receive_to_end(client)), "200") << "in pieces of " << size;
  }
  co_await server.stop();
}

HOCKET_TEST(server, closes_when_the_client_asks_for_it) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = co_await receive_to_end(client);
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  co_await server.stop();
}

HOCKET_TEST(server, closes_after_a_request_of_http_1_0) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "200");
  co_await server.stop();
}

HOCKET_TEST(server, reads_the_body_of_a_request_away) {
  running_server server(echo_target);
  const std::string bytes =
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nGET /0 HTTP/1.1\r\n\r\n!"
      "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answers = co_await answer_to(server.address(), bytes);
  EXPECT_EQ(statuses(answers), "200 200");
  EXPECT_EQ(answers.find("/0"), std::string::npos);
  co_await server.stop();
}

HOCKET_TEST(server, says_continue_to_who_waits_for_it) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ((co_await client.receive()).text(), "HTTP/1.1 100 Continue\r\n\r\n");
  co_await client.send_all("abc");
  client.shutdown_send();
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "200");
  co_await server.stop();
}

HOCKET_TEST(server, a_client_that_goes_in_the_middle_disturbs_nobody) {
  std::vector<std::string> reported;
  running_server server(taking(1s),
                        {.on_error = [&reported](const std::string& problem) { reported.push_back(problem); }});
  for (const char* bytes : {"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 100\r\n\r\nabc"}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(bytes);
    co_await hocket::sleep(100ms);
    hocket::testing::reset(client);
  }
  co_await hocket::sleep(5s);
  EXPECT_EQ(server.server.connections(), 0U);
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
  EXPECT_TRUE(reported.empty()) << reported.front();
  co_await server.stop();
}

// ---- bad requests

HOCKET_TEST(server, answers_a_bad_request_with_400_and_closes) {
  running_server server(echo_target);
  for (const char* bytes : {"GET two words HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                            "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(bytes);
    const std::string answer = co_await receive_to_end(client);
    EXPECT_EQ(statuses(answer), "400") << bytes;
    EXPECT_TRUE(has_line(answer, "Connection: close"));
  }
  co_await server.stop();
}

HOCKET_TEST(server, answers_a_method_that_nobody_knows_with_501) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("BREW / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "501");
  co_await server.stop();
}

HOCKET_TEST(server, a_client_that_never_stops_sending_is_dropped_in_the_end) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET /\r\n\r\n");
  auto drip = [&]() -> coro<void> {
    for (;;) {
      co_await hocket::sleep(1s);
      co_await client.send_all("x");
    }
  };
  auto dripping = create_task(drip());
  co_await hocket::sleep(1min);
  EXPECT_EQ(server.server.connections(), 0U);
  static_cast<void>(co_await hocket::as_result(dripping));
  co_await server.stop();
}

HOCKET_TEST(server, answers_what_came_before_a_bad_request) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(
      "GET /good HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "200 400");
  co_await server.stop();
}

HOCKET_TEST(server, answers_a_head_that_is_too_large_with_431) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\nX-Filler: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "431");
  co_await server.stop();
}

HOCKET_TEST(server, answers_a_body_that_is_too_large_with_413) {
  running_server server(echo_target, {.max_request_body = 1000});
  for (const char* bytes : {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n"}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(bytes);
    EXPECT_EQ(statuses(co_await receive_to_end(client)), "413");
  }
  co_await server.stop();
}

HOCKET_TEST(server, answers_chunks_that_are_too_many_with_413) {
  running_server server(echo_target, {.max_request_body = 1000});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                           std::string(1001, 'x') + "\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "413");
  co_await server.stop();
}

HOCKET_TEST(server, takes_a_body_of_exactly_the_limit) {
  running_server server(echo_target, {.max_request_body = 1000});
  const std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  EXPECT_EQ(statuses(co_await answer_to(server.address(), bytes)), "200");
  co_await server.stop();
}

// A client that is still sending when the answer comes must be able to read it: closing with bytes unread is a reset, which
// takes an answer on its way with it.
HOCKET_TEST(server, the_answer_reaches_a_client_that_is_still_sending) {
  running_server server(echo_target, {.max_request_body = 1000});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  const std::string part(100'000, 'x');
  for (int n = 0; n < 30; ++n) {
    const auto sent = co_await hocket::as_expected(client.send_all(part));
    EXPECT_TRUE(sent) << "reset after " << n << " pieces: " << sent.error().message();
    if (!sent) break;
    co_await hocket::sleep(1ms);
  }
  client.shutdown_send();
  const auto answer = co_await hocket::as_result(receive_to_end(client));
  EXPECT_TRUE(answer);
  if (answer) {
    EXPECT_EQ(statuses(*answer), "413");
  }
  co_await server.stop();
}

// ---- slow clients

HOCKET_TEST(server, a_head_that_comes_too_slowly_is_answered_with_408) {
  running_server server(echo_target, {.head = 30s});
  auto client = co_await tcp_socket::connect(server.address());
  const auto begin = now();
  auto drip = [&]() -> coro<void> {
    for (const char c : std::string("GET / HTTP/1.1\r\nX-Slow: ") + std::string(1000, 'x')) {
      co_await client.send_all({&c, 1});
      co_await hocket::sleep(1s);
    }
  };
  auto dripping = create_task(drip());
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "408");
  EXPECT_EQ(now() - begin, 30s);
  dripping.cancel();
  static_cast<void>(co_await hocket::as_result(dripping));
  co_await server.stop();
}

HOCKET_TEST(server, an_idle_connection_is_closed_after_its_time_without_a_word) {
  running_server server(echo_target, {.idle = 75s});
  auto client = co_await tcp_socket::connect(server.address());
  const auto begin = now();
  EXPECT_EQ(co_await receive_to_end(client), "");
  EXPECT_EQ(now() - begin, 75s);
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_stops_coming_ends_the_connection) {
  running_server server(echo_target, {.transfer = 60s});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  const auto begin = now();
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "");
  EXPECT_EQ(now() - begin, 60s);
  co_await server.stop();
}

HOCKET_TEST(server, a_client_that_takes_nothing_is_dropped) {
  const std::string body(50'000'000, 'b');
  running_server server(
      [&body](const request&, responder& respond) -> coro<void> { co_await respond.send(200, {}, body); },
      {.transfer = 60s});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(59s);
  EXPECT_EQ(server.server.connections(), 1U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

// ---- handlers that fail

HOCKET_TEST(server, a_handler_that_throws_gives_500_and_is_reported) {
  std::string reported;
  running_server server(
      [](const request&, responder&) -> coro<void> {
        throw std::runtime_error("broken");
        co_return;
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(reported, "GET /x: broken");
  co_await server.stop();
}

HOCKET_TEST(server, an_error_of_the_handlers_own_io_gives_500_too) {
  running_server server([](const request&, responder&) -> coro<void> {
    throw std::system_error(EIO, std::system_category(), "read");
    co_return;
  });
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  co_await server.stop();
}

HOCKET_TEST(server, a_time_out_of_the_handlers_own_work_gives_500_too) {
  std::string reported;
  running_server server(
      [](const request&, responder&) -> coro<void> { co_await hocket::with_timeout(1s, hocket::sleep(1h)); },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(reported, "GET /: timed out");
  co_await server.stop();
}

HOCKET_TEST(server, a_handler_that_gives_no_answer_gives_500) {
  running_server server([](const request&, responder&) -> coro<void> { co_return; });
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  co_await server.stop();
}

HOCKET_TEST(server, a_handler_that_throws_after_it_began_closes_the_connection) {
  running_server server([](const request&, responder& respond) -> coro<void> {
    respond.begin(200, {}, 6);
    co_await respond.write("one");
    throw std::runtime_error("broken");
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = co_await receive_to_end(client);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(body_of(answer), "one");
  co_await server.stop();
}

HOCKET_TEST(server, a_failing_handler_leaves_the_other_connections_alone) {
  running_server server([](const request& asked, responder& respond) -> coro<void> {
    if (asked.target == "/bad") throw std::runtime_error("broken");
    co_await hocket::sleep(1s);
    co_await echo_target(asked, respond);
  });
  const auto [good, bad] = co_await hocket::gather(answer_to(server.address(), "GET /good HTTP/1.1\r\nHost: x\r\n\r\n"),
                                                   answer_to(server.address(), "GET /bad HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(statuses(good), "200");
  EXPECT_EQ(statuses(bad), "500");
  co_await server.stop();
}

// ---- many connections

HOCKET_TEST(server, serves_no_more_connections_at_once_than_allowed) {
  running_server server(taking(1s), {.max_connections = 2});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 5; ++n)
    all.push_back(create_task(answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  co_await hocket::sleep(500ms);
  EXPECT_EQ(server.server.connections(), 2U);
  const auto begin = now();
  for (auto& each : all) EXPECT_EQ(statuses(co_await each), "200");
  EXPECT_GE(now() - begin, 2s);
  co_await server.stop();
}

HOCKET_TEST(server, idle_connections_make_room_for_one_that_waits) {
  running_server server(echo_target, {.idle = 1h, .max_connections = 2});
  std::vector<tcp_socket> idle;
  for (int n = 0; n < 2; ++n) idle.push_back(co_await tcp_socket::connect(server.address()));
  const auto begin = now();
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
  EXPECT_LT(now() - begin, 1min);
  co_await server.stop();
}

HOCKET_TEST(server, busy_connections_make_no_room) {
  running_server server(taking(10s), {.max_connections = 1});
  auto busy = create_task(answer_to(server.address(), "GET /busy HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  auto waiting = create_task(answer_to(server.address(), "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(body_of(co_await busy), "/busy");
  EXPECT_EQ(body_of(co_await waiting), "/late");
  co_await server.stop();
}

HOCKET_TEST(server, takes_a_target_in_absolute_form) {
  running_server server(echo_target);
  const std::string answer = co_await answer_to(server.address(), "GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(body_of(answer), "/a?b");
  co_await server.stop();
}

HOCKET_TEST(server, serves_many_connections_at_once) {
  running_server server(taking(1s));
  const auto begin = now();
  std::vector<coro<std::string>> all;
  for (int n = 0; n < 200; ++n) all.push_back(answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto answers = co_await hocket::gather(std::move(all));
  for (const std::string& each : answers) EXPECT_EQ(statuses(each), "200");
  EXPECT_LT(now() - begin, 5s);
  co_await server.stop();
}

// ---- stopping

HOCKET_TEST(server, stopping_closes_idle_connections_at_once) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  static_cast<void>(co_await client.receive());
  const auto begin = now();
  co_await server.stop();
  EXPECT_EQ(now() - begin, 0s);
  EXPECT_EQ(co_await receive_to_end(client), "");
}

HOCKET_TEST(server, stopping_lets_a_request_under_way_finish) {
  running_server server(taking(5s));
  auto asking = create_task(answer_to(server.address(), "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.stop();
  EXPECT_EQ(now() - begin, 4s);
  const std::string answer = co_await asking;
  EXPECT_EQ(body_of(answer), "/late");
  EXPECT_TRUE(has_line(answer, "Connection: close"));
}

HOCKET_TEST(server, stopping_answers_no_further_request_of_a_busy_connection) {
  running_server server(taking(5s));
  const std::string two = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
  auto asking = create_task(answer_to(server.address(), two));
  co_await hocket::sleep(1s);
  co_await server.stop();
  const auto answer = co_await hocket::as_result(asking);
  if (answer) {
    EXPECT_EQ(body_of(*answer), "/1");
  }
  EXPECT_EQ(server.server.requests(), 1U);
}

HOCKET_TEST(server, stopping_waits_no_longer_than_allowed) {
  running_server server(taking(1h), {.shutdown = 30s});
  auto asking = create_task(answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.stop();
  EXPECT_EQ(now() - begin, 30s);
  EXPECT_EQ(server.server.connections(), 0U);
  EXPECT_EQ(statuses(co_await asking), "");
}

HOCKET_TEST(server, stopping_ends_the_reading_of_a_half_sent_head) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HT");
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.stop();
  EXPECT_EQ(now() - begin, 0s);
}

HOCKET_TEST(server, serve_throws_cancelled_when_it_was_stopped) {
  running_server server(echo_target);
  co_await wait_all_tasks_blocked();
  server.serving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(server.serving));
}

HOCKET_TEST(server, can_serve_again_after_it_was_stopped) {
  hocket::http::server server(echo_target);
  for (int n = 0; n < 2; ++n) {
    auto listener = hocket::testing::listen_on_loopback();
    auto serving = create_task(server.serve(listener));
    EXPECT_EQ(statuses(co_await answer_to(listener.local_address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
    serving.cancel();
    EXPECT_TRUE(co_await ends_cancelled(serving));
  }
}

HOCKET_TEST(server, after_it_stopped_nobody_is_answered) {
  running_server server(echo_target);
  co_await wait_all_tasks_blocked();
  co_await server.stop();
  auto late = create_task(answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));  // waits in the backlog
  co_await hocket::sleep(1s);
  EXPECT_FALSE(late.done());
  late.cancel();
  EXPECT_TRUE(co_await ends_cancelled(late));
}

// ---- connections from elsewhere

HOCKET_TEST(server, serves_a_connection_that_was_made_elsewhere) {
  hocket::http::server server(echo_target);
  auto [client, peer] = co_await hocket::testing::connect_on_loopback();
  auto serving = create_task(server.serve_connection(hocket::byte_stream(std::move(peer))));
  co_await client.send_all("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(server.connections(), 1U);
  client.shutdown_send();
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "200 200");
  co_await serving;
  EXPECT_EQ(server.connections(), 0U);
}

HOCKET_TEST(server, serving_a_connection_can_be_cancelled) {
  hocket::http::server server(echo_target);
  auto [client, peer] = co_await hocket::testing::connect_on_loopback();
  auto serving = create_task(server.serve_connection(hocket::byte_stream(std::move(peer))));
  co_await wait_all_tasks_blocked();
  serving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(serving));
  EXPECT_EQ(co_await receive_to_end(client), "");
  EXPECT_EQ(server.connections(), 0U);
}

HOCKET_TEST(server, stopping_ends_connections_from_elsewhere_too) {
  running_server server(echo_target);
  auto [client, peer] = co_await hocket::testing::connect_on_loopback();
  auto elsewhere = create_task(server.server.serve_connection(hocket::byte_stream(std::move(peer))));
  co_await wait_all_tasks_blocked();
  co_await server.stop();
  EXPECT_EQ(server.server.connections(), 0U);
  EXPECT_TRUE(co_await ends_cancelled(elsewhere));
  EXPECT_EQ(co_await receive_to_end(client), "");
}

TEST(server, a_conversation_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          auto listener = hocket::testing::listen_on_loopback();
          hocket::http::server server(taking(1s));
          auto serving = create_task(server.serve(listener));
          auto talk = [&]() -> coro<void> {
            const std::string two = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
            static_cast<void>(co_await answer_to(listener.local_address(), two));
          };
          const auto outcome = co_await hocket::as_result(talk());
          serving.cancel();
          static_cast<void>(co_await hocket::as_result(serving));
          if (!outcome) std::rethrow_exception(outcome.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
  }
}

}  // namespace
