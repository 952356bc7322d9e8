#include <chrono>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/h2_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
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
using hocket::testing::failure_of;
using hocket::testing::h2_server;
using hocket::testing::scripted_server;
using hocket::testing::speaking;
using hocket::testing::speaking_http2;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// What becomes of a request to a server that sends `bytes` on stream 1, once it was asked, and waits.
coro<std::string> outcome_of(std::string bytes, std::string method = "GET") {
  scripted_server server(speaking_http2([bytes = std::move(bytes)](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(bytes);
    while ((co_await peer.next()).type != -1) {
    }
  }));
  session web(speaking());
  co_return co_await failure_of(ask(web, std::move(method), server.url()));
}

// ---- answers

HOCKET_TEST(hostile_http2_server, gives_answers_in_all_shapes_that_are_allowed) {
  const std::string empty = h2::answer_head(1, "200", {{"content-length", "0"}}, true);
  const std::string of_head = h2::answer_head(1, "200", {{"content-length", "1000"}}, true);
  const std::string interim = h2::answer_head(1, "103", {{"link", "</a.css>"}}) + h2::answer_head(1, "100");
  const std::string pieces = h2::body(1, "a", false) + h2::body(1, "", false) + h2::body(1, "b", false);
  const std::string trailers = h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::field("x-sum", "1"));
  EXPECT_EQ(co_await outcome_of(h2::answer(1, "hello")), "none: hello");
  EXPECT_EQ(co_await outcome_of(empty), "none: ");
  EXPECT_EQ(co_await outcome_of(of_head, "HEAD"), "none: ");
  EXPECT_EQ(co_await outcome_of(interim + h2::answer(1, "final")), "none: final");
  EXPECT_EQ(co_await outcome_of(h2::answer_head(1, "200") + pieces + trailers), "none: ab");
  const std::string padded = h2::frame(h2::data, h2::padded | h2::end_stream, 1, std::string("\3abc\0\0\0", 7));
  EXPECT_EQ(co_await outcome_of(h2::answer_head(1, "200") + padded), "none: abc");
}

HOCKET_TEST(hostile_http2_server, sends_no_body_where_there_is_none) {
  const std::string malformed = "protocol_error: the answer breaks the rules of HTTP/2";
  EXPECT_EQ(co_await outcome_of(h2::answer(1, "x"), "HEAD"), malformed);
  for (const char* status : {"204", "304"}) EXPECT_EQ(co_await outcome_of(h2::answer(1, "x", status)), malformed);
  EXPECT_EQ(co_await outcome_of(h2::answer(1, "", "204")), "none: ");
}

HOCKET_TEST(hostile_http2_server, is_understood_however_its_bytes_are_cut) {
  const std::string bytes = h2::answer_head(1, "103", {{"link", "</a.css>"}}) +
                            h2::answer_head(1, "200", {{"x", "y"}}) + h2::body(1, "one ", false) + h2::window(0, 5) +
                            h2::body(1, "two", false) +
                            h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::field("x-sum", "1"));
  for (const std::size_t size : {1U, 2U, 7U}) {
    scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await peer.request());
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        co_await peer.send(bytes.substr(at, size));
        co_await hocket::sleep(1ms);
      }
      co_await answer_all(peer);
    }));
    session web(speaking());
    EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "none: one two");
    EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
    EXPECT_EQ(server.connections(), 1U);
  }
}

