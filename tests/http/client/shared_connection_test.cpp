#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/h2_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/test.hpp>

// The life of a connection that requests share, and who waits for it.

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::response;
using hocket::http::session;
using hocket::http::session_options;
using hocket::testing::answer_all;
using hocket::testing::ask;
using hocket::testing::client_here;
using hocket::testing::failure_of;
using hocket::testing::h2_server;
using hocket::testing::scripted_server;
using hocket::testing::secure_url;
using hocket::testing::server_here;
using hocket::testing::speaking;
using hocket::testing::speaking_http2;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

/// The connection's last word, and all before it.
coro<void> read_to_the_end(h2_server& peer) {
  while ((co_await peer.next()).type != -1) {
  }
}

using answers = std::vector<hocket::task<std::string>>;

answers ask_at_once(session& web, const scripted_server& server, int count, hocket::duration timeout = 1h) {
  answers all;
  for (int n = 0; n < count; ++n)
    all.push_back(create_task(failure_of(ask(web, "GET", server.url("/x"), {.timeout = timeout}))));
  return all;
}

// ---- its end

HOCKET_TEST(shared_connection, that_allowed_no_request_any_more_holds_nobody_up_when_it_has_ended) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    co_await peer.send(h2::frame(h2::settings, h2::none, 0, h2::setting(3, 0)));
    co_await hocket::sleep(2s);
  }));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  co_await hocket::sleep(1s);
  const auto before = now();
  for (auto& each : ask_at_once(web, server, 6, 30s)) EXPECT_EQ(co_await each, "none: /x");
  EXPECT_EQ(now() - before, 1s);
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(shared_connection, that_the_server_ends_is_closed_at_once) {
  for (const bool says_so : {false, true}) {
    hocket::event ended;
    scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
      co_await peer.send(h2::answer(co_await peer.request(), "first"));
      co_await hocket::sleep(1s);
      if (says_so) co_await peer.send(h2::goodbye(1));
      if (!says_so) co_await peer.stream().shutdown_send();
      co_await read_to_the_end(peer);
      ended.set();
    }));
    session web(speaking({.keep_alive = 24h}));
    response kept = co_await web.get(server.url());
    EXPECT_EQ(co_await kept.read(), "first");
    const auto before = now();
    co_await ended.wait();
    EXPECT_LE(now() - before, 2s);
  }
}

HOCKET_TEST(shared_connection, that_a_sender_used_last_is_closed_when_nobody_uses_it) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> { co_await answer_all(peer); }));
  session web(speaking({.keep_alive = 15s}));
  const auto endless = [](body_writer& to) -> coro<void> {
    for (;;) {
      co_await to.write("x");
      co_await hocket::sleep(1s);
    }
  };
  co_await web.exchange("POST", std::string_view(server.url()), {.body = body::stream(endless)},
                        [](response& answer) -> coro<void> { static_cast<void>(co_await answer.read()); });
  EXPECT_EQ(server.open(), 1U);
  co_await hocket::sleep(14s);
  EXPECT_EQ(server.open(), 1U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.open(), 0U);
}

// ---- who waits for it

HOCKET_TEST(shared_connection, that_cannot_be_opened_again_is_tried_once_for_all_who_wait) {
  int tries = 0;
  auto hooks = std::make_shared<hocket::http::tracing>();
  hooks->connection_create_start = [&](const auto&) { ++tries; };
  hocket::event refused;
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    for (int n = 0; n < 60; ++n) co_await peer.request();
    co_await refused.wait();
  }));
  session web(speaking({.tracing = hooks}));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  auto all = ask_at_once(web, server, 60);
  co_await hocket::sleep(1s);
  server.refuse();
  tries = 0;
  refused.set();
  for (auto& each : all)
    EXPECT_TRUE((co_await each).starts_with("system_error: ") || (co_await each).starts_with("std::"));
  EXPECT_EQ(tries, 1);
  static_cast<void>(co_await failure_of(ask(web, "GET", server.url())));
  EXPECT_EQ(tries, 2) << "who comes later tries again";
}

