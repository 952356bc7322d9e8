#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <io/connected_sockets.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::body_writer;
using hocket::http::http_error;
using hocket::http::reply;
using hocket::http::request;
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
coro<reply> echo_target(request& asked) {
  reply given{.headers = {{"Content-Type", "text/plain"}}, .body = std::string(asked.target())};
  co_return given;
}

/// Answers with the body.
coro<reply> echo_body(request& asked) { co_return reply::text(co_await asked.read()); }

reply of(hocket::http::body content) { return {.body = std::move(content)}; }

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

hocket::http::handler taking(hocket::duration time) {
  return [time](request& asked) -> coro<reply> {
    co_await hocket::sleep(time);
    co_return co_await echo_target(asked);
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
  running_server server([&seen](request& asked) -> coro<reply> {
    seen = fmt::format("{} {} {} {} {} {} {} {} {}", asked.version(), asked.method(), asked.target(), asked.path(),
                       asked.query(), asked.host(), asked.scheme(), asked.headers().get("x-one").value_or("-"),
                       asked.peer().host());
    co_return reply{.status = 204};
  });
  co_await answer_to(server.address(), "DELETE /a?b HTTP/1.1\r\nHost: x:1\r\nX-One: 1\r\n\r\n");
  EXPECT_EQ(seen, "HTTP/1.1 DELETE /a?b /a b x:1 http 1 127.0.0.1");
  co_await answer_to(server.address(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(seen, "HTTP/1.0 GET / /   http - 127.0.0.1");
  co_await server.stop();
}

TEST(server, refuses_a_name_that_is_two_lines) {
  EXPECT_THROW(hocket::http::server(echo_target, {.name = "x\r\nSet-Cookie: a=b"}), hocket::error);
}

HOCKET_TEST(server, has_a_date_if_it_has_a_clock) {
  const auto noon = +[] { return std::chrono::sys_seconds(784111777s); };
  running_server server(echo_target, {.wall_clock = noon});
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Date: Sun, 06 Nov 1994 08:49:37 GMT")) << answer;
  co_await server.stop();
}

HOCKET_TEST(server, leaves_server_and_date_to_a_handler_that_gives_them) {
  const auto noon = +[] { return std::chrono::sys_seconds(784111777s); };
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply{.headers = {{"date", "Sat, 05 Nov 1994 08:49:37 GMT"}, {"Server", "origin"}}};
      },
      {.wall_clock = noon});
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_TRUE(has_line(answer, "date: Sat, 05 Nov 1994 08:49:37 GMT")) << answer;
  EXPECT_TRUE(has_line(answer, "Server: origin")) << answer;
  EXPECT_FALSE(answer.contains("Server: hocket")) << answer;
  EXPECT_FALSE(answer.contains("Date: Sun")) << answer;
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
    running_server server([status](request&) -> coro<reply> { co_return reply::text("ignored", status); });
    const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
    EXPECT_EQ(body_of(answer), "");
    co_await server.stop();
  }
}

HOCKET_TEST(server, a_204_has_no_length_even_if_the_handler_says_one) {
  running_server server(
      [](request&) -> coro<reply> { co_return reply{.status = 204, .headers = {{"Content-Length", "0"}}}; });
  for (const char* method : {"GET", "HEAD"}) {
    const std::string answer =
        co_await answer_to(server.address(), fmt::format("{} / HTTP/1.1\r\nHost: x\r\n\r\n", method));
    EXPECT_EQ(statuses(answer), "204");
    EXPECT_FALSE(answer.contains("Content-Length")) << answer;
  }
  co_await server.stop();
}

HOCKET_TEST(server, sends_a_body_while_it_is_made_in_chunks) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      co_await out.write("one");
      co_await hocket::sleep(1s);
      co_await out.write("");
      co_await out.write("twelve bytes");
    });
  });
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_TRUE(has_line(answer, "Transfer-Encoding: chunked"));
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
  EXPECT_EQ(body_of(answer), "3\r\none\r\nc\r\ntwelve bytes\r\n0\r\n\r\n");
  co_await server.stop();
}

HOCKET_TEST(server, sends_a_piece_at_once) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      co_await out.write("one");
      co_await hocket::sleep(1h);
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  const auto begun = now();
  EXPECT_TRUE((co_await client.receive()).text().ends_with("\r\n\r\n3\r\none\r\n"));
  EXPECT_EQ(now(), begun);
  client.close();
  co_await server.stop();
}

HOCKET_TEST(server, sends_the_head_when_it_is_told_to_flush) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      co_await out.flush();
      co_await hocket::sleep(1s);
      co_await out.write("one");
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  EXPECT_TRUE((co_await client.receive()).text().ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE((co_await client.receive()).text().starts_with("3\r\none\r\n"));
  client.close();
  co_await server.stop();
}

HOCKET_TEST(server, a_body_made_on_the_way_ends_a_connection_of_http_1_0) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> { co_await out.write("one"); });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string answer = co_await receive_to_end(client);
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  EXPECT_EQ(body_of(answer), "one");
  co_await server.stop();
}