HOCKET_TEST(hostile_http2_server, that_breaks_the_rules_of_an_answer_is_told_so_and_the_connection_goes_on) {
  const std::string malformed = "protocol_error: the answer breaks the rules of HTTP/2";
  const std::vector<std::string> bad{
      h2::answer_head(1, "200", {{"content-length", "5"}}) + h2::body(1, "four"),
      h2::answer_head(1, "200", {{"content-length", "3"}}) + h2::body(1, "four"),
      h2::answer_head(1, "200", {{"Upper", "case"}}),
      h2::answer_head(1, "200", {{"connection", "close"}}),
      h2::answer_head(1, "200", {{"transfer-encoding", "chunked"}}),
      h2::answer_head(1, "200", {{"x", "line\r\nend"}}),
      h2::answer_head(1, "200", {{":status", "200"}}),
      h2::answer_head(1, "200", {{":path", "/"}}),
      h2::answer_head(1, "two"),
      h2::answer_head(1, "101"),
      h2::frame(h2::headers, h2::end_headers, 1, h2::block({{"x", "no status"}})),
      h2::answer_head(1, "103", {}, true),
  };
  for (const std::string& each : bad) {
    scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await peer.request());
      co_await peer.send(each);
      co_await answer_all(peer);
      EXPECT_EQ(peer.so_far(1).reset.value_or(0), h2::protocol_error);
    }));
    session web(speaking());
    EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), malformed) << each;
    EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next") << each;
    EXPECT_EQ(server.connections(), 1U) << each;
  }
}

HOCKET_TEST(hostile_http2_server, whose_head_is_too_large_is_not_read) {
  const std::string value(60'000, 'x');
  const auto large = [&](std::string_view more) {
    std::string bytes;
    const std::string block = h2::block({{":status", "200"}, {"x", value}, {"y", more}});
    for (std::size_t at = 0; at < block.size(); at += 16'000) {
      const bool is_last = at + 16'000 >= block.size();
      bytes += h2::frame(at == 0 ? h2::headers : h2::continuation, is_last ? h2::end_headers : h2::none, 1,
                         std::string_view(block).substr(at, 16'000));
    }
    return bytes + h2::body(1, "x");
  };
  EXPECT_EQ(co_await outcome_of(large("fits")), "none: x");
  EXPECT_EQ(co_await outcome_of(large(std::string(10'000, 'y'))), "http::detail::bad_message: head larger than 64 KiB");
  std::string many = h2::block({{":status", "200"}});
  for (int n = 0; n < 300; ++n) many += h2::field("x", "y");
  EXPECT_EQ(co_await outcome_of(h2::frame(h2::headers, h2::end_headers, 1, many)),
            "http::detail::bad_message: more than 256 header fields");
}

HOCKET_TEST(hostile_http2_server, that_says_interim_answers_without_end_is_cut_off) {
  std::string hints;
  for (int n = 0; n < 2000; ++n) hints += h2::answer_head(1, "103", {{"link", std::string(50, 'x')}});
  EXPECT_EQ(co_await outcome_of(hints), "http::detail::bad_message: head larger than 64 KiB");
}

HOCKET_TEST(hostile_http2_server, that_gives_a_request_up_says_why) {
  EXPECT_EQ(co_await outcome_of(h2::reset(1, h2::internal_error)),
            "http::server_disconnected: the server has given the request up: INTERNAL_ERROR");
  EXPECT_EQ(co_await outcome_of(h2::answer_head(1, "200") + h2::body(1, "half", false) + h2::reset(1, h2::cancel)),
            "http::server_disconnected: the server has given the request up: CANCEL");
}

HOCKET_TEST(hostile_http2_server, that_cuts_an_answer_off_gives_what_came_first) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::answer_head(1, "200") + h2::body(1, "half", false));
    co_await peer.stream().shutdown_send();
    static_cast<void>(co_await peer.goodbye());
  }));
  session web(speaking());
  response answer = co_await web.get(server.url());
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await answer.next(), "half");
  for (int n = 0; n < 2; ++n)
    EXPECT_EQ(co_await failure_of(answer.read()), "http::server_disconnected: connection closed within its body");
}

HOCKET_TEST(hostile_http2_server, that_has_enough_of_a_body_stops_it_and_its_answer_is_given) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::answer(1, "enough") + h2::reset(1, h2::no_error));
    co_await answer_all(peer);
  }));
  session web(speaking());
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::borrow(large)}), "enough");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(hostile_http2_server, whose_refusal_ends_the_sending) {
  bool was_stopped = false;
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::answer(1, "no", "413"));
    const auto seen = co_await peer.answer(1);
    was_stopped = seen.reset == h2::cancel;
    co_await answer_all(peer);
  }));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream([](body_writer& to) -> coro<void> {
                                                       for (;;) {
                                                         co_await to.write("x");
                                                         co_await hocket::sleep(1s);
                                                       }
                                                     })}),
            "no");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/next")), "/next");
  EXPECT_TRUE(was_stopped);
}

