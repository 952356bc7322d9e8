#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/h2_server.hpp>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
namespace http = hocket::http;
using hocket::coro;
using hocket::create_task;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::request_options;
using hocket::http::response;
using hocket::http::server_options;
using hocket::http::session;
using hocket::http::session_options;
using hocket::testing::ask;
using hocket::testing::client_here;
using hocket::testing::failure_of;
using hocket::testing::h2_answer;
using hocket::testing::h2_server;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::server_here;
using hocket::testing::speaking;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

server_options spoken(server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}
coro<reply> echo_target(request& asked) { co_return reply::text(std::string(asked.target())); }
coro<reply> echo_body(request& asked) { co_return reply::text(co_await asked.read(100'000'000)); }
coro<reply> tell_version(request& asked) { co_return reply::text(std::string(asked.version())); }
coro<reply> tell_fields(request& asked) {
  std::string seen = fmt::format("{} {} {}", asked.method(), asked.target(), asked.host());
  for (const auto& [name, value] : asked.headers()) seen += fmt::format(" | {}: {}", name, value);
  co_return reply::text(seen);
}
/// Answers after as many seconds as the path says.
coro<reply> take_time(request& asked) {
  co_await hocket::sleep(std::chrono::seconds(std::stoi(std::string(asked.path().substr(1)))));
  co_return reply::text(std::string(asked.path()));
}

/// Counts connections that are made.
std::shared_ptr<hocket::http::tracing> counting(int& made) {
  auto hooks = std::make_shared<hocket::http::tracing>();
  hooks->connection_create_end = [&made](const auto&) { ++made; };
  return hooks;
}

// ---- which version is spoken

HOCKET_TEST(http2_session, speaks_http_2_over_tls_where_it_is_offered) {
  running_server server(tell_version, {.tls = server_here()});
  session web({.tls = client_here()});
  response answer = co_await web.get(server.url("/page"));
  EXPECT_EQ(answer.version(), "HTTP/2.0");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.reason(), "");
  EXPECT_EQ(answer.content_length(), 8U);
  EXPECT_EQ(co_await answer.read(), "HTTP/2.0");
  co_await server.stop();
}

HOCKET_TEST(http2_session, speaks_http_1_over_tls_where_that_is_all_there_is) {
  server_options old{.tls = server_here()};
  old.http2.over_tls = false;
  running_server server(tell_version, std::move(old));
  session web({.tls = client_here()});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "HTTP/1.1");
  co_await server.stop();
}

HOCKET_TEST(http2_session, does_not_offer_http_2_if_told_so) {
  running_server server(tell_version, {.tls = server_here()});
  session web({.tls = client_here(), .http2 = {.over_tls = false}});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "HTTP/1.1");
  session by_context({.tls = client_here({.alpn_protocols = {"http/1.1"}})});
  EXPECT_EQ(co_await ask(by_context, "GET", server.url()), "HTTP/1.1");
  co_await server.stop();
}

HOCKET_TEST(http2_session, speaks_http_2_without_tls_only_if_told_so) {
  running_server server(tell_version, spoken());
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "HTTP/2.0");
  session old;
  EXPECT_EQ(co_await ask(old, "GET", server.url()), "HTTP/1.1");
  co_await server.stop();
}

HOCKET_TEST(http2_session, speaks_http_1_for_a_request_that_offers_to_change_the_protocol) {
  running_server server(tell_version, {.tls = server_here()});
  session web({.tls = client_here()});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "HTTP/2.0");
  const http::headers offer{{"Upgrade", "other/1"}};
  EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = offer}), "HTTP/1.1");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "HTTP/2.0");
  co_await server.stop();
}

// ---- requests and answers

HOCKET_TEST(http2_session, asks_as_http_1_does_without_what_is_about_connections) {
  running_server server(tell_fields, spoken());
  session web(speaking({.user_agent = "tester/1", .default_headers = {{"Accept-Language", "la"}}, .decode = false}));
  const http::headers own{{"X-Own", "mine"}, {"Connection", "keep-alive, X-Hop"},
                          {"X-Hop", "1"},    {"Keep-Alive", "5"},
                          {"TE", "gzip"},    {"Cookie", "a=1; b=2"}};
  const std::string seen = co_await ask(web, "GET", server.url("/a?b=c#d"), {.fields = own});
  EXPECT_EQ(seen, fmt::format("GET /a?b=c {0} | x-own: mine | accept-language: la | user-agent: tester/1 | accept: */*"
                              " | cookie: a=1; b=2 | host: {0}",
                              server.address().to_string()));
  const http::headers other{{"Host", "other.example"}};
  EXPECT_EQ(co_await ask(web, "GET", server.url("/"), {.fields = other}),
            "GET / other.example | accept-language: la | user-agent: tester/1 | accept: */* | host: other.example");
  co_await server.stop();
}

