#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <http/secure_servers.hpp>
#include <sys/socket.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/tls/tls_error.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::body_of;
using hocket::testing::client_here;
using hocket::testing::has_line;
using hocket::testing::receive_to_end;
using hocket::testing::running_server;
using hocket::testing::server_here;
using hocket::testing::statuses;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// Answers with the target.
coro<reply> echo_target(request& asked) { co_return reply::text(std::string(asked.target())); }

hocket::http::handler taking(hocket::duration time) {
  return [time](request& asked) -> coro<reply> {
    co_await hocket::sleep(time);
    co_return co_await echo_target(asked);
  };
}

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

coro<byte_stream> connect_securely(hocket::socket_address where, hocket::tls_context context = client_here()) {
  auto socket = co_await tcp_socket::connect(where);
  hocket::start_tls_options how{.server_hostname = "localhost"};
  co_return co_await hocket::start_tls(byte_stream(std::move(socket)), std::move(context), std::move(how));
}

/// What the server answers to these bytes, to the end of the connection.
coro<std::string> secure_answer_to(hocket::socket_address where, std::string bytes) {
  auto stream = co_await connect_securely(where);
  co_await stream.send_all(bytes);
  co_await stream.shutdown_send();
  const std::string all = co_await receive_to_end(stream);
  co_await stream.close();
  co_return all;
}

/// A server of https that notes its errors.
struct noted_server {
  explicit noted_server(hocket::http::handler handler = echo_target, hocket::http::server_options options = {})
      : running(std::move(handler), prepared(std::move(options))) {}

  hocket::http::server_options prepared(hocket::http::server_options options) {
    options.tls = server_here();
    options.on_error = [this](const std::string& problem) { errors.push_back(problem); };
    return options;
  }
  [[nodiscard]] hocket::socket_address address() const { return running.address(); }

  std::vector<std::string> errors;
  running_server running;
};

// ---- answers