// ---- connections

HOCKET_TEST(hostile_http2_server, that_breaks_the_protocol_is_told_so) {
  const std::string broken = "protocol_error: the server breaks the rules of HTTP/2";
  EXPECT_EQ(co_await outcome_of(h2::frame(h2::data, h2::none, 0, "x")), broken);
  EXPECT_EQ(co_await outcome_of(h2::frame(h2::headers, h2::end_headers, 1, "\xff\xff\xff\xff")), broken);
  EXPECT_EQ(co_await outcome_of(h2::frame(h2::ping, h2::none, 0, "short")), broken);
  EXPECT_EQ(co_await outcome_of(h2::window(0, 0)), broken);
  EXPECT_EQ(co_await outcome_of(h2::body(1, "no head")), broken);
  EXPECT_EQ(co_await outcome_of(h2::get(2, "/")), broken) << "a server that asks";
}

HOCKET_TEST(hostile_http2_server, may_not_push) {
  EXPECT_EQ(co_await outcome_of(
                h2::frame(h2::push_promise, h2::end_headers, 1, h2::number(2) + h2::request_block("GET", "/pushed")) +
                h2::answer(1, "asked")),
            "protocol_error: the server breaks the rules of HTTP/2");
  scripted_server early([](tcp_socket& peer, std::size_t) -> coro<void> {
    std::string come;
    while (!come.contains("pushes")) come += (co_await peer.receive()).text();
    co_await peer.send_all(  // our settings are not acknowledged yet
        h2::frame(h2::settings, h2::none, 0, "") +
        h2::frame(h2::push_promise, h2::end_headers, 1, h2::number(2) + h2::request_block("GET", "/pushed")) +
        h2::answer(1, "asked"));
    while (co_await peer.receive()) {
    }
  });
  session web(speaking());
  EXPECT_EQ(co_await failure_of(ask(web, "POST", early.url(), {.body = "pushes"})), "none: asked");
}

HOCKET_TEST(hostile_http2_server, that_floods_is_left) {
  const std::string flooded = "protocol_error: the server floods the connection";
  std::string pings;
  std::string settings;
  std::string empty = h2::answer_head(1, "200");
  for (int n = 0; n < 2000; ++n) {
    pings += h2::frame(h2::ping, h2::none, 0, "12345678");
    settings += h2::frame(h2::settings, h2::none, 0, "");
    empty += h2::body(1, "", false);
  }
  for (const std::string& each : {pings, settings, empty}) EXPECT_EQ(co_await outcome_of(each), flooded);
  std::string answered;
  std::string unknown;
  std::string windows;
  std::string farewells;
  std::string continued = h2::frame(h2::headers, h2::none, 1, h2::field(":status", "200"));
  for (int n = 0; n < 2000; ++n) {
    answered += h2::frame(h2::ping, h2::ack, 0, "12345678");
    unknown += h2::frame(0x42, h2::none, 0, "?");
    windows += h2::window(0, 1);
    farewells += h2::goodbye(0x7fffffff);
    continued += h2::frame(h2::continuation, h2::none, 1, "");
  }
  for (const std::string& each : {answered, unknown, windows, farewells, continued})
    EXPECT_EQ(co_await outcome_of(each), flooded);
}

HOCKET_TEST(hostile_http2_server, that_resets_what_has_ended_without_end_is_left) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    static_cast<void>(co_await peer.request());
    std::string resets;
    for (int n = 0; n < 2000; ++n) resets += h2::reset(1);
    co_await peer.send(resets);
    co_await answer_all(peer);
  }));
  session web(speaking());
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "protocol_error: the server floods the connection");
}