HOCKET_TEST(http2_session, refuses_what_http_1_refuses) {
  running_server server(echo_target, spoken());
  session web(speaking());
  const http::headers length{{"Content-Length", "5"}};
  const http::headers two_hosts{{"Host", "a"}, {"Host", "b"}};
  EXPECT_EQ(co_await failure_of(ask(web, "G T", server.url())), "http::client_error: the method is not a token");
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = length})),
            "http::client_error: Content-Length is not for the caller to say: it follows from the body");
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = two_hosts})),
            "http::client_error: more than one Host");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/good")), "/good");
  co_await server.stop();
}

HOCKET_TEST(http2_session, keeps_out_of_networks_that_the_owner_does_not_allow) {
  running_server server(echo_target, spoken());
  session web(speaking({.block_private_addresses = true}));
  EXPECT_TRUE((co_await failure_of(ask(web, "GET", server.url()))).starts_with("http::address_refused: "));
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(http2_session, sends_heads_of_any_size_that_makes_sense) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return reply::text(fmt::format("{}", asked.headers().get("X").value_or("").size()));
      },
      spoken({.max_line_bytes = 100'000, .max_head_bytes = 100'000}));
  session web(speaking());
  const http::headers large{{"X", std::string(70'000, 'x')}};
  const http::headers too_large{{"X", std::string(1'100'000, 'x')}};
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = large})), "none: 70000");
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = too_large})),
            "http::client_error: the head of the request is larger than 1 MiB");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "0");
  co_await server.stop();
}

HOCKET_TEST(http2_session, the_answer_to_head_and_those_without_a_body_have_none) {
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/") co_return reply::text("hello");
        co_return reply{.status = std::stoi(std::string(asked.path().substr(1)))};
      },
      spoken());
  session web(speaking());
  response answer = co_await web.head(server.url());
  EXPECT_EQ(answer.content_length(), 5U);
  EXPECT_EQ(co_await answer.read(), "");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/204")), "");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/304")), "");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "hello");
  co_await server.stop();
}

HOCKET_TEST(http2_session, follows_redirects_keeps_cookies_answers_challenges_and_undoes_codings) {
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/") {
          reply away = reply::redirect("/in", 302);
          away.headers.add("Set-Cookie", "taste=sweet");
          co_return away;
        }
        if (!asked.headers().contains("Authorization")) {
          reply closed = reply::text("who?", 401);
          closed.headers.add("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
          co_return closed;
        }
        co_return reply::text(fmt::format("{} {}", asked.headers().get("Cookie").value_or("none"),
                                          asked.headers().get("Authorization")->starts_with("Digest ")));
      },
      spoken());
  int made = 0;
  session web(speaking({.auth = hocket::http::credentials::digest("user", "password"),
                        .cookies = std::make_shared<hocket::http::cookie_jar>(),
                        .wall_clock = hocket::system_wall_clock,
                        .tracing = counting(made)}));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "taste=sweet true");
  EXPECT_EQ(made, 1);
  co_await server.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(http2_session, large_bodies_go_both_ways_whole) {
  server_options options = spoken();
  options.max_body_bytes = 100'000'000;
  running_server server(echo_body, std::move(options));
  session web(speaking());
  const std::string large(10'000'000, 'x');
  EXPECT_TRUE(co_await ask(web, "POST", server.url(), {.body = body::borrow(large)}) == large);
  EXPECT_TRUE(co_await ask(web, "POST", server.url(), {.body = body::stream([&](body_writer& to) -> coro<void> {
                                                         for (std::size_t at = 0; at < large.size(); at += 1'000'000)
                                                           co_await to.write(
                                                               std::string_view(large).substr(at, 1'000'000));
                                                       })}) == large);
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write(large);
  hocket::file content = co_await hocket::file::open(temporary.path());
  EXPECT_TRUE(co_await ask(web, "POST", server.url(), {.body = body::of_file(std::move(content), 0, large.size())}) ==
              large);
  co_await server.stop();
}

