// What tasks say that they do while they speak HTTP, for those who look into the process.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <http/client/client_peer.hpp>
#include <http/h2_client.hpp>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/activity.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::session;
using hocket::testing::h2_client;
using hocket::testing::read_request;
using hocket::testing::response_text;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::wait_all_tasks_blocked;
namespace h2 = hocket::testing::h2;

namespace {

/// What all tasks do that say so, when each of them waits, from A to Z.
coro<std::string> all_activities() {
  co_await wait_all_tasks_blocked();
  std::vector<std::string> found;
  for (const hocket::any_task& each : hocket::all_tasks())
    if (std::string does = hocket::activity::text_of(*each.record()); !does.empty()) found.push_back(std::move(does));
  std::ranges::sort(found);
  co_return fmt::format("{}", fmt::join(found, "; "));
}

std::string own_activity() { return hocket::activity::text_of(hocket::task_base::require_current()); }

/// A body of what its task does while it is sent.
body telling() {
  return body::stream([](body_writer& to) -> coro<void> { co_await to.write(own_activity()); });
}

}  // namespace

HOCKET_TEST(http_activities, of_a_server_are_reading_the_head_the_handler_and_sending) {
  hocket::event goes_on;
  running_server server([&](request&) -> coro<reply> {
    co_await goes_on.wait();
    co_return reply{.body = telling()};
  });
  auto client = co_await tcp_socket::connect(server.address());
  EXPECT_EQ(co_await all_activities(), "");
  co_await client.send_all("GET /page HTTP/1.1\r\n");
  EXPECT_EQ(co_await all_activities(), "reading the head of a request");
  co_await client.send_all("Host: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(co_await all_activities(), "GET /page HTTP/1.1, handler");
  goes_on.set();
  EXPECT_TRUE((co_await hocket::testing::receive_to_end(client)).contains("GET /page HTTP/1.1, sending"));
  client.close();
  co_await server.stop();
}

HOCKET_TEST(http_activities, of_a_server_tell_that_it_waits_for_a_body) {
  running_server server([](request& asked) -> coro<reply> { co_return reply::text(co_await asked.read()); });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(co_await all_activities(), "POST /form HTTP/1.1, handler > receiving the body");
  co_await client.send_all("llo");
  EXPECT_EQ(co_await all_activities(), "");
  client.close();
  co_await server.stop();
}

HOCKET_TEST(http_activities, of_a_server_tell_that_it_reads_away_what_no_handler_wanted) {
  running_server server([](request&) -> coro<reply> { co_return reply(); });
  auto client = co_await tcp_socket::connect(server.address());
  co_await client.send_all("POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(co_await all_activities(), "POST /form HTTP/1.1, reading away the rest");
  client.close();
  co_await server.stop();
}

HOCKET_TEST(http_activities, of_requests_of_http_2_are_those_of_their_own_tasks) {
  hocket::event goes_on;
  hocket::http::server_options options;
  options.http2.prior_knowledge = true;
  running_server server(
      [&](request& asked) -> coro<reply> {
        if (asked.method() == "POST") co_return reply::text(co_await asked.read());
        co_await goes_on.wait();
        co_return reply{.body = telling()};
      },
      options);
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/page"));
  co_await client.send(h2::post(3, "/form"));
  EXPECT_EQ(co_await all_activities(),
            "GET /page HTTP/2.0, handler; POST /form HTTP/2.0, handler > receiving the body");
  goes_on.set();
  EXPECT_EQ((co_await client.answer(1)).body, "GET /page HTTP/2.0, sending");
  co_await client.stream().close();
  co_await server.stop();
}

HOCKET_TEST(http_activities, of_a_client_tell_that_it_waits_for_the_answer_and_receives_the_body) {
  hocket::event goes_on;
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await goes_on.wait();
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    goes_on.clear();
    co_await goes_on.wait();
    co_await peer.send_all("world");
  });
  session web;
  auto asking = hocket::create_task(hocket::testing::ask(web, "GET", server.url("/page")));
  EXPECT_EQ(co_await all_activities(), server.url("/page") + ", waiting for the answer");
  goes_on.set();
  EXPECT_EQ(co_await all_activities(), server.url("/page") + ", receiving the body");
  goes_on.set();
  EXPECT_EQ(co_await asking, "helloworld");
  EXPECT_EQ(co_await all_activities(), "");
}

HOCKET_TEST(http_activities, of_a_client_tell_that_a_body_is_sent) {
  hocket::event goes_on;
  scripted_server server(
      hocket::testing::answering_messages([](const auto& asked) { return response_text(200, asked.body); }));
  session web;
  auto asking = hocket::create_task(
      hocket::testing::ask(web, "PUT", server.url("/page"), {.body = body::stream([&](body_writer& to) -> coro<void> {
                                                               co_await goes_on.wait();
                                                               co_await to.write(own_activity());
                                                             })}));
  EXPECT_EQ(co_await all_activities(),
            server.url("/page") + ", sending the body; " + server.url("/page") + ", waiting for the answer");
  goes_on.set();
  EXPECT_EQ(co_await asking, server.url("/page") + ", sending the body");
}

HOCKET_TEST(http_activities, name_no_credentials) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    co_await read_request(peer);
    co_await peer.receive();
  });
  session web;
  auto asking = hocket::create_task(
      hocket::testing::ask(web, "GET", "http://:secret@127.0.0.1:" + std::to_string(server.port()) + "/"));
  EXPECT_EQ(co_await all_activities(), "127.0.0.1, waiting for the answer");
  asking.cancel();
  static_cast<void>(co_await hocket::as_result(asking));
}

HOCKET_TEST(http_activities, of_both_sides_tell_of_handshakes) {
  hocket::http::server_options options;
  options.tls = hocket::testing::server_here();
  running_server server([](request&) -> coro<reply> { co_return reply(); }, options);
  auto mute_client = co_await tcp_socket::connect(server.address());
  scripted_server mute_server([](tcp_socket& peer, std::size_t) -> coro<void> {
    while (co_await peer.receive()) {
    }
  });
  session web;
  const std::string url = "https://127.0.0.1:" + std::to_string(mute_server.port()) + "/";
  auto asking = hocket::create_task(hocket::testing::ask(web, "GET", url));
  EXPECT_EQ(co_await all_activities(), "TLS handshake; " + url + ", connecting > TLS handshake");
  asking.cancel();
  static_cast<void>(co_await hocket::as_result(asking));
  mute_client.close();
  co_await server.stop();
}