HOCKET_TEST(hostile_http2_server, whose_head_grows_when_it_is_unpacked_costs_the_connection_and_says_so) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    static_cast<void>(co_await peer.request());
    const std::string kept = "\x40" + h2::hpack_text("x") + h2::hpack_text(std::string(4000, 'x'));
    co_await peer.send(
        h2::frame(h2::headers, h2::end_headers, 1, h2::field(":status", "200") + kept + std::string(100, '\xbe')));
    co_await answer_all(peer);
  }));
  session web(speaking());
  auto first = create_task(failure_of(ask(web, "GET", server.url())));
  auto second = create_task(failure_of(ask(web, "GET", server.url())));
  EXPECT_EQ(co_await first, "http::detail::bad_message: head larger than 64 KiB");
  EXPECT_EQ(co_await second, "protocol_error: the head of an answer is larger than 256 KiB");
}

HOCKET_TEST(hostile_http2_server, that_does_not_speak_it_is_told_from_one_that_breaks_its_rules) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.receive());
    co_await peer.send_all("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    static_cast<void>(co_await peer.receive());
  });
  session web(speaking());
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "protocol_error: the server does not speak HTTP/2");
}

HOCKET_TEST(hostile_http2_server, that_closes_without_an_answer_is_not_asked_again_on_a_new_connection) {
  scripted_server server(
      speaking_http2([](h2_server& peer, std::size_t) -> coro<void> { static_cast<void>(co_await peer.request()); }));
  session web(speaking());
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "http::detail::stale_connection: the server closed the connection without an answer");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(hostile_http2_server, that_closes_a_connection_that_rested_is_asked_again_if_that_does_no_harm) {
  const auto script = [](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    co_await peer.send(h2::answer(co_await peer.request(), "first"));
    static_cast<void>(co_await peer.request());  // and closes
  };
  for (const std::string method : {"GET", "POST"}) {
    scripted_server server(speaking_http2(script));
    session web(speaking());
    EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
    EXPECT_EQ(co_await failure_of(ask(web, method, server.url("/second"))),
              method == "GET" ? "none: /second"
                              : "http::detail::stale_connection: the server closed the connection without an answer");
  }
}

HOCKET_TEST(hostile_http2_server, what_it_has_not_processed_is_sent_again_whatever_it_is) {
  const auto leaving = [](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    static_cast<void>(co_await peer.request());
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::goodbye(1));
    co_await hocket::sleep(1s);
    co_await peer.send(h2::answer(1, "processed"));
    EXPECT_EQ((co_await peer.next(h2::headers)).type, -1) << "nothing more is asked";
  };
  scripted_server server(speaking_http2(leaving));
  session web(speaking());
  auto first = create_task(ask(web, "POST", server.url("/1"), {.body = "x"}));
  auto second = create_task(ask(web, "POST", server.url("/2"), {.body = "x"}));
  EXPECT_EQ(co_await second, "/2");
  EXPECT_FALSE(first.done());
  EXPECT_EQ(co_await first, "processed");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(hostile_http2_server, may_say_twice_that_it_leaves) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t nth) -> coro<void> {
    if (nth > 0) co_return co_await answer_all(peer);
    static_cast<void>(co_await peer.request());
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::goodbye(0x7fffffff));
    co_await hocket::sleep(1s);
    co_await peer.send(h2::goodbye(1));
    co_await hocket::sleep(1s);
    co_await peer.send(h2::answer(1, "processed"));
    EXPECT_EQ((co_await peer.next(h2::headers)).type, -1) << "nothing more is asked";
  }));
  session web(speaking());
  auto first = create_task(ask(web, "POST", server.url("/1"), {.body = "x"}));
  auto second = create_task(ask(web, "POST", server.url("/2"), {.body = "x"}));
  EXPECT_EQ(co_await second, "/2");
  EXPECT_FALSE(first.done());
  EXPECT_EQ(co_await first, "processed");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(hostile_http2_server, that_leaves_while_a_body_comes_takes_it_whole) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    const auto id = co_await peer.request();
    co_await peer.send(h2::goodbye(id));
    const auto seen = co_await peer.answer(id);
    co_await peer.send(h2::answer(id, seen.body));
    EXPECT_EQ(co_await peer.goodbye(), "0 0");
  }));
  session web(speaking());
  std::string text;
  const auto slow = [](body_writer& to) -> coro<void> {
    co_await to.write("one ");
    co_await hocket::sleep(1s);
    co_await to.write("two");
  };
  co_await web.exchange("POST", std::string_view(server.url()), {.body = body::stream(slow)},
                        [&](response& answer) -> coro<void> { text = co_await answer.read(); });
  EXPECT_EQ(text, "one two");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(hostile_http2_server, what_it_refuses_is_sent_again_but_not_without_end) {
  std::size_t asked = 0;
  std::size_t refusals = 1;
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    for (std::uint32_t id = co_await peer.request(); id != 0; id = co_await peer.request())
      co_await peer.send(asked++ < refusals ? h2::reset(id, h2::refused_stream) : h2::answer(id, "done"));
  }));
  session web(speaking({.keep_alive = 1h}));
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "x"}), "done");
  EXPECT_EQ(asked, 2U);
  refusals = 1000;
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = "x"})),
            "http::detail::request_not_processed: the server refuses to process the request now");
  EXPECT_EQ(asked, 2U + 11U);
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(hostile_http2_server, that_ends_the_connection_for_a_reason_is_quoted) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    co_await peer.send(h2::goodbye(1, h2::enhance_your_calm));
    co_await peer.stream().shutdown_send();
    static_cast<void>(co_await peer.goodbye());
  }));
  session web(speaking());
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "http::server_disconnected: the server has ended the connection: ENHANCE_YOUR_CALM");
}