HOCKET_TEST(http2_session, says_how_long_a_body_is_if_that_is_known) {
  running_server server(
      [](request& asked) -> coro<reply> {
        const auto length = asked.content_length();
        const std::string text = co_await asked.read();
        co_return reply::text(fmt::format("{} {}", length ? std::to_string(*length) : "unknown", text));
      },
      spoken());
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "text"}), "4 text");
  EXPECT_EQ(co_await ask(web, "POST", server.url()), "0 ");
  EXPECT_EQ(co_await ask(web, "POST", server.url(),
                         {.body = body::stream([](body_writer& to) -> coro<void> { co_await to.write("made"); })}),
            "unknown made");
  EXPECT_EQ(co_await failure_of(
                ask(web, "POST", server.url(),
                    {.body = body::stream([](body_writer& to) -> coro<void> { co_await to.write("x"); }, 5)})),
            "http::client_error: the body has 4 bytes less than was said of it");
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "again"}), "5 again");
  co_await server.stop();
}

HOCKET_TEST(http2_session, waits_with_the_body_until_the_server_agrees) {
  running_server server(
      [](request& asked) -> coro<reply> {
        if (asked.path() == "/no") co_return reply::text("too large", 413);
        co_await hocket::sleep(500ms);
        co_return reply::text(co_await asked.read());
      },
      spoken());
  session web(speaking());
  std::optional<hocket::duration> begun;
  const auto content = [&] {
    return body::stream([&](body_writer& to) -> coro<void> {
      begun = now();
      co_await to.write("body");
    });
  };
  const auto before = now();
  EXPECT_EQ(co_await ask(web, "POST", server.url("/yes"), {.body = content(), .expect_continue = true}), "body");
  EXPECT_EQ(*begun - before, 500ms);
  begun.reset();
  EXPECT_EQ(co_await ask(web, "POST", server.url("/no"), {.body = content(), .expect_continue = true}), "too large");
  EXPECT_FALSE(begun);
  co_await server.stop();
}

HOCKET_TEST(http2_session, gives_the_answer_while_the_body_is_being_sent) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_return reply::stream("text/plain", [&asked](body_writer& to) -> coro<void> {
          for (auto piece = co_await asked.next(); !piece.empty(); piece = co_await asked.next())
            co_await to.write(piece);
        });
      },
      spoken());
  session web(speaking());
  hocket::event heard;
  std::vector<std::string> answers;
  const auto questions = [&](body_writer& to) -> coro<void> {
    co_await to.write("one");
    co_await heard.wait();
    co_await to.write("two");
  };
  co_await web.exchange("POST", server.url(), {.body = body::stream(questions)}, [&](response& answer) -> coro<void> {
    for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) {
      answers.emplace_back(piece);
      heard.set();
    }
  });
  EXPECT_EQ(answers, (std::vector<std::string>{"one", "two"}));
  co_await server.stop();
}

HOCKET_TEST(http2_session, a_body_of_which_a_part_was_not_sent_is_never_ended_as_if_it_were_whole) {
  for (const bool goes_on : {true, false}) {
    h2_answer seen;
    scripted_server server(hocket::testing::speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
      seen = co_await peer.answer(co_await peer.request());
      co_await hocket::testing::answer_all(peer);
    }));
    session web(speaking());
    const std::string large(100'000, 'x');
    const auto content = [&] {
      return body::stream([&](body_writer& to) -> coro<void> {
        const auto written = co_await hocket::as_result(hocket::with_timeout(100ms, to.write(large)));
        EXPECT_FALSE(written);
        if (goes_on) co_await to.write("tail");
      });
    };
    EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = content()})),
              "invalid_state_error: a part of the body was not sent");
    EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
    EXPECT_EQ(seen.body.size(), 65'535U);
    EXPECT_EQ(seen.reset, h2::cancel);
    EXPECT_EQ(server.connections(), 1U);
  }
}