HOCKET_TEST(https_server, answers_a_request) {
  noted_server server;
  const std::string answer = co_await secure_answer_to(server.address(), "GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_EQ(body_of(answer), "/page");
  EXPECT_TRUE(server.errors.empty());
  co_await server.running.stop();
}

HOCKET_TEST(https_server, keeps_the_connection_for_the_next_request) {
  noted_server server;
  auto client = co_await connect_securely(server.address());
  for (const char* path : {"/1", "/2", "/3"}) {
    co_await client.send_all(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    EXPECT_EQ(body_of((co_await client.receive()).text()), path);
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.running.server.connections(), 1U);
  client.abort();
  co_await server.running.stop();
}

HOCKET_TEST(https_server, answers_pipelined_requests_in_order) {
  noted_server server;
  std::string requests;
  for (int n = 0; n < 500; ++n) requests += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", n);
  const std::string answers = co_await secure_answer_to(server.address(), requests);
  std::size_t at = 0;
  for (int n = 0; n < 500 && at != std::string::npos; ++n) at = answers.find(fmt::format("\r\n\r\n/{}", n), at);
  EXPECT_NE(at, std::string::npos);
  co_await server.running.stop();
}

HOCKET_TEST(https_server, tells_the_handler_the_clients_address) {
  std::string seen;
  noted_server server([&seen](request& asked) -> coro<reply> {
    seen = asked.peer().to_string() + " " + std::string(asked.scheme());
    co_return reply{.status = 204};
  });
  auto client = co_await connect_securely(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  static_cast<void>(co_await client.receive());
  EXPECT_EQ(seen, client.local_address().to_string() + " https");
  client.abort();
  co_await server.running.stop();
}

HOCKET_TEST(https_server, takes_a_target_in_absolute_form) {
  noted_server server;
  const std::string bytes = "GET https://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(body_of(co_await secure_answer_to(server.address(), bytes)), "/a?b");
  co_await server.running.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(https_server, a_large_answer_arrives_whole) {
  const std::string body(20'000'000, 'b');
  noted_server server([&body](request&) -> coro<reply> { co_return reply{.body = hocket::http::body::borrow(body)}; });
  const std::string answer = co_await secure_answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(body_of(answer) == body);
  co_await server.running.stop();
}

HOCKET_TEST(https_server, answers_a_bad_request_and_ends_the_connection_orderly) {
  noted_server server;
  auto client = co_await connect_securely(server.address());
  co_await client.send_all("GET two words HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statuses(co_await receive_to_end(client)), "400");
  client.abort();
  co_await server.running.stop();
}

HOCKET_TEST(https_server, chooses_the_protocol_that_it_speaks) {
  hocket::http::server_options options;
  options.tls = server_here({.alpn_protocols = {"http/1.1"}});
  running_server server(echo_target, std::move(options));
  auto client = co_await connect_securely(server.address(), client_here({.alpn_protocols = {"h2", "http/1.1"}}));
  EXPECT_EQ(client.find_layer<hocket::tls_layer>()->alpn_protocol(), "http/1.1");
  client.abort();
  co_await server.stop();
}

HOCKET_TEST(https_server, resumes_the_sessions_of_its_clients) {
  noted_server server;
  const auto context = client_here();
  int resumed = 0;
  for (int n = 0; n < 3; ++n) {
    auto client = co_await connect_securely(server.address(), context);
    co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(statuses(co_await receive_to_end(client)), "200");
    resumed += client.find_layer<hocket::tls_layer>()->session_reused() ? 1 : 0;
    co_await client.close();
  }
  EXPECT_EQ(resumed, 2);
  co_await server.running.stop();
}

HOCKET_TEST(https_server, and_session_understand_each_other) {
  noted_server server;
  hocket::http::session web({.tls = client_here()});
  for (const char* path : {"/1", "/2", "/3"}) {
    auto answer = co_await web.get(server.running.url(path));
    EXPECT_EQ(co_await answer.text(), path);
  }
  EXPECT_EQ(server.running.server.connections(), 1U);
  co_await server.running.stop();
}

// ---- handshakes that fail

/// Does it to a fresh connection, and gives the client's address.
coro<std::string> try_connection(hocket::socket_address where, hocket::function<coro<void>(tcp_socket&)> what) {
  auto client = co_await tcp_socket::connect(where);
  const std::string address = client.local_address().to_string();
  co_await what(client);
  co_return address;
}

HOCKET_TEST(https_server, plain_http_is_reported_with_its_sender_and_its_beginning) {
  noted_server server;
  const std::string sender = co_await try_connection(server.address(), [](tcp_socket& client) -> coro<void> {
    co_await client.send_all("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(statuses(co_await receive_to_end(client)), "");
  });
  EXPECT_EQ(
      server.errors,
      std::vector{fmt::format("TLS with {}: the peer does not speak TLS; it sent 'GET /page HTTP/1.1..Host'", sender)});
  co_await server.running.stop();
}

HOCKET_TEST(https_server, a_failed_handshake_is_reported_with_its_peer_and_disturbs_nobody) {
  noted_server server(taking(10s));
  auto good = create_task(secure_answer_to(server.address(), "GET /good HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  std::vector<std::string> peers;
  std::array<hocket::function<coro<void>(tcp_socket&)>, 3> manners{
      [](tcp_socket&) -> coro<void> { co_return; },
      [](tcp_socket& client) -> coro<void> { co_await client.send_all("\x16\x03\x01\x00"); },
      [](tcp_socket& client) -> coro<void> {
        co_await client.send_all("\x16\x03\x01");
        co_await wait_all_tasks_blocked();
        hocket::testing::reset(client);
      }};
  for (auto& manner : manners) {
    auto client = co_await tcp_socket::connect(server.address());
    peers.push_back(client.local_address().to_string());
    co_await manner(client);
    client.close();
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.errors.size(), 3U);
  for (std::size_t n = 0; n < server.errors.size(); ++n)
    EXPECT_TRUE(server.errors[n].starts_with(fmt::format("TLS with {}: ", peers[n]))) << server.errors[n];
  EXPECT_EQ(server.running.server.connections(), 1U);
  EXPECT_EQ(body_of(co_await good), "/good");
  co_await server.running.stop();
}

HOCKET_TEST(https_server, a_client_that_does_not_trust_it_is_reported_with_its_reason) {
  noted_server server;
  const auto outcome = co_await hocket::as_result(connect_securely(server.address(), hocket::tls_context::client()));
  EXPECT_FALSE(outcome);
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.errors.size(), 1U);
  EXPECT_TRUE(server.errors[0].contains("the peer refuses: unknown ca")) << server.errors[0];
  co_await server.running.stop();
}

HOCKET_TEST(https_server, a_handshake_that_does_not_come_ends_in_time) {
  noted_server server(echo_target, {.handshake = 60s});
  auto silent = co_await tcp_socket::connect(server.address());
  const auto begin = now();
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.running.server.connections(), 1U);
  EXPECT_EQ(statuses(co_await secure_answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
  EXPECT_EQ(co_await receive_to_end(silent), "");
  EXPECT_EQ(now() - begin, 60s);
  EXPECT_EQ(server.errors, std::vector{fmt::format("TLS with {}: the handshake has taken more than 60 s",
                                                   silent.local_address().to_string())});
  co_await server.running.stop();
}

HOCKET_TEST(https_server, handshakes_that_do_not_come_make_room_for_others) {
  noted_server server(echo_target, {.handshake = 1h, .max_connections = 2});
  std::vector<tcp_socket> silent;
  for (int n = 0; n < 2; ++n) silent.push_back(co_await tcp_socket::connect(server.address()));
  const auto begin = now();
  EXPECT_EQ(statuses(co_await secure_answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
  EXPECT_LT(now() - begin, 1min);
  co_await server.running.stop();
}

// ---- stopping

HOCKET_TEST(https_server, stopping_says_farewell_to_idle_connections) {
  noted_server server;
  auto client = co_await connect_securely(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  static_cast<void>(co_await client.receive());
  auto rest = create_task([](byte_stream& from) -> coro<std::string> {
    std::string all = co_await receive_to_end(from);
    co_await from.close();
    co_return all;
  }(client));
  co_await wait_all_tasks_blocked();
  const auto begin = now();
  co_await server.running.stop();
  EXPECT_EQ(now() - begin, 0s);
  EXPECT_EQ(co_await rest, "");
}

HOCKET_TEST(https_server, stopping_waits_a_second_for_a_client_that_says_no_farewell) {
  noted_server server;
  auto client = co_await connect_securely(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  static_cast<void>(co_await client.receive());
  const auto begin = now();
  co_await server.running.stop();
  EXPECT_EQ(now() - begin, 1s);
  EXPECT_EQ(co_await receive_to_end(client), "");
}

HOCKET_TEST(https_server, stopping_lets_a_request_under_way_finish) {
  noted_server server(taking(5s));
  auto asking = create_task(secure_answer_to(server.address(), "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.running.stop();
  EXPECT_EQ(now() - begin, 4s);
  const std::string answer = co_await asking;
  EXPECT_EQ(body_of(answer), "/late");
  EXPECT_TRUE(has_line(answer, "Connection: close"));
}

HOCKET_TEST(https_server, stopping_ends_handshakes_under_way_at_once_and_without_a_word) {
  noted_server server;
  auto silent = co_await tcp_socket::connect(server.address());
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.running.stop();
  EXPECT_EQ(now() - begin, 0s);
  EXPECT_TRUE(server.errors.empty());
  EXPECT_EQ(co_await receive_to_end(silent), "");
}

HOCKET_TEST(https_server, stopping_waits_no_longer_than_allowed_though_a_client_takes_nothing) {
  const std::string body(50'000'000, 'b');
  noted_server server([&body](request&) -> coro<reply> { co_return reply{.body = hocket::http::body::borrow(body)}; },
                      {.grace = 1h, .shutdown = 30s});
  auto client = co_await connect_securely(server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(1s);
  const auto begin = now();
  co_await server.running.stop();
  EXPECT_EQ(now() - begin, 30s);
  EXPECT_EQ(server.running.server.connections(), 0U);
}

TEST(https_server, a_conversation_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          auto listener = hocket::testing::listen_on_loopback();
          hocket::http::server server(taking(1s), {.tls = server_here()});
          auto serving = create_task(server.serve(listener));
          const auto outcome = co_await hocket::as_result(
              secure_answer_to(listener.local_address(), "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
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
