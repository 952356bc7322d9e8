// Clients that mean no good: time and memory stay bounded, everybody else is served, and nothing is read in two ways.

#include <array>
#include <exception>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <http/running_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::has_line;
using hocket::testing::receive_to_end;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/// Notes what it is asked for, and answers with the body of the request.
class noting_server {
 public:
  explicit noting_server(hocket::http::server_options options = {})
      : running_([this](request& asked) -> coro<reply> { co_return co_await answer(asked); }, std::move(options)) {}

  [[nodiscard]] hocket::socket_address address() const { return running_.address(); }
  [[nodiscard]] std::size_t connections() const noexcept { return running_.server.connections(); }
  coro<void> stop() { co_await running_.stop(); }

  std::vector<std::string> asked;

 private:
  coro<reply> answer(request& one) {
    asked.emplace_back(one.target());
    co_return reply::text(co_await one.read());
  }
  running_server running_;
};

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

// ---- two readings of one message

HOCKET_TEST(hostile_client, whose_message_can_be_read_in_two_ways_is_refused_and_cut_off) {
  for (const auto& [bytes, status] : std::vector<std::pair<std::string, std::string>>{
           // where the body ends
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "400 413"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400 501"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400 501"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400 501"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "400 501"},
           {"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
           // what a line is
           {"GET / HTTP/1.1\nHost: x\n\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", "400"},
           {std::string("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 35), "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n",
            "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\nx\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n folded: b\r\n\r\n", "400"},
           // for whom it is
           {"GET / HTTP/1.1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: []\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a:b:c\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a:+1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "400"},
           {"GET http://x:y:z/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET http://:80/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", "400"},
           // what it is
           {"GET /\r\n", "400"},
           {"GET / HTTP/1.2\r\nHost: x\r\n\r\n", "400 505"},
           {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "400 505"},
           {"GET / HTTP/1.1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET / /b HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"GET a HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 505"}}) {
    noting_server server;
    const std::string answer = co_await answer_to(server.address(), bytes + smuggled);
    EXPECT_EQ(statuses(answer).size(), 3U) << bytes << answer;
    EXPECT_TRUE(!statuses(answer).empty() && status.contains(statuses(answer))) << bytes << answer;
    EXPECT_TRUE(has_line(answer, "Connection: close")) << bytes;
    for (const std::string& each : server.asked) EXPECT_EQ(each, "/") << bytes;  // its body was found broken
    co_await server.stop();
  }
}

HOCKET_TEST(hostile_client, who_asks_for_another_protocol_gets_no_second_request_through) {
  for (const std::string first :
       {"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
        "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"}) {
    noting_server server;
    EXPECT_EQ(statuses(co_await answer_to(server.address(), first + smuggled)), "200");
    EXPECT_EQ(server.asked, std::vector<std::string>{first.starts_with("CONNECT") ? "x:443" : "/"});
    co_await server.stop();
  }
}

HOCKET_TEST(hostile_client, trailers_have_limits) {
  noting_server server;
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  EXPECT_EQ(statuses(co_await answer_to(server.address(), head + "A: b\r\n\r\n" + get)), "200 200");
  std::string many;
  for (int n = 0; n < 101; ++n) many += "A: b\r\n";
  EXPECT_EQ(statuses(co_await answer_to(server.address(), head + many + "\r\n")), "431");
  EXPECT_EQ(statuses(co_await answer_to(server.address(), head + "A: " + std::string(20'000, 'b') + "\r\n\r\n")).size(),
            3U);
  co_await server.stop();
}

HOCKET_TEST(hostile_client, whose_head_does_not_end_is_told_once_and_cut_off) {
  std::vector<int> told;
  running_server server(
      [](request&) -> coro<reply> { co_return reply{}; },
      {.on_answered = [&](const request&, const hocket::http::answered& how) { told.push_back(how.status); }});
  std::string fields;
  while (fields.size() < 5'000'000) fields += "A: " + std::string(1000, 'a') + "\r\n";
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\nHost: x\r\n" + fields, "GET /" + std::string(5'000'000, 'a'),
        "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(5'000'000, 'a'), std::string(5'000'000, 'A')}) {
    auto client = co_await tcp_socket::connect(server.address());
    static_cast<void>(co_await hocket::as_result(client.send_all(bytes)));
    client.close();
  }
  while (server.server.connections() > 0) co_await hocket::sleep(5s);
  EXPECT_EQ(told, (std::vector<int>{431, 414, 431, 501}));
  co_await server.stop();
}

// ---- what a handler says

HOCKET_TEST(hostile_client, cannot_have_lines_put_into_a_reply) {
  std::vector<std::string> reported;
  running_server server([](request&) -> coro<reply> { co_return reply::redirect("/a\r\nSet-Cookie: b"); },
                        {.on_error = [&](const std::string& problem) { reported.push_back(problem); }});
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_EQ(statuses(answer), "500");
  EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(reported.size(), 1U);
  co_await server.stop();
}

// ---- time

HOCKET_TEST(hostile_client, who_dawdles_delays_nobody) {
  noting_server server;
  std::vector<tcp_socket> slow;
  for (int n = 0; n < 200; ++n) {
    slow.push_back(co_await tcp_socket::connect(server.address()));
    co_await slow.back().send_all(n % 2 == 0 ? "GET / HT" : "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na");
  }
  const auto begun = now();
  EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "200");
  EXPECT_EQ(now(), begun);
  co_await hocket::sleep(30s);
  EXPECT_EQ(server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(hostile_client, who_reads_a_byte_a_second_is_cut_off) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      const std::string piece(64 * 1024, 'x');
      for (;;) co_await out.write(piece);
    });
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all(get);
  for (int n = 0; n < 200 && server.server.connections() > 0; ++n) {
    std::array<char, 1> byte;
    static_cast<void>(co_await hocket::as_expected(client.recv(byte)));
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(hostile_client, who_asks_and_asks_and_reads_nothing_is_cut_off) {
  std::size_t asked = 0;
  running_server server([&](request&) -> coro<reply> {
    ++asked;
    co_return reply::text(std::string(64 * 1024, 'x'));
  });
  std::string flood;
  for (int n = 0; n < 10'000; ++n) flood += get;
  auto client = co_await tcp_socket::connect(server.address());
  auto flooding = create_task([](tcp_socket& to, const std::string& bytes) -> coro<void> {
    static_cast<void>(co_await hocket::as_expected(to.send_all(bytes)));
  }(client, flood));
  co_await hocket::sleep(5s);
  EXPECT_EQ(server.server.connections(), 1U);
  const std::size_t asked_at_first = asked;
  co_await hocket::sleep(3s);
  EXPECT_EQ(asked, asked_at_first);  // the next one waits until the reply before it has left
  while (server.server.connections() > 0) co_await hocket::sleep(5s);
  EXPECT_LT(asked, 1000U);
  co_await flooding;
  co_await server.stop();
}

// ---- ends

HOCKET_TEST(hostile_client, who_goes_at_any_byte_leaves_nothing_behind) {
  noting_server server;
  const std::string exchange =
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get;
  for (std::size_t size = 0; size <= exchange.size(); ++size) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(exchange.substr(0, size));
    hocket::testing::reset(client);
    if (size % 16 == 0) {
      EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "200") << size;
    }
  }
  co_await hocket::sleep(20s);
  EXPECT_EQ(server.connections(), 0U);
  co_await server.stop();
}

/// What `next` throws, asked twice for a body that fails.
coro<std::string> failures_of_body(std::string body) {
  std::string failures;
  running_server server([&](request& asked) -> coro<reply> {
    for (int n = 0; n < 2; ++n) {
      const auto outcome = co_await hocket::as_result(asked.read());
      try {
        if (outcome) failures += "none: " + *outcome;
        if (!outcome) std::rethrow_exception(outcome.error());
      } catch (const std::exception& thrown) {
        failures.append(thrown.what()).append("; ");
      }
    }
    co_return reply::text("read");
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
  client.shutdown_send();
  static_cast<void>(co_await receive_to_end(client));
  co_await server.stop();
  co_return failures;
}

HOCKET_TEST(hostile_client, whose_body_fails_is_not_taken_at_the_second_look_for_one_whose_body_has_ended) {
  EXPECT_EQ(co_await failures_of_body("5\r\nhello\r\nx\r\n"),
            "bad request: malformed chunk size; bad request: malformed chunk size; ");
  const std::string lost = co_await failures_of_body("5\r\nhello\r\n");
  const std::string once = lost.substr(0, lost.size() / 2);
  EXPECT_TRUE(once.starts_with("the client has gone")) << lost;
  EXPECT_EQ(lost, once + once);
}

HOCKET_TEST(hostile_client, who_sends_no_body_gets_no_more_time_from_a_handler_that_asks_again_and_again) {
  std::string failure = "none";
  running_server server([&](request& asked) -> coro<reply> {
    for (int n = 0; n < 100; ++n) {
      const auto piece = co_await hocket::as_result(hocket::with_timeout(1s, asked.next()));
      try {
        if (!piece) std::rethrow_exception(piece.error());
      } catch (const hocket::timeout_error&) {  // and again
      } catch (const hocket::http::http_error& slow) {
        failure = fmt::format("{} after {} times", slow.status(), n);
        throw;
      }
    }
    co_return reply::text("patient");
  });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(statuses((co_await client.receive()).text()), "408");
  EXPECT_EQ(failure, "408 after 10 times");
  client.close();
  co_await server.stop();
}

/// A client that waits for "100 Continue", and a handler that asks for its body twice; what that gets, and what the client.
coro<std::string> told_to_go_on(hocket::testing::memory_stream_options options) {
  std::string heard;
  hocket::http::server server([&](request& asked) -> coro<reply> {
    for (int n = 0; n < 2; ++n) {
      const auto piece = co_await hocket::as_result(hocket::with_timeout(1s, asked.next()));
      try {
        if (piece) heard.append(*piece).append("; ");
        if (!piece) std::rethrow_exception(piece.error());
      } catch (const std::exception& thrown) {
        heard.append(thrown.what()).append("; ");
      }
    }
    co_return reply::text("done");
  });
  auto [near, far] = hocket::testing::memory_streams(std::move(options));
  auto serving = create_task(server.serve_connection(std::move(far)));
  co_await near.send_all("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  co_await hocket::sleep(5s);
  try {
    while (const auto piece = co_await near.receive()) heard += piece.text();
  } catch (const std::system_error&) {
    heard += "reset";
  }
  static_cast<void>(co_await hocket::as_result(serving));
  co_return heard;
}

HOCKET_TEST(hostile_client, who_does_not_take_100_continue_is_given_up) {
  const std::string gone = "the client has gone: Connection reset by peer; ";
  EXPECT_TRUE((co_await told_to_go_on({.to_client = {.fail_send = {.at = 1}}})).ends_with("; " + gone));
  const std::string heard = co_await told_to_go_on({.to_client = {.capacity = 5}});
  EXPECT_TRUE(heard.contains("; " + gone)) << heard;
  EXPECT_FALSE(heard.contains("HTTP/1.1 200")) << heard << ": nobody could tell where it begins";
}

HOCKET_TEST(hostile_client, who_goes_at_any_byte_of_the_answer_leaves_nothing_behind) {
  running_server server([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      for (const char* piece : {"one", "two", "three"}) {
        co_await out.write(piece);
        co_await hocket::sleep(1ms);
      }
    });
  });
  const std::size_t whole = (co_await answer_to(server.address(), get)).size();
  for (std::size_t size = 0; size <= whole; ++size) {
    auto client = co_await tcp_socket::connect(server.address());
    co_await client.send_all(get + get);
    std::string byte(1, ' ');
    for (std::size_t n = 0; n < size; ++n) static_cast<void>(co_await client.recv(byte));
    hocket::testing::reset(client);
  }
  while (server.server.connections() > 0) co_await hocket::sleep(5s);
  EXPECT_EQ(statuses(co_await answer_to(server.address(), get)), "200");
  co_await server.stop();
}

}  // namespace