// In real time: until the kernel takes no more.
HOCKET_REAL_TIME_TEST(http2_session, a_part_of_a_body_that_was_not_sent_never_puts_another_request_in_its_place) {
  std::string others;
  scripted_server server([&](hocket::tcp_socket& socket, std::size_t) -> coro<void> {
    co_await socket.send_all(h2::frame(h2::settings, h2::none, 0, h2::setting(4, 0x7fffffff)) +
                             h2::window(0, 0x7fff0000 - 65535));
    co_await hocket::sleep(500ms);  // reads nothing
    h2_server peer = co_await h2_server::greet(hocket::byte_stream(std::move(socket)));
    while (co_await peer.request() != 3) {
    }
    others = peer.path_of(3);
    co_await peer.send(h2::answer(3, "answered"));
    co_await hocket::testing::answer_all(peer);
  });
  session web(speaking());
  const std::string piece(40'000, 'x');
  const auto content = [&] {
    return body::stream([&](body_writer& to) -> coro<void> {
      while (co_await hocket::as_result(hocket::with_timeout(100ms, to.write(piece)))) {
      }
      static_cast<void>(co_await hocket::as_result(to.write("tail")));
      co_await hocket::sleep(1h);
    });
  };
  auto first = create_task(failure_of(ask(web, "POST", server.url("/a"), {.body = content(), .timeout = 1s})));
  co_await hocket::sleep(300ms);
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url("/b"), {.timeout = 5s})), "none: answered");
  EXPECT_EQ(others, "/b");
  EXPECT_FALSE((co_await first).starts_with("none"));
}

HOCKET_TEST(http2_session, a_producer_that_goes_on_behind_a_whole_answer_has_the_time_of_the_request) {
  const auto slow = [] {
    return body::stream([](body_writer& to) -> coro<void> {
      co_await to.write("x");
      co_await hocket::sleep(1h);
    });
  };
  for (const bool says_enough : {true, false}) {
    scripted_server server(hocket::testing::speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
      const auto id = co_await peer.request();
      co_await peer.send(h2::answer(id, "whole") + (says_enough ? h2::reset(id, h2::no_error) : ""));
      co_await hocket::testing::answer_all(peer);
    }));
    session web(speaking());
    const auto before = now();
    EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = slow(), .timeout = 5s})),
              says_enough ? "none: whole" : "timeout_error: no complete answer in time");
    EXPECT_EQ(now() - before, says_enough ? 0s : 5s);
    EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
    EXPECT_EQ(server.connections(), 1U);
  }
}

HOCKET_TEST(http2_session, a_body_has_time_while_the_server_takes_some_of_it) {
  scripted_server server(hocket::testing::speaking_http2(
      [](h2_server& peer, std::size_t) -> coro<void> {
        co_await peer.send(h2::answer(co_await peer.request(), "known"));
        const auto id = co_await peer.request();
        for (int n = 0; n < 59; ++n) {
          co_await hocket::sleep(4s);
          co_await peer.send(h2::window(id, 1000));
        }
        const auto seen = co_await peer.answer(id);
        co_await peer.send(h2::answer(id, fmt::format("{}", seen.body.size())));
        co_await hocket::testing::answer_all(peer);
      },
      h2::setting(4, 1000)));
  session web(speaking({.timeouts = {.sock_read = 10s}}));
  const std::string large(60'000, 'x');
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "known");
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large)})), "none: 60000");
}