HOCKET_TEST(shared_connection, that_is_followed_by_some_of_http_1_leaves_no_more_of_them_than_allowed) {
  const auto by_http2 = server_here({.alpn_protocols = {"h2"}});
  const auto by_http1 = server_here({.alpn_protocols = {"http/1.1"}});
  scripted_server server([&](tcp_socket& socket, std::size_t nth) -> coro<void> {
    byte_stream stream = co_await hocket::start_tls(byte_stream(std::move(socket)), nth == 0 ? by_http2 : by_http1,
                                                    {.server_side = true});
    if (nth == 0) {
      h2_server peer = co_await h2_server::greet(std::move(stream), h2::setting(3, 100));
      co_await peer.send(h2::answer(co_await peer.request(), "first"));
      for (int n = 0; n < 40; ++n) static_cast<void>(co_await peer.request());
      co_return;
    }
    while (!(co_await hocket::testing::read_request(stream)).empty()) {
      co_await hocket::sleep(1s);
      co_await stream.send_all(hocket::testing::response_text(200, "old"));
    }
  });
  session web({.limit_per_host = 4, .tls = client_here()});
  EXPECT_EQ(co_await ask(web, "GET", secure_url(server)), "first");
  answers all;
  for (int n = 0; n < 40; ++n) all.push_back(create_task(failure_of(ask(web, "GET", secure_url(server)))));
  for (auto& each : all) EXPECT_EQ(co_await each, "none: old");
  EXPECT_LE(server.most_open(), 4U);
  EXPECT_LE(server.connections(), 5U);
}

HOCKET_TEST(shared_connection, that_allows_fewer_than_are_under_way_lets_them_end_and_then_only_as_many) {
  std::size_t most = 0;
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    std::vector<std::uint32_t> open;
    for (int n = 0; n < 6; ++n) open.push_back(co_await peer.request());
    co_await peer.send(h2::frame(h2::settings, h2::none, 0, h2::setting(3, 2)));
    for (int n = 0; n < 10; ++n) {
      co_await hocket::sleep(1s);
      co_await peer.send(h2::answer(open.front(), "x"));
      open.erase(open.begin());
      if (n >= 4 && n < 8) open.push_back(co_await peer.request());
      if (n >= 4) most = std::max(most, open.size());
    }
    co_await read_to_the_end(peer);
  }));
  session web(speaking());
  auto all = ask_at_once(web, server, 6);
  co_await hocket::sleep(500ms);
  for (auto& each : ask_at_once(web, server, 4)) all.push_back(each);
  for (auto& each : all) EXPECT_EQ(co_await each, "none: x");
  EXPECT_EQ(most, 2U);
  EXPECT_EQ(server.connections(), 1U);
}

// ---- its share of the session

HOCKET_TEST(shared_connection, is_one_of_the_session_however_many_use_it) {
  scripted_server silent(speaking_http2(
      [](h2_server& peer, std::size_t) -> coro<void> { co_await read_to_the_end(peer); }, h2::setting(3, 100)));
  scripted_server other(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> { co_await answer_all(peer); }));
  session web(speaking({.limit = 2, .timeouts = {.sock_read = 1h}}));
  auto all = ask_at_once(web, silent, 150, 100s);
  co_await hocket::sleep(1s);
  const auto before = now();
  EXPECT_EQ(co_await ask(web, "GET", other.url("/prompt")), "/prompt");
  EXPECT_EQ(now() - before, 0s);
  for (auto& each : all) static_cast<void>(co_await each);
}