HOCKET_TEST(server, sends_what_a_generator_yields) {
  const auto count = [](int last) -> hocket::async_generator<std::string> {
    for (int n = 1; n <= last; ++n) {
      co_await hocket::sleep(1s);
      co_yield std::to_string(n);
    }
  };
  running_server server([&](request&) -> coro<reply> { co_return of(hocket::http::body::pieces(count(3), 3)); });
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_TRUE(has_line(answer, "Content-Length: 3"));
  EXPECT_EQ(body_of(answer), "123");
  co_await server.stop();
}

HOCKET_TEST(server, sends_a_part_of_a_file) {
  const hocket::testing::temporary_directory folder;
  std::string content;
  for (int n = 0; n < 200'000; ++n) content += static_cast<char>('a' + n % 26);
  co_await hocket::write_file(folder.path() + "/file", content);
  running_server server([&](request& asked) -> coro<reply> {
    auto file = co_await hocket::file::open(folder.path() + "/file");
    const std::uint64_t length = asked.target() == "/small" ? 1000 : 150'000;
    co_return of(hocket::http::body::of_file(std::move(file), 10, length));
  });
  const std::string two = "GET /small HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answer = co_await answer_to(server.address(), two);
  EXPECT_EQ(statuses(answer), "200 200");
  EXPECT_TRUE(answer.contains("\r\nContent-Length: 1000\r\n\r\n" + content.substr(10, 1000) + "HTTP/1.1"));
  EXPECT_TRUE(answer.ends_with("\r\nContent-Length: 150000\r\n\r\n" + content.substr(10, 150'000)));
  co_await server.stop();
}

HOCKET_TEST(server, a_handler_that_throws_anything_gives_500_and_one_line_without_the_clients_newlines) {
  std::vector<std::string> reported;
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.target() == "/42") throw 42;
        throw std::runtime_error("no user\nGET /forged");
        co_return reply();
      },
      {.on_error = [&reported](const std::string& problem) { reported.push_back(problem); }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET /42 HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "500");
  EXPECT_EQ(reported, (std::vector<std::string>{"GET /42: it threw what is no std::exception",
                                                "GET /: no user\\x0AGET /forged"}));
  co_await server.stop();
}

HOCKET_TEST(server, tells_of_a_request_that_its_end_cuts_off) {
  std::vector<int> told;
  running_server server(taking(1h),
                        {.shutdown = 1s, .on_answered = [&told](const request&, const hocket::http::answered& how) {
                           told.push_back(how.status);
                           EXPECT_FALSE(how.complete);
                         }});
  auto asking = create_task(answer_to(server.address(), get));
  co_await hocket::sleep(1s);
  co_await server.stop();
  static_cast<void>(co_await hocket::as_result(asking));
  EXPECT_EQ(told, std::vector<int>{0});
}

HOCKET_TEST(server, a_file_that_became_shorter_cuts_the_connection) {
  const hocket::testing::temporary_directory folder;
  co_await hocket::write_file(folder.path() + "/file", std::string(100'000, 'x'));
  std::string reported;
  running_server server(
      [&](request&) -> coro<reply> {
        co_return of(hocket::http::body::of_file(co_await hocket::file::open(folder.path() + "/file"), 0, 200'000));
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  const std::string answer = co_await answer_to(server.address(), get + get);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(body_of(answer).size(), 100'000U);
  EXPECT_TRUE(reported.contains("became shorter while it was sent")) << reported;
  co_await server.stop();
}

HOCKET_TEST(server, a_body_shorter_than_announced_closes_the_connection) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return of(hocket::http::body::stream([](body_writer& out) -> coro<void> { co_await out.write("one"); }, 6));
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(body_of(co_await answer_to(server.address(), get + get)), "one");
  EXPECT_EQ(reported, "GET /: the body ended 3 bytes before its length");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_longer_than_announced_is_cut_and_reported) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        const auto write = [](body_writer& out) -> coro<void> {
          co_await out.write("one");
          co_await out.write("two");
        };
        co_return of(hocket::http::body::stream(write, 3));
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(body_of(co_await answer_to(server.address(), get)), "one");
  EXPECT_EQ(reported, "GET /: more of a body was written than its length");
  co_await server.stop();
}

HOCKET_TEST(server, framing_is_its_own_affair) {
  running_server server([](request&) -> coro<reply> {
    reply given = reply::text("four");
    for (const char* name : {"Content-Length", "Transfer-Encoding", "Keep-Alive"}) given.headers.add(name, "77");
    co_return given;
  });
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_EQ(answer.find("77"), std::string::npos) << answer;
  EXPECT_TRUE(has_line(answer, "Content-Length: 4"));
  co_await server.stop();
}

HOCKET_TEST(server, a_reply_may_say_how_long_the_body_of_a_get_would_be) {
  running_server server([](request&) -> coro<reply> { co_return reply{.headers = {{"Content-Length", "77"}}}; });
  EXPECT_TRUE(
      has_line(co_await answer_to(server.address(), "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), "Content-Length: 77"));
  EXPECT_TRUE(has_line(co_await answer_to(server.address(), get), "Content-Length: 0"));
  co_await server.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(server, a_large_answer_arrives_whole) {
  const std::string body(20'000'000, 'b');
  running_server server([&body](request&) -> coro<reply> { co_return of(hocket::http::body::borrow(body)); });
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

HOCKET_TEST(server, says_continue_to_who_waits_for_it_when_the_handler_reads) {
  running_server server(echo_body);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ((co_await client.receive()).text(), "HTTP/1.1 100 Continue\r\n\r\n");
  co_await client.send_all("abc");
  client.shutdown_send();
  const std::string answer = co_await receive_to_end(client);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(body_of(answer), "abc");
  co_await server.stop();
}

HOCKET_TEST(server, says_no_continue_when_the_handler_does_not_read) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  const std::string answer = co_await receive_to_end(client);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  co_await server.stop();
}

HOCKET_TEST(server, refuses_expectations_that_nobody_knows) {
  running_server server(echo_target);
  for (const char* value :
       {"wonders", "", "100-continue, wonders", "100-continue;q=1", "100-continue\r\nExpect: wonders"})
    EXPECT_EQ(statuses(co_await answer_to(server.address(),
                                          fmt::format("GET / HTTP/1.1\r\nHost: x\r\nExpect: {}\r\n\r\n", value))),
              "417")
        << value;
  co_await server.stop();
}

// ---- bodies of requests

HOCKET_TEST(server, gives_the_handler_the_body_however_it_is_framed) {
  running_server server(echo_body);
  for (const char* bytes : {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nseven b",
                            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsev\r\n4\r\nen "
                            "b\r\n0\r\n\r\n"}) {
    const std::string answer = co_await answer_to(server.address(), bytes);
    EXPECT_EQ(body_of(answer), "seven b") << answer;
  }
  EXPECT_EQ(body_of(co_await answer_to(server.address(), get)), "");
  co_await server.stop();
}

HOCKET_TEST(server, gives_a_body_piece_by_piece_as_it_comes) {
  std::string pieces;
  running_server server([&](request& asked) -> coro<reply> {
    for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next()) pieces.append(piece) += '|';
    EXPECT_EQ(co_await asked.next(), "");
    co_return reply::text("done");
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n");
  for (const char* piece : {"ab", "cd", "ef"}) {
    co_await hocket::sleep(1s);
    co_await client.send_all(piece);
  }
  EXPECT_TRUE(body_of((co_await client.receive()).text()) == "done");
  EXPECT_EQ(pieces, "ab|cd|ef|");
  client.close();
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_is_streamed_may_be_larger_than_the_limit) {
  std::uint64_t size = 0;
  running_server server(
      [&](request& asked) -> coro<reply> {
        for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next()) size += piece.size();
        co_return reply::text("done");
      },
      {.max_body_bytes = 1000});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  co_await client.send_all(std::string(3'000'000, 'x'));
  EXPECT_EQ(statuses((co_await client.receive()).text()), "200");
  EXPECT_EQ(size, 3'000'000U);
  client.close();
  co_await server.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(server, holds_a_client_back_while_the_handler_reads_nothing) {
  running_server server([](request& asked) -> coro<reply> {
    co_await hocket::sleep(200ms);
    co_return reply::text(std::to_string((co_await asked.read(100'000'000)).size()));
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n");
  auto sending = create_task([](tcp_socket& to) -> coro<void> {
    const std::string bytes(50'000'000, 'x');
    co_await to.send_all(bytes);
  }(client));
  co_await hocket::sleep(100ms);
  EXPECT_FALSE(sending.done());
  co_await sending;
  EXPECT_EQ(body_of((co_await client.receive()).text()), "50000000");
  client.close();
  co_await server.stop();
}

HOCKET_TEST(server, broken_chunks_are_answered_with_400) {
  std::vector<std::string> reported;
  running_server server(echo_body, {.on_error = [&](const std::string& problem) { reported.push_back(problem); }});
  for (const char* chunks :
       {"x\r\n", "3\r\nabcd\r\n", "3 \r\nabc\r\n", "-1\r\n", "10000000000000000\r\n", "3;a\nb\r\nabc\r\n"}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(fmt::format("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunks));
    const std::string answer = co_await receive_to_end(client);
    EXPECT_EQ(statuses(answer), "400") << chunks;
    EXPECT_TRUE(has_line(answer, "Connection: close"));
  }
  EXPECT_TRUE(reported.empty()) << reported.front();
  co_await server.stop();
}

HOCKET_TEST(server, who_wants_to_go_on_must_read_the_body_unless_it_is_small) {
  running_server server(echo_target);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  auto late = create_task([](tcp_socket& to) -> coro<void> {
    co_await hocket::sleep(100ms);
    co_await to.send_all(std::string(1000, 'x') + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    to.shutdown_send();
  }(client));
  const std::string answers = co_await receive_to_end(client);
  EXPECT_EQ(statuses(answers), "200 200");
  co_await late;
  auto other = co_await tcp_socket::connect(server.address());
  co_await other.send_all("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  const std::string answer = co_await receive_to_end(other);
  EXPECT_TRUE(has_line(answer, "Connection: close"));
  co_await server.stop();
}

HOCKET_TEST(server, reads_and_writes_at_the_same_time) {
  running_server server([](request& asked) -> coro<reply> {
    co_return reply::stream("text/plain", [&asked](body_writer& out) -> coro<void> {
      for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next()) co_await out.write(piece);
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
  co_await client.send_all("ab");
  EXPECT_TRUE((co_await client.receive()).text().ends_with("\r\n2\r\nab\r\n"));
  co_await client.send_all("cd");
  EXPECT_TRUE((co_await client.receive()).text().starts_with("2\r\ncd\r\n"));
  client.close();
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
  running_server server(echo_body, {.max_body_bytes = 1000});
  for (const char* bytes : {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n"}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(bytes);
    EXPECT_EQ(statuses(co_await receive_to_end(client)), "413");
  }
  co_await server.stop();
}

HOCKET_TEST(server, answers_chunks_that_are_too_many_with_413) {
  running_server server(echo_body, {.max_body_bytes = 1000});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                           std::string(1001, 'x') + "\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "413");
  co_await server.stop();
}

HOCKET_TEST(server, takes_a_body_of_exactly_the_limit) {
  running_server server(echo_body, {.max_body_bytes = 1000});
  const std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  EXPECT_EQ(statuses(co_await answer_to(server.address(), bytes)), "200");
  co_await server.stop();
}

// A client that is still sending when the answer comes must be able to read it: closing with bytes unread is a reset, which
// takes an answer on its way with it.
HOCKET_TEST(server, the_answer_reaches_a_client_that_is_still_sending) {
  running_server server(echo_body, {.max_body_bytes = 1000});
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

HOCKET_TEST(server, blank_lines_do_not_make_a_connection_less_idle) {
  running_server server(echo_target, {.idle = 15s});
  auto client = co_await tcp_socket::connect(server.address());
  const auto begin = now();
  auto dripping = create_task([](tcp_socket& to) -> coro<void> {
    for (;;) {
      co_await hocket::sleep(10s);
      co_await to.send_all("\r\n");
    }
  }(client));
  EXPECT_EQ(co_await receive_to_end(client), "");
  EXPECT_EQ(now() - begin, 15s);
  dripping.cancel();
  static_cast<void>(co_await hocket::as_result(dripping));
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_stops_coming_is_answered_with_408) {
  running_server server(echo_body, {.grace = 60s});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  const auto begin = now();
  EXPECT_EQ(statuses((co_await client.receive()).text()), "408");
  EXPECT_EQ(now() - begin, 60s);
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_drips_is_answered_with_408) {
  running_server server(echo_body, {.grace = 10s, .min_rate = 100});
  auto client = co_await tcp_socket::connect(server.address());
  const auto begin = now();
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  auto dripping = create_task([](tcp_socket& to) -> coro<void> {
    for (;;) {
      co_await to.send_all("xxxxxxxxxx");
      co_await hocket::sleep(1s);
    }
  }(client));
  EXPECT_EQ(statuses((co_await client.receive()).text()), "408");
  EXPECT_GE(now() - begin, 10s);
  EXPECT_LE(now() - begin, 13s);
  dripping.cancel();
  static_cast<void>(co_await hocket::as_result(dripping));
  co_await server.stop();
}

HOCKET_TEST(server, a_client_that_takes_nothing_is_dropped) {
  const std::string body(50'000'000, 'b');
  running_server server([&body](request&) -> coro<reply> { co_return of(hocket::http::body::borrow(body)); },
                        {.grace = 60s, .min_rate = 1'000'000'000});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(59s);
  EXPECT_EQ(server.server.connections(), 1U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_REAL_TIME_TEST(server, a_client_that_stands_still_in_a_large_piece_has_no_time_for_all_of_it) {
  const std::string body(50'000'000, 'b');
  running_server server([&body](request&) -> coro<reply> { co_return of(hocket::http::body::borrow(body)); },
                        {.standstill = 300ms});  // 256 KiB would have four minutes
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  while (server.server.connections() == 0) co_await hocket::sleep(1ms);
  while (server.server.connections() > 0) co_await hocket::sleep(10ms);
  co_await server.stop();
}

HOCKET_REAL_TIME_TEST(server, a_client_that_pauses_gets_the_rest_even_if_that_takes_longer_than_the_grace) {
  const std::string body(20'000'000, 'b');
  running_server server([&body](request&) -> coro<reply> { co_return of(hocket::http::body::borrow(body)); },
                        {.grace = 100ms});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  co_await hocket::sleep(1s);
  EXPECT_EQ(body_of(co_await receive_to_end(client)).size(), body.size());
  co_await server.stop();
}

HOCKET_TEST(server, a_client_that_takes_many_small_pieces_too_slowly_is_dropped) {
  auto [near, far] = hocket::testing::memory_streams({.to_client = {.capacity = 300}});
  hocket::http::server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
          for (;;) co_await out.write(std::string(100, 'x'));
        });
      },
      {.grace = 10s, .min_rate = 100});
  auto serving = create_task(server.serve_connection(std::move(far)));
  co_await near.send_all(get);
  const auto begin = now();
  auto taking_little = create_task([](hocket::byte_stream& from) -> coro<void> {
    for (;;) {
      co_await hocket::sleep(5s);
      static_cast<void>(co_await from.receive());
    }
  }(near));
  static_cast<void>(co_await hocket::as_result(serving));
  EXPECT_LT(now() - begin, 60s);
  taking_little.cancel();
  static_cast<void>(co_await hocket::as_result(taking_little));
}

/// What the system still keeps of a connection's bytes at `here`, for the peer at `there`; nothing if it keeps no connection.
std::optional<std::string> kept_by_the_system(const hocket::socket_address& here, const hocket::socket_address& there) {
  const auto port_of = [](const hocket::socket_address& at) { return fmt::format(":{:04X}", at.port()); };
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues;
    words >> number >> local >> remote >> state >> queues;
    if (local.ends_with(port_of(here)) && remote.ends_with(port_of(there))) return queues;
  }
  return std::nullopt;
}

/// True if it ends with a reset.
coro<bool> is_reset(tcp_socket& client) {
  for (;;) {
    const auto piece = co_await hocket::as_expected(client.receive());
    if (!piece) co_return piece.error() == std::errc::connection_reset;
    if (piece->empty()) co_return false;
  }
}

coro<reply> endless(request&) {
  co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
    const std::string piece(64 * 1024, 'x');
    for (;;) co_await out.write(piece);
  });
}

HOCKET_TEST(server, a_client_that_takes_nothing_is_reset_and_the_system_keeps_nothing_for_it) {
  running_server server(endless);
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  co_await hocket::sleep(5s);
  EXPECT_TRUE(kept_by_the_system(server.address(), client.local_address()));
  while (server.server.connections() > 0) co_await hocket::sleep(5s);
  EXPECT_FALSE(kept_by_the_system(server.address(), client.local_address()));
  EXPECT_TRUE(co_await is_reset(client));
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_goes_on_after_a_piece_was_not_sent_is_cut) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
          const std::string piece(64 * 1024, 'x');
          for (;;) {
            try {
              co_await out.write(piece);
            } catch (const hocket::timeout_error&) {
              break;
            }
          }
          co_await out.write("as if nothing had been");
        });
      },
      {.on_error = [&](const std::string& problem) { reported = problem; }});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  while (server.server.connections() == 0) co_await hocket::sleep(1ms);
  while (server.server.connections() > 0) co_await hocket::sleep(5s);
  EXPECT_EQ(reported, "GET /: a piece of the body before this one was not sent");
  co_await server.stop();
}

// ---- handlers that fail

HOCKET_TEST(server, a_handler_that_throws_gives_500_and_is_reported) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        throw std::runtime_error("broken");
        co_return reply{};
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(reported, "GET /x: broken");
  co_await server.stop();
}

HOCKET_TEST(server, an_error_of_the_handlers_own_io_gives_500_too) {
  running_server server([](request&) -> coro<reply> {
    throw std::system_error(EIO, std::system_category(), "read");
    co_return reply{};
  });
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  co_await server.stop();
}

HOCKET_TEST(server, a_time_out_of_the_handlers_own_work_gives_500_too) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_await hocket::with_timeout(1s, hocket::sleep(1h));
        co_return reply{};
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(reported, "GET /: timed out");
  co_await server.stop();
}

HOCKET_TEST(server, a_cancellation_of_somebody_else_that_a_handler_lets_out_gives_500_and_is_reported) {
  for (const bool cancels : {false, true}) {
    std::vector<std::string> reported;
    running_server server(
        [](request& asked) -> coro<reply> {
          auto other = create_task(hocket::sleep(1h));
          other.cancel();
          if (asked.target() == "/") co_await other;
          co_return reply::stream("text/plain",
                                  [other, late = asked.target() == "/late"](body_writer& out) -> coro<void> {
                                    if (late) co_await out.write("one");
                                    co_await other;
                                  });
        },
        {.cancel_on_disconnect = cancels,
         .on_error = [&reported](const std::string& problem) { reported.push_back(problem); }});
    EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "500");
    EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET /soon HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
    const std::string cut = co_await answer_to(server.address(), "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(cut.ends_with("\r\n0\r\n\r\n")) << cut;
    EXPECT_EQ(reported, (std::vector<std::string>{"GET /: it was cancelled", "GET /soon: it was cancelled",
                                                  "GET /late: it was cancelled"}));
    co_await server.stop();
  }
}

HOCKET_TEST(server, a_handler_that_says_nothing_gives_an_empty_200) {
  running_server server([](request&) -> coro<reply> { co_return reply{}; });
  const std::string answer = co_await answer_to(server.address(), get + get);
  EXPECT_EQ(statuses(answer), "200 200");
  EXPECT_TRUE(has_line(answer, "Content-Length: 0"));
  co_await server.stop();
}

HOCKET_TEST(server, a_status_that_is_none_gives_500) {
  for (const int status : {0, 100, 101, 199, 1000}) {
    std::string reported;
    running_server server([status](request&) -> coro<reply> { co_return reply{.status = status}; },
                          {.on_error = [&reported](const std::string& problem) { reported = problem; }});
    EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "500");
    EXPECT_EQ(reported, fmt::format("GET /: the handler gave the status {}", status));
    co_await server.stop();
  }
}

HOCKET_TEST(server, a_handler_may_throw_the_reply) {
  std::string reported;
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.target() == "/plain") throw http_error(404);
        throw http_error(405, "only GET\nhere", {{"Allow", "GET"}});
        co_return reply{};
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(body_of(co_await answer_to(server.address(), "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n")), "404 Not Found\n");
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_EQ(statuses(answer), "405");
  EXPECT_TRUE(has_line(answer, "Allow: GET"));
  EXPECT_EQ(body_of(answer), "only GET\nhere\n");
  EXPECT_EQ(reported, "");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_fails_before_its_first_piece_gives_500) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer&) -> coro<void> {
          throw std::runtime_error("broken");
          co_return;
        });
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), get + get)), "500 500");
  EXPECT_EQ(reported, "GET /: broken");
  co_await server.stop();
}

HOCKET_TEST(server, an_http_error_of_a_body_before_its_first_piece_is_the_reply) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer&) -> coro<void> {
          throw http_error(400, "no good");
          co_return;
        });
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), get + get)), "400 400");
  EXPECT_EQ(reported, "");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_fails_after_its_first_piece_cuts_the_connection) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
          co_await out.write("one");
          throw std::runtime_error("broken");
        });
      },
      {.on_error = [&reported](const std::string& problem) { reported = problem; }});
  const std::string answer = co_await answer_to(server.address(), get + get);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(body_of(answer), "3\r\none\r\n");  // without the last chunk
  EXPECT_EQ(reported, "GET /: broken");
  co_await server.stop();
}