HOCKET_TEST(http2_session, the_piece_that_is_lent_counts_into_the_window) {
  std::size_t credit = 0;
  scripted_server server(hocket::testing::speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    const auto id = co_await peer.request();
    co_await peer.send(h2::answer_head(id, "200"));
    for (int n = 0; n < 6; ++n) co_await peer.send(h2::body(id, std::string(16'000, 'x'), false));
    for (auto frame = co_await peer.next(); frame.type != -1; frame = co_await peer.next())
      if (frame.type == h2::window_update && frame.stream == id) credit += h2::read_number(frame.payload);
  }));
  session web(speaking({.timeouts = {.sock_read = 1h}, .http2 = {.window_bytes = 100'000}}));
  response answer = co_await web.get(server.url());
  co_await hocket::sleep(1s);
  EXPECT_EQ((co_await answer.next()).size(), 96'000U);
  co_await hocket::sleep(1s);
  EXPECT_EQ(credit, 0U);
  EXPECT_FALSE(co_await hocket::as_result(hocket::with_timeout(1s, answer.next())));
  EXPECT_EQ(credit, 96'000U);
}

HOCKET_TEST(http2_session, a_window_that_becomes_less_than_nothing_holds_a_body_up) {
  scripted_server server(hocket::testing::speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::window(0, 1'000'000));
    const auto id = co_await peer.request();
    while (peer.so_far(id).body.size() < 65'535) co_await peer.next();
    co_await peer.send(h2::frame(h2::settings, h2::none, 0, h2::setting(4, 10'000)) + h2::window(id, 55'535) +
                       h2::frame(h2::ping, h2::none, 0, "12345678"));
    static_cast<void>(co_await peer.next(h2::ping));
    EXPECT_EQ(peer.so_far(id).body.size(), 65'535U);
    co_await peer.send(h2::window(id, 1'000'000));
    const auto seen = co_await peer.answer(id);
    co_await peer.send(h2::answer(id, fmt::format("{}", seen.body.size())));
    co_await hocket::testing::answer_all(peer);
  }));
  session web(speaking());
  const std::string large(100'000, 'x');
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large)})), "none: 100000");
}

HOCKET_TEST(http2_session, the_last_byte_of_a_body_waits_for_its_window_and_ends_it) {
  scripted_server server(hocket::testing::speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::window(0, 1'000'000));
    const auto id = co_await peer.request();
    while (peer.so_far(id).body.size() < 65'535) co_await peer.next();
    co_await hocket::sleep(1s);
    co_await peer.send(h2::window(id, 1));
    const auto last = co_await peer.next(h2::data);
    EXPECT_EQ(last.payload, "y");
    EXPECT_EQ(last.flags, h2::end_stream);
    co_await peer.send(h2::answer(id, "whole"));
    co_await hocket::testing::answer_all(peer);
  }));
  session web(speaking());
  const std::string large = std::string(65'535, 'x') + "y";
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large)})), "none: whole");
}

// ---- one connection for all

HOCKET_TEST(http2_session, requests_share_a_connection_and_none_waits_for_another) {
  for (const bool secure : {false, true}) {
    server_options options = spoken();
    if (secure) options.tls = server_here();
    running_server server(take_time, std::move(options));
    int made = 0;
    session web(speaking({.limit_per_host = 3, .tls = client_here(), .tracing = counting(made)}));
    const auto before = now();
    std::vector<hocket::task<std::string>> all;
    for (int n = 0; n < 50; ++n) all.push_back(create_task(ask(web, "GET", server.url("/5"))));
    for (auto& each : all) EXPECT_EQ(co_await each, "/5");
    EXPECT_EQ(made, 1);
    EXPECT_LE(now() - before, 11s)
        << "the first three may have to end before it is known how many may be asked at once";
    co_await server.stop();
  }
}

HOCKET_TEST(http2_session, who_comes_at_once_to_a_server_of_http_1_gets_connections_as_ever) {
  server_options old{.tls = server_here()};
  old.http2.over_tls = false;
  running_server server(take_time, std::move(old));
  int made = 0;
  session web({.limit_per_host = 4, .tls = client_here(), .tracing = counting(made)});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 8; ++n) all.push_back(create_task(ask(web, "GET", server.url("/1"))));
  for (auto& each : all) EXPECT_EQ(co_await each, "/1");
  EXPECT_EQ(made, 4);
  co_await server.stop();
}

HOCKET_TEST(http2_session, asks_no_more_at_once_than_the_server_allows_and_who_waits_is_served_in_order) {
  server_options options = spoken();
  options.http2.max_streams = 2;
  std::size_t now_served = 0;
  std::size_t most = 0;
  std::string order;
  running_server server(
      [&](request& asked) -> coro<reply> {
        most = std::max(most, ++now_served);
        order += asked.path().substr(1);
        co_await hocket::sleep(1s);
        --now_served;
        co_return reply::text(std::string(asked.path()));
      },
      std::move(options));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "GET", server.url("/x")), "/x");
  std::vector<hocket::task<std::string>> all;
  for (const char* each : {"/a", "/b", "/c", "/d", "/e"}) all.push_back(create_task(ask(web, "GET", server.url(each))));
  for (auto& each : all) EXPECT_EQ((co_await each).size(), 2U);
  EXPECT_EQ(most, 2U);
  EXPECT_EQ(order, "xabcde");
  co_await server.stop();
}