HOCKET_TEST(shared_connection, counts_until_the_last_who_uses_it_has_left) {
  scripted_server slow(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    const auto first = co_await peer.request();
    const auto second = co_await peer.request();
    co_await hocket::sleep(5s);
    co_await peer.send(h2::answer(first, "first"));
    co_await hocket::sleep(5s);
    co_await peer.send(h2::answer(second, "second"));
    co_await read_to_the_end(peer);
  }));
  scripted_server other(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> { co_await answer_all(peer); }));
  session web(speaking({.limit = 1}));
  const auto before = now();
  auto all = ask_at_once(web, slow, 2);
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await ask(web, "GET", other.url("/next")), "/next");
  EXPECT_EQ(now() - before, 10s);
  for (auto& each : all) EXPECT_TRUE((co_await each).starts_with("none: "));
}

HOCKET_TEST(shared_connection, that_is_left_and_the_next_are_two_of_the_session) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    const auto first = co_await peer.request();
    for (int n = 0; n < 5; ++n) static_cast<void>(co_await peer.request());
    co_await peer.send(h2::goodbye(0x7fffffff) + h2::goodbye(first));
    co_await hocket::sleep(3s);
    co_await peer.send(h2::answer(first, "/x"));
    co_await read_to_the_end(peer);
  }));
  session web(speaking({.limit = 1}));
  const auto before = now();
  for (auto& each : ask_at_once(web, server, 6)) EXPECT_EQ(co_await each, "none: /x");
  EXPECT_EQ(now() - before, 3s);
  EXPECT_EQ(server.connections(), 2U);
}

// ---- a path that leads nowhere any more

HOCKET_TEST(shared_connection, on_which_a_request_had_no_answer_in_time_is_not_used_while_the_server_is_silent) {
  hocket::duration ended{};
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    co_await read_to_the_end(peer);  // pings too
    ended = now();
  }));
  session web(speaking({.keep_alive = 24h}));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  co_await hocket::sleep(1h);
  auto patient = create_task(failure_of(ask(web, "GET", server.url("/patient"), {.timeout = 1h})));
  const auto before = now();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url("/second"), {.timeout = 10s})),
            "timeout_error: no complete answer in time");
  for (int n = 0; n < 10; ++n) {
    EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(co_await patient, "timeout_error: the server does not answer a ping");
  EXPECT_EQ(now() - before, 10s + 15s);
  co_await hocket::sleep(1s);
  EXPECT_EQ(ended - before, 10s + 15s);
}

HOCKET_TEST(shared_connection, whose_server_answers_the_ping_after_a_request_that_it_did_not_answer_is_used_on) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    static_cast<void>(co_await peer.request());
    const auto ping = co_await peer.next(h2::ping);
    co_await peer.send(h2::frame(h2::ping, h2::ack, 0, ping.payload));
    co_await answer_all(peer);
  }));
  session web(speaking());
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 10s})),
            "timeout_error: no complete answer in time");
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
  co_await hocket::sleep(1h);
  EXPECT_EQ(co_await ask(web, "GET", server.url("/later")), "/later");
  EXPECT_EQ(server.connections(), 2U) << "the second is the one an hour later";
}