HOCKET_TEST(server, a_body_that_fails_and_would_end_with_the_connection_is_reset) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      co_await out.write("one");
      throw std::runtime_error("broken");
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(co_await is_reset(client));  // an orderly end would make "one" the whole
  co_await server.stop();
}

HOCKET_TEST(server, a_handler_outlives_its_client_unless_it_is_told) {
  bool ended = false;
  bool was_cancelled = false;
  const auto work = [&](request&) -> coro<reply> {
    try {
      co_await hocket::sleep(10s);
      ended = true;
    } catch (const hocket::cancelled&) {
      was_cancelled = true;
      throw;
    }
    co_return reply::text("late");
  };
  for (const bool cancels : {false, true}) {
    ended = was_cancelled = false;
    std::vector<std::string> reported;
    running_server server([&work](request& asked) -> coro<reply> { co_return co_await work(asked); },
                          {.cancel_on_disconnect = cancels,
                           .on_error = [&](const std::string& problem) { reported.push_back(problem); }});
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(get);
    co_await hocket::sleep(1s);
    client.close();
    co_await hocket::sleep(1s);
    EXPECT_EQ(was_cancelled, cancels);
    EXPECT_EQ(server.server.connections(), cancels ? 0U : 1U);
    co_await hocket::sleep(10s);
    EXPECT_EQ(ended, !cancels);
    EXPECT_EQ(server.server.connections(), 0U);
    EXPECT_TRUE(reported.empty()) << reported.front();
    co_await server.stop();
  }
}