HOCKET_TEST(hostile_http2_server, that_does_not_acknowledge_settings_is_left) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    co_await peer.send_all(h2::frame(h2::settings, h2::none, 0, ""));
    while (co_await peer.receive()) {
    }
  });
  session web(speaking({.timeouts = {.sock_connect = 5s, .sock_read = 1h}}));
  const auto before = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "timeout_error: the server does not acknowledge the settings of HTTP/2");
  EXPECT_EQ(hocket::loop::running().time() - before, 5s);
}

HOCKET_TEST(hostile_http2_server, that_answers_no_ping_is_given_up) {
  bool was_pinged = false;
  scripted_server server(speaking_http2([&](h2_server& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.request());
    was_pinged = (co_await peer.next(h2::ping)).type == h2::ping;
    co_await hocket::sleep(1h);
  }));
  session web(speaking({.timeouts = {.sock_read = 1h}, .http2 = {.ping_interval = 10s, .ping_timeout = 5s}}));
  const auto before = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 2h})),
            "timeout_error: the server does not answer a ping");
  EXPECT_TRUE(was_pinged);
  EXPECT_EQ(hocket::loop::running().time() - before, 15s);
}

HOCKET_TEST(hostile_http2_server, that_answers_pings_may_take_its_time) {
  scripted_server server(speaking_http2([](h2_server& peer, std::size_t) -> coro<void> {
    const auto id = co_await peer.request();
    for (int n = 0; n < 5; ++n) {
      const auto ping = co_await peer.next(h2::ping);
      co_await peer.send(h2::frame(h2::ping, h2::ack, 0, ping.payload));
    }
    co_await peer.send(h2::answer(id, "at last"));
    co_await hocket::sleep(1h);
  }));
  session web(speaking({.timeouts = {.sock_read = 1h}, .http2 = {.ping_interval = 10s, .ping_timeout = 5s}}));
  EXPECT_EQ(co_await ask(web, "GET", server.url(), {.timeout = 2h}), "at last");
}

HOCKET_TEST(hostile_http2_server, that_takes_no_request_at_all_keeps_them_waiting_in_time) {
  scripted_server server(speaking_http2(
      [](h2_server& peer, std::size_t) -> coro<void> {
        while ((co_await peer.next()).type != -1) {
        }
      },
      h2::setting(3, 0)));
  session web(speaking({.timeouts = {.sock_read = 5s}}));
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "timeout_error: the server sends nothing");
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 3s})),
            "timeout_error: no complete answer in time");
}

}  // namespace