HOCKET_TEST(http2_session, asks_no_more_at_once_than_it_is_told_itself) {
  std::size_t now_served = 0;
  std::size_t most = 0;
  running_server server(
      [&](request&) -> coro<reply> {
        most = std::max(most, ++now_served);
        co_await hocket::sleep(1s);
        --now_served;
        co_return reply::text("x");
      },
      spoken());
  session web(speaking({.http2 = {.max_streams = 3}}));
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 9; ++n) all.push_back(create_task(ask(web, "GET", server.url())));
  for (auto& each : all) EXPECT_EQ(co_await each, "x");
  EXPECT_EQ(most, 3U);
  co_await server.stop();
}

HOCKET_TEST(http2_session, a_slow_reader_stops_its_own_answer_only) {
  const std::string large(1'500'000, 'x');  // of which a mebibyte comes unread
  std::size_t written = 0;
  running_server server(
      [&](request& asked) -> coro<reply> {
        if (asked.path() != "/large") co_return reply::text("small");
        co_return reply::stream("text/plain", [&](body_writer& to) -> coro<void> {
          for (std::size_t at = 0; at < large.size(); at += 10'000) {
            co_await to.write(std::string_view(large).substr(at, 10'000));
            written += 10'000;
          }
        });
      },
      spoken({.grace = 24h}));
  session web(speaking({.timeouts = {.total = 24h, .sock_read = 24h}}));
  std::vector<response> slow;
  for (int n = 0; n < 20; ++n) slow.push_back(co_await web.get(server.url("/large")));
  co_await wait_all_tasks_blocked();
  EXPECT_GT(written, 16 * 1024 * 1024U) << "more than a connection may carry unread, if it were for all of them";
  EXPECT_LT(written, 20 * large.size());
  for (int n = 0; n < 20; ++n) EXPECT_EQ(co_await ask(web, "GET", server.url("/small")), "small");
  for (auto& each : slow) EXPECT_TRUE(co_await each.read() == large);
  slow.clear();
  co_await server.stop();
}

HOCKET_TEST(http2_session, a_request_that_is_cancelled_disturbs_no_other) {
  std::vector<std::string> ended;
  running_server server(
      [&](request& asked) -> coro<reply> {
        const std::string path(asked.path());
        const auto outcome = co_await hocket::as_result(hocket::sleep(10s));
        ended.push_back(path + (outcome ? " done" : " cancelled"));
        if (!outcome) throw hocket::cancelled{};
        co_return reply::text(path);
      },
      spoken({.cancel_on_disconnect = true}));
  int made = 0;
  session web(speaking({.tracing = counting(made)}));
  auto dropped = create_task(ask(web, "GET", server.url("/dropped")));
  auto kept = create_task(ask(web, "GET", server.url("/kept")));
  co_await hocket::sleep(1s);
  dropped.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(dropped));
  EXPECT_EQ(co_await kept, "/kept");
  EXPECT_EQ(ended, (std::vector<std::string>{"/dropped cancelled", "/kept done"}));
  EXPECT_EQ(co_await ask(web, "GET", server.url("/later")), "/later");
  EXPECT_EQ(made, 1);
  co_await server.stop();
}

HOCKET_TEST(http2_session, a_response_that_is_dropped_ends_its_stream_and_not_the_connection) {
  bool was_ended = false;
  running_server server(
      [&](request& asked) -> coro<reply> {
        if (asked.path() != "/endless") co_return reply::text("x");
        co_return reply::stream("text/plain", [&](body_writer& to) -> coro<void> {
          const auto pour = [&]() -> coro<void> {
            for (;;) co_await to.write("more and more");
          };
          const auto outcome = co_await hocket::as_result(pour());
          was_ended = true;
          std::rethrow_exception(outcome.error());
        });
      },
      spoken());
  int made = 0;
  session web(speaking({.tracing = counting(made)}));
  {
    response answer = co_await web.get(server.url("/endless"));
    EXPECT_FALSE((co_await answer.next()).empty());
  }
  co_await hocket::sleep(1s);
  EXPECT_TRUE(was_ended);
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "x");
  EXPECT_EQ(made, 1);
  co_await server.stop();
}