HOCKET_TEST(server, watching_a_client_takes_nothing_from_the_next_request) {
  running_server server(taking(1s), {.cancel_on_disconnect = true});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(100ms);
  co_await client.send_all("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(body_of((co_await client.receive()).text()), "/1");
  EXPECT_EQ(body_of((co_await client.receive()).text()), "/2");
  client.close();
  co_await server.stop();
}

// ---- what is told of requests

HOCKET_TEST(server, tells_of_each_request_how_it_ended) {
  std::vector<std::string> told;
  const auto note = [&told](const request& asked, const hocket::http::answered& how) {
    told.push_back(fmt::format("{} {} {} {} {}", asked.target(), how.status, how.body_bytes,
                               std::chrono::floor<std::chrono::milliseconds>(how.took).count(), how.complete));
  };
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.target() == "/missing") throw http_error(404);
        if (asked.target() == "/stream")
          co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
            co_await out.write("12345");
            co_await hocket::sleep(2s);
            throw std::runtime_error("broken");
          });
        co_await hocket::sleep(1s);
        co_return reply::text("done");
      },
      {.on_answered = note});
  for (const char* target : {"/missing", "/", "/stream"})
    co_await answer_to(server.address(), fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", target));
  EXPECT_EQ(told,
            (std::vector<std::string>{"/missing 404 14 0 true", "/ 200 4 1000 true", "/stream 200 5 2000 false"}));
  co_await server.stop();
}