HOCKET_TEST(shared_connection, that_rested_for_long_is_not_doubted_for_a_request_that_had_no_time) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    static_cast<void>(co_await peer.request());  // which is given up
    co_await peer.send(h2::answer(co_await peer.request(), "third"));
    static_cast<void>(co_await peer.request());
  }));
  session web(speaking({.keep_alive = 1h}));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  co_await hocket::sleep(10min);
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 100ms})),
            "timeout_error: no complete answer in time");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "third");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(shared_connection, takes_as_many_requests_as_its_server_allows_whatever_the_limit_per_host) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    std::vector<std::uint32_t> together;
    for (int n = 0; n < 3; ++n) together.push_back(co_await peer.request());
    for (const auto id : together) co_await peer.send(h2::answer(id, "together"));
    co_await read_to_the_end(peer);
  }));
  session web(speaking({.limit_per_host = 1}));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  for (auto& each : ask_at_once(web, server, 3, 10s)) EXPECT_EQ(co_await each, "none: together");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(shared_connection, is_not_doubted_for_the_pause_between_two_requests_that_had_no_time) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    for (int n = 0; n < 2; ++n) static_cast<void>(co_await peer.request());  // which are given up
    co_await peer.send(h2::answer(co_await peer.request(), "third"));
    static_cast<void>(co_await peer.request());
  }));
  session web(speaking({.keep_alive = 1h}));
  for (int n = 0; n < 2; ++n) {
    EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 300ms})),
              "timeout_error: no complete answer in time");
    co_await hocket::sleep(10min);
  }
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "third");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(shared_connection, that_is_silent_is_doubted_by_many_who_have_little_patience) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    co_await hocket::sleep(24h);
  }));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  int failed = 0;
  for (int n = 0; n < 20; ++n)
    failed += co_await failure_of(ask(web, "GET", server.url("/x"), {.timeout = 400ms})) == "none: /x" ? 0 : 1;
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(shared_connection, whose_server_takes_nothing_ends_though_it_sends) {
  scripted_server server([](tcp_socket& socket, std::size_t) -> coro<void> {
    co_await socket.send_all(h2::frame(h2::settings, h2::none, 0, h2::setting(4, 0x7fffffff)) +
                             h2::frame(h2::settings, h2::ack, 0, "") + h2::window(0, 0x7fff0000 - 65535));
    for (;;) {
      co_await hocket::sleep(10s);
      co_await socket.send_all(h2::frame(h2::ping, h2::ack, 0, "12345678"));
    }
  });
  session web(speaking({.timeouts = {.sock_read = 24h}}));
  const std::string large(20'000'000, 'x');
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large), .timeout = 24h})),
            "timeout_error: the other side takes nothing");
}

// ---- what was not processed

/// Processes `each` requests of a connection, and says so when they are under way.
scripted_server::script leaving_after(std::size_t each) {
  return speaking_http2([each](h2_server& peer, std::size_t) -> coro<void> {
    std::vector<std::uint32_t> taken;
    while (taken.size() < each) {
      const auto id = co_await peer.request();
      if (id == 0) co_return;
      taken.push_back(id);
    }
    co_await hocket::sleep(1s);
    co_await peer.send(h2::goodbye(taken.back()));
    for (const auto id : taken) co_await peer.send(h2::answer(id, "/x"));
    co_await read_to_the_end(peer);
  });
}

HOCKET_TEST(shared_connection, that_takes_few_requests_fails_none_of_many) {
  for (const std::size_t each : {1U, 3U}) {
    scripted_server server(leaving_after(each));
    session web(speaking({.limit_per_host = 60}));
    for (auto& one : ask_at_once(web, server, 30)) EXPECT_EQ(co_await one, "none: /x");
    EXPECT_EQ(server.connections(), 30 / each);
  }
}

HOCKET_TEST(shared_connection, that_refuses_all_is_opened_again_more_and_more_seldom) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::goodbye(0));
    co_await read_to_the_end(peer);
  }));
  session web(speaking());
  const auto before = now();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "http::detail::request_not_processed: the server refuses to process the request now");
  EXPECT_EQ(server.connections(), 11U);
  EXPECT_GE(now() - before, 25s);
  EXPECT_LE(now() - before, 52s);
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 1s})),
            "http::detail::request_not_processed: the server refuses to process the request now");
}

HOCKET_TEST(shared_connection, that_refuses_a_body_before_it_is_made_has_it_sent_again_though_it_cannot_be_made_twice) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    const auto id = co_await peer.request();
    if (nth == 0) {
      co_await peer.send(h2::goodbye(0));
    } else {
      co_await peer.send(h2::answer_head(id, "100"));
      co_await peer.send(h2::answer(id, (co_await peer.answer(id)).body));
    }
    co_await read_to_the_end(peer);
  }));
  const auto pieces = []() -> hocket::async_generator<std::string> { co_yield std::string("made"); };
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::pieces(pieces()), .expect_continue = true}), "made");
  EXPECT_EQ(server.connections(), 2U);
}

}  // namespace