HOCKET_TEST(http2_session, responses_that_are_dropped_leave_the_connection_its_window) {
  std::size_t written = 0;
  running_server server(
      [&](request& asked) -> coro<reply> {
        const bool ends = asked.path() == "/large";
        co_return reply::stream("text/plain", [&written, ends](body_writer& to) -> coro<void> {
          const std::string piece(50'000, 'x');
          for (std::size_t n = 0; !ends || n < 60; ++n) {
            co_await to.write(piece);
            written += piece.size();
          }
        });
      },
      spoken({.grace = 24h}));
  int made = 0;
  session web(speaking({.timeouts = {.total = 24h, .sock_read = 24h}, .tracing = counting(made)}));
  constexpr std::size_t window_of_all = 16 * 1024 * 1024;
  std::size_t dropped = 0;
  for (std::size_t n = 0; dropped <= 2 * window_of_all; ++n) {
    written = 0;
    response answer = co_await web.get(server.url("/endless"));
    while (written < 900'000) co_await hocket::sleep(1ms);
    if (n % 2 == 0) EXPECT_FALSE((co_await answer.next()).empty());
    dropped += written;
  }
  EXPECT_EQ((co_await ask(web, "GET", server.url("/large"))).size(), 3'000'000U);
  EXPECT_EQ(made, 1);
  co_await server.stop();
}

HOCKET_TEST(http2_session, goes_on_elsewhere_when_the_server_ends_the_connection_in_order) {
  running_server server(take_time, spoken({.max_requests = 3}));
  int made = 0;
  session web(speaking({.tracing = counting(made)}));
  for (int n = 0; n < 3; ++n) EXPECT_EQ(co_await ask(web, "POST", server.url("/0"), {.body = "x"}), "/0");
  auto slow = create_task(ask(web, "GET", server.url("/5")));
  co_await hocket::sleep(1s);
  for (int n = 0; n < 7; ++n) EXPECT_EQ(co_await ask(web, "POST", server.url("/0"), {.body = "x"}), "/0");
  EXPECT_EQ(co_await slow, "/5");
  EXPECT_GE(made, 3);
  EXPECT_LE(made, 5);
  co_await server.stop();
}

HOCKET_TEST(http2_session, many_requests_at_once_outlast_a_server_that_ends_each_connection_after_a_few) {
  running_server server(take_time, spoken({.max_requests = 3}));
  int made = 0;
  session web(speaking({.limit_per_host = 30, .tracing = counting(made)}));
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 30; ++n) all.push_back(create_task(ask(web, "POST", server.url("/1"), {.body = "x"})));
  for (auto& each : all) EXPECT_EQ(co_await each, "/1");
  EXPECT_GE(made, 2);
  EXPECT_LE(made, 11);
  co_await server.stop();
}

HOCKET_TEST(http2_session, asks_once_more_over_http_1_where_the_server_wants_that) {
  scripted_server server([](hocket::tcp_socket& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) {
      static_cast<void>(co_await hocket::testing::read_request(peer));
      co_await peer.send_all(hocket::testing::response_text(200, "old"));
      co_return;
    }
    h2_server shared = co_await h2_server::greet(hocket::byte_stream(std::move(peer)));
    const auto id = co_await shared.request();
    co_await shared.send(h2::reset(id, h2::http_1_1_required));
    co_await hocket::testing::answer_all(shared);
  });
  session web(speaking());
  http::response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.read(), "old");
  http::response after = co_await web.get(std::string_view(server.url("/after")));
  EXPECT_EQ(co_await after.read(), "/after");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(http2_session, a_connection_that_nobody_uses_is_closed) {
  running_server server(echo_target, spoken({.idle = 1h}));
  session web(speaking({.keep_alive = 15s}));
  EXPECT_EQ(co_await ask(web, "GET", server.url("/1")), "/1");
  co_await hocket::sleep(14s);
  EXPECT_EQ(server.server.connections(), 1U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.server.connections(), 0U);
  EXPECT_EQ(co_await ask(web, "GET", server.url("/2")), "/2");
  co_await server.stop();
}

HOCKET_TEST(http2_session, its_end_ends_its_connections) {
  running_server server(echo_target, {.tls = server_here(), .idle = 1h});
  {
    session web({.tls = client_here()});
    EXPECT_EQ(co_await ask(web, "GET", server.url("/1")), "/1");
    EXPECT_EQ(server.server.connections(), 1U);
  }
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.server.connections(), 0U);
  co_await server.stop();
}