HOCKET_TEST(server, a_request_carries_what_was_set_for_it_and_no_more) {
  struct user {
    std::string name;
  };
  running_server server([](request& asked) -> coro<reply> {
    if (asked.get<user>() != nullptr) co_return reply::text("somebody's");
    asked.set(user{"ada"});
    asked.set(user{"grace"});
    asked.set(std::string("text"));
    co_return reply::text(asked.get<user>()->name + " " + *asked.get<std::string>());
  });
  const std::string answer = co_await answer_to(server.address(), get + get);
  EXPECT_EQ(statuses(answer), "200 200");
  EXPECT_EQ(answer.find("somebody's"), std::string::npos);
  EXPECT_EQ(body_of(answer).substr(0, 10), "grace text");
  co_await server.stop();
}

HOCKET_TEST(server, a_failing_handler_leaves_the_other_connections_alone) {
  running_server server([](request& asked) -> coro<reply> {
    if (asked.target() == "/bad") throw std::runtime_error("broken");
    co_await hocket::sleep(1s);
    co_return co_await echo_target(asked);
  });
  const auto [good, bad] = co_await hocket::gather(answer_to(server.address(), "GET /good HTTP/1.1\r\nHost: x\r\n\r\n"),
                                                   answer_to(server.address(), "GET /bad HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(statuses(good), "200");
  EXPECT_EQ(statuses(bad), "500");
  co_await server.stop();
}

// ---- limits

TEST(server, has_its_limits_without_being_told) {
  const hocket::http::server_options untold;
  EXPECT_EQ(untold.max_line_bytes, 8U << 10);
  EXPECT_EQ(untold.max_head_bytes, 32U << 10);
  EXPECT_EQ(untold.max_fields, 100U);
  EXPECT_EQ(untold.head, 10s);
  EXPECT_EQ(untold.max_body_bytes, 1U << 20);
  EXPECT_EQ(untold.min_rate, 1024U);
  EXPECT_EQ(untold.grace, 10s);
  EXPECT_EQ(untold.standstill, 60s);
  EXPECT_EQ(untold.idle, 15s);
  EXPECT_EQ(untold.max_requests, 1000U);
  EXPECT_EQ(untold.max_connections, 10'000U);
}

HOCKET_TEST(server, heads_have_limits) {
  running_server server(echo_target);
  const auto status_of = [&](std::string head) -> coro<std::string> {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(head + "\r\n\r\n");
    client.shutdown_send();
    co_return statuses(co_await receive_to_end(client));
  };
  const auto fields = [](int count) {
    std::string all;
    for (int n = 1; n < count; ++n) all += fmt::format("\r\nX-{}: 1", n);
    return all;
  };
  const std::string line(8 * 1024, 'x');
  EXPECT_EQ(co_await status_of("GET /" + line.substr(14) + " HTTP/1.1\r\nHost: x"), "200");
  EXPECT_EQ(co_await status_of("GET /" + line.substr(13) + " HTTP/1.1\r\nHost: x"), "414");
  EXPECT_EQ(co_await status_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + line.substr(3)), "200");
  EXPECT_EQ(co_await status_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + line.substr(2)), "431");
  EXPECT_EQ(co_await status_of("GET / HTTP/1.1\r\nHost: x" + fields(100)), "200");
  EXPECT_EQ(co_await status_of("GET / HTTP/1.1\r\nHost: x" + fields(101)), "431");
  std::string much = "GET / HTTP/1.1\r\nHost: x";
  for (int n = 0; n < 5; ++n) much += "\r\nA: " + line.substr(100);
  EXPECT_EQ(co_await status_of(much), "431");
  co_await server.stop();
}

HOCKET_TEST(server, a_connection_ends_after_so_many_requests) {
  running_server server(echo_target, {.max_requests = 3});
  const std::string answers = co_await answer_to(server.address(), get + get + get + get);
  EXPECT_EQ(statuses(answers), "200 200 200");
  EXPECT_TRUE(has_line(answers, "Connection: close"));
  co_await server.stop();
}

HOCKET_REAL_TIME_TEST(server, the_last_answer_reaches_who_has_sent_more) {
  const std::string body(20'000'000, 'b');  // more than the system takes at once
  running_server server([&](request&) -> coro<reply> { co_return of(hocket::http::body::borrow(body)); },
                        {.max_requests = 1});
  for (const bool comes_with_it : {true, false}) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(comes_with_it ? get + get : get);
    co_await wait_all_tasks_blocked();
    if (!comes_with_it) co_await client.send_all(get);
    const std::string answer = co_await receive_to_end(client);
    EXPECT_EQ(statuses(answer), "200");
    EXPECT_EQ(body_of(answer).size(), body.size());
  }
  co_await server.stop();
}