HOCKET_TEST(http2_session, a_connection_whose_task_is_cancelled_cancels_no_request) {
  running_server server(take_time, spoken());
  session web(speaking());
  auto slow = create_task(failure_of(ask(web, "GET", server.url("/5"))));
  co_await hocket::sleep(1s);
  for (auto& each : hocket::all_tasks())
    if (each.name() == "http connection") each.cancel();
  EXPECT_EQ(co_await slow, "std::system_error: the connection was ended: Operation canceled");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/0")), "/0");
  co_await server.stop();
}

// ---- limits of time

HOCKET_TEST(http2_session, gives_up_on_a_server_that_does_not_answer) {
  running_server server(take_time, spoken());
  session web(speaking({.timeouts = {.sock_read = 10s}}));
  const auto before = now();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url("/100"))), "timeout_error: the server sends nothing");
  EXPECT_EQ(now() - before, 10s);
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url("/100"), {.timeout = 3s})),
            "timeout_error: no complete answer in time");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/9")), "/9");
  co_await server.stop();
}

HOCKET_TEST(http2_session, gives_up_on_a_server_that_takes_no_body) {
  running_server server(
      [](request&) -> coro<reply> {
        co_await hocket::sleep(1h);
        co_return reply();
      },
      spoken());
  session web(speaking({.timeouts = {.sock_read = 10s}}));
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large)})),
            "timeout_error: the server takes no request");
  co_await server.stop();
}

// ---- cancelled anywhere

void cancel_everywhere(coro<void> (*scenario)(), std::size_t least_suspensions) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(scenario, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, least_suspensions);
  }
}

TEST(http2_session, requests_cancelled_anywhere_leave_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server server(hocket::testing::speaking_http2(
            [](h2_server& peer, std::size_t) -> coro<void> { co_await hocket::testing::answer_all(peer); }));
        session web(speaking({.limit = 2}));
        const auto work = [](session& web, scripted_server& server) -> coro<void> {
          co_await ask(web, "POST", server.url("/a"), {.body = "text"});
          co_await hocket::gather(
              ask(web, "GET", server.url("/b")),
              ask(web, "POST", server.url("/c"),
                  {.body = body::stream([](body_writer& to) -> coro<void> { co_await to.write("made"); })}));
        };
        const auto outcome = co_await hocket::as_result(work(web, server));
        // Whatever was cancelled, the session serves as many others as ever.
        const auto [one, two] =
            co_await hocket::gather(ask(web, "GET", server.url("/one")), ask(web, "GET", server.url("/two")));
        EXPECT_EQ(one + two, "/one/two");
        EXPECT_LE(server.connections(), 2U) << "one may have been cancelled while it was made";
        if (!outcome) std::rethrow_exception(outcome.error());
      },
      8);
}

TEST(http2_session, an_exchange_cancelled_anywhere_leaves_nothing_behind) {
  const auto scenario = +[]() -> coro<void> {
    static const hocket::tls_context at_server = server_here({.alpn_protocols = {"h2"}});
    static const hocket::tls_context at_client = client_here();
    scripted_server server(hocket::testing::over_tls(
        [](hocket::byte_stream& stream, std::size_t) -> coro<void> {
          h2_server peer = co_await h2_server::greet(std::move(stream));
          co_await hocket::testing::answer_all(peer);
        },
        at_server));
    session web({.tls = at_client});
    co_await web.exchange("POST", std::string_view(hocket::testing::secure_url(server)),
                          {.body = body::stream([](body_writer& to) -> coro<void> { co_await to.write("made"); })},
                          [](response& answer) -> coro<void> { static_cast<void>(co_await answer.read()); });
  };
  cancel_everywhere(scenario, 8);
}

// Twice: it is sent again at once, and then behind a pause. More would be more of the same.
TEST(http2_session, a_request_that_is_refused_first_cancelled_anywhere_leaves_nothing_behind) {
  static std::string outcome;
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server server(hocket::testing::speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
          const auto id = nth < 2 ? co_await peer.request() : 0;
          if (id != 0) co_await peer.send(h2::reset(id, h2::refused_stream) + h2::goodbye(id));
          co_await hocket::testing::answer_all(peer);
        }));
        session web(speaking());
        outcome = co_await failure_of(ask(web, "GET", server.url()));
        EXPECT_LE(server.connections(), 3U);
      },
      8);
  EXPECT_EQ(outcome, "none: /");  // undisturbed
}

}  // namespace