HOCKET_TEST(server, a_client_of_http_1_0_may_ask_for_the_next_request) {
  running_server server(echo_target);
  const std::string one = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const std::string answers = co_await answer_to(server.address(), one + one);
  EXPECT_EQ(statuses(answers), "200 200");
  EXPECT_TRUE(has_line(answers, "Connection: keep-alive"));
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

HOCKET_TEST(server, makes_room_at_once_for_each_who_waits_as_long_as_others_have_been_idle) {
  running_server server(echo_target, {.idle = 1h, .max_connections = 20});
  std::vector<tcp_socket> idle;
  for (int n = 0; n < 10; ++n) idle.push_back(co_await tcp_socket::connect(server.address()));
  for (int n = 0; n < 10; ++n) {  // refused, and read from until they end it
    idle.push_back(co_await tcp_socket::connect(server.address()));
    co_await idle.back().send_all("GET / HTTP/1.1\r\n\r\n");
  }
  co_await hocket::sleep(2s);
  const auto begin = now();
  std::vector<tcp_socket> kept;
  for (int n = 0; n < 20; ++n) {
    kept.push_back(co_await tcp_socket::connect(server.address()));
    co_await kept.back().send_all(get);
    EXPECT_EQ(statuses((co_await kept.back().receive()).text()), "200");
  }
  EXPECT_EQ(now() - begin, 0s);
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

HOCKET_TEST(server, believes_a_target_in_absolute_form_rather_than_the_host_field) {
  running_server server(
      [](request& asked) -> coro<reply> { co_return reply::text(fmt::format("{} {}", asked.host(), asked.target())); });
  for (const auto& [target, expected] : {std::pair("http://a:81/b?c", "a:81 /b?c"),
                                         {"HTTP://a?b/c", "a /?b/c"},
                                         {"https://[::1]", "[::1] /"},
                                         {"/http://a/b", "x /http://a/b"}})
    EXPECT_EQ(body_of(co_await answer_to(server.address(), fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", target))),
              expected);
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

HOCKET_TEST(server, a_client_that_waits_for_100_continue_is_not_told_so_in_the_midst_of_a_reply) {
  running_server server([](request& asked) -> coro<reply> {
    co_return reply::stream("text/plain", [&asked](body_writer& out) -> coro<void> {
      co_await out.write("first ");
      co_await out.write(co_await asked.read());
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  std::string answer;
  while (!answer.contains("first")) answer += (co_await client.receive()).text();
  co_await client.send_all("last");
  answer += co_await receive_to_end(client);
  EXPECT_EQ(body_of(answer), "6\r\nfirst \r\n4\r\nlast\r\n0\r\n\r\n");
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

HOCKET_TEST(server, stopping_resets_who_does_not_take_the_reply_in_time) {
  running_server server(endless, {.grace = 1h, .shutdown = 30s});
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  co_await hocket::sleep(1s);
  co_await server.stop();
  EXPECT_FALSE(kept_by_the_system(server.address(), client.local_address()));
  EXPECT_TRUE(co_await is_reset(client));
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

// However far the bytes have got when the server stops, a handler that was begun is heard to its end.
HOCKET_TEST(server, stopping_answers_each_request_that_it_runs) {
  for (const bool was_kept : {false, true}) {
    for (int turns = 0; turns < 6; ++turns) {
      int begun = 0;
      running_server server([&begun](request& asked) -> coro<reply> {
        ++begun;
        co_await hocket::sleep(1s);
        co_return co_await echo_target(asked);
      });
      auto client = co_await tcp_socket::connect(server.address());
      if (was_kept) {
        co_await client.send_all(get);
        static_cast<void>(co_await client.receive());
        begun = 0;
      }
      co_await wait_all_tasks_blocked();
      auto stopping = create_task(server.stop());
      for (int turn = 0; turn < turns; ++turn) co_await hocket::sleep(0s);
      static_cast<void>(co_await hocket::as_expected(client.send_all(get)));
      co_await stopping;
      const auto answer = co_await hocket::as_result(receive_to_end(client));
      EXPECT_EQ(statuses(answer ? *answer : ""), begun == 0 ? "" : "200") << turns;
      if (begun != 0) EXPECT_TRUE(has_line(*answer, "Connection: close"));
    }
  }
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

HOCKET_TEST(server, that_stops_is_no_more_at_its_address_while_it_finishes) {
  running_server server(taking(5s));
  auto asking = create_task(answer_to(server.address(), "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  auto stopping = create_task(server.stop());
  co_await wait_all_tasks_blocked();
  const auto late = co_await hocket::as_expected(tcp_socket::connect(server.address()));
  EXPECT_EQ(late.error(), std::errc::connection_refused);
  co_await stopping;
  EXPECT_EQ(body_of(co_await asking), "/late");
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
