#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/client/client_peer.hpp>
#include <http/running_server.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/event_source.hpp>
#include <hocket/http/server/event_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
namespace http = hocket::http;
using hocket::testing::failure_of;
using hocket::testing::read_request;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using http::event_source;
using http::session;

namespace {

const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=UTF-8\r\n\r\n";

/// A server whose n-th connection is answered by the n-th of these, and closed; the last holds for all others. Notes what it was asked.
scripted_server::script answering(std::vector<std::string> answers, std::vector<std::string>& asked) {
  return [answers = std::move(answers), &asked](hocket::tcp_socket& peer, std::size_t nth) -> coro<void> {
    asked.push_back(co_await read_request(peer));
    co_await peer.send_all(answers[std::min(nth, answers.size() - 1)]);
  };
}

std::string last_id_in(std::string_view asked) {
  const std::string_view name = "Last-Event-ID: ";
  const auto at = asked.find(name);
  if (at == std::string_view::npos) return "none";
  return std::string(asked.substr(at + name.size(), asked.find('\r', at) - at - name.size()));
}

coro<std::string> data_of(event_source& from) {
  auto event = co_await from.next();
  co_return event ? event->data : "the end";
}

HOCKET_TEST(event_source, receives_what_our_server_sends) {
  running_server server([](http::request&) -> coro<http::reply> {
    co_return http::event_stream([](http::event_writer& to) -> coro<void> {
      co_await to.send({.data = "one\ntwo", .type = "news", .id = "7"});
      co_await to.send("three");
      co_await hocket::sleep(1h);
    });
  });
  session web;
  event_source events(web, server.url());
  const auto first = co_await events.next();
  EXPECT_EQ(first->data, "one\ntwo");
  EXPECT_EQ(first->type, "news");
  EXPECT_EQ(first->last_event_id, "7");
  EXPECT_EQ(co_await data_of(events), "three");
  EXPECT_EQ(events.last_event_id(), "7");
  EXPECT_THROW(co_await hocket::wait_for(events.next(), 10min), hocket::timeout_error);
  co_await server.stop();
}

HOCKET_TEST(event_source, connects_again_behind_the_last_event_until_the_server_wants_no_more) {
  std::vector<std::string> asked;
  scripted_server server(answering({stream_head + "id: 1\ndata: a\n\nid: 2\ndata: not complete\n",
                                    stream_head + "data: b\nid: x\xC3\xA9\n\n", "HTTP/1.1 204 No Content\r\n\r\n"},
                                   asked));
  session web;
  event_source events(web, server.url());
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_EQ(co_await data_of(events), "the end");
  EXPECT_EQ(co_await data_of(events), "the end");
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_EQ(last_id_in(asked.at(0)), "none");
  EXPECT_EQ(last_id_in(asked.at(1)), "1");
  EXPECT_EQ(last_id_in(asked.at(2)), "x\xC3\xA9");
  EXPECT_TRUE(hocket::testing::has_line(asked.at(0), "Accept: text/event-stream"));
}

HOCKET_TEST(event_source, waits_as_long_as_the_server_says) {
  std::vector<std::string> asked;
  scripted_server server(answering({stream_head + "retry: 100000\ndata: a\n\n", stream_head + "data: b\n\n"}, asked));
  session web;
  event_source events(web, server.url(), {.pause = {.first = 1s, .longest = 1h}});
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_GE(hocket::loop::running().time() - begun, 100s);
  EXPECT_LE(hocket::loop::running().time() - begun, 150s);
}

HOCKET_TEST(event_source, waits_as_long_as_the_server_says_though_it_is_longer_than_its_own_longest_pause) {
  std::vector<std::string> asked;
  scripted_server server(
      answering({stream_head + "retry: 600000\ndata: a\n\n", "", stream_head + "data: b\n\n"}, asked));
  session web;
  event_source events(web, server.url(), {.pause = {.first = 1s, .longest = 1min}});
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_GE(hocket::loop::running().time() - begun, 20min);
}

HOCKET_TEST(event_source, outlasts_a_retry_that_is_no_time_of_this_world) {
  std::vector<std::string> asked;
  scripted_server server(
      answering({stream_head + "retry: 9223372036854775807\ndata: a\n\n", stream_head + "data: b\n\n"}, asked));
  session web;
  event_source events(web, server.url());
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_GE(hocket::loop::running().time() - begun, 24h);
  EXPECT_LE(hocket::loop::running().time() - begun, 36h);
}

HOCKET_TEST(event_source, never_asks_without_a_pause) {
  std::vector<std::string> asked;
  scripted_server server(answering({stream_head + "retry: 0\n\n"}, asked));
  session web;
  event_source events(web, server.url(), {.pause = {.first = 0s}});
  EXPECT_THROW(co_await hocket::wait_for(events.next(), 2s), hocket::timeout_error);
  EXPECT_GE(asked.size(), 10U);
  EXPECT_LE(asked.size(), 21U);
}

HOCKET_TEST(event_source, goes_on_behind_an_event_whose_id_no_field_can_carry) {
  std::vector<std::string> asked;
  scripted_server server(
      answering({stream_head + "id: 1\ndata: a\n\nid: \x01\ndata: b\n\n", stream_head + "data: c\n\n"}, asked));
  session web;
  event_source events(web, server.url());
  for (const char* data : {"a", "b", "c"}) EXPECT_EQ(co_await data_of(events), data);
  EXPECT_EQ(last_id_in(asked.at(1)), "1");
}

HOCKET_TEST(event_source, asks_again_when_a_server_is_busy_or_starts_anew) {
  std::vector<std::string> asked;
  const auto busy = [](std::string_view status, std::string_view fields = "") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\nConnection: close\r\n{}\r\n", status, fields);
  };
  scripted_server server(answering({busy("502 Bad Gateway"), busy("503 No", "Retry-After: 600\r\n"), busy("504 Late"),
                                    busy("429 Enough", "Retry-After: 99999999999\r\n"), stream_head + "data: a\n\n"},
                                   asked));
  session web;
  event_source events(web, server.url());
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_GE(hocket::loop::running().time() - begun, 24h + 10min);
  EXPECT_LE(hocket::loop::running().time() - begun, 24h + 12min);
}

HOCKET_TEST(event_source, pauses_after_what_it_throws_too) {
  std::vector<std::string> asked;
  scripted_server server(answering({"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}, asked));
  session web;
  event_source events(web, server.url());
  const auto begun = hocket::loop::running().time();
  for (int n = 0; n < 10; ++n) EXPECT_EQ(co_await failure_of(data_of(events)), "http::status_error: 404 Not Found");
  EXPECT_EQ(asked.size(), 10U);
  EXPECT_GE(hocket::loop::running().time() - begun, 9 * 1500ms);
}

HOCKET_TEST(event_source, does_not_give_up_on_streams_that_have_nothing_to_tell) {
  std::vector<std::string> asked;
  std::vector<std::string> answers(
      10, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n: here\n");
  answers.push_back(stream_head + "data: at last\n\n");
  scripted_server server(answering(answers, asked));
  session web;
  event_source events(web, server.url(), {.max_failures_in_a_row = 3});
  EXPECT_EQ(co_await data_of(events), "at last");
}

HOCKET_TEST(event_source, outlasts_a_server_that_is_away_for_a_while) {
  std::vector<std::string> asked;
  scripted_server server(
      answering({stream_head + "data: a\n\n", "", "", "HTTP/1.1 200", stream_head + "data: b\n\n"}, asked));
  session web;
  event_source events(web, server.url());
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_GE(asked.size(), 5U);
}

HOCKET_TEST(event_source, takes_a_silent_server_for_lost) {
  std::size_t connections = 0;
  scripted_server server([&](hocket::tcp_socket& peer, std::size_t nth) -> coro<void> {
    ++connections;
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(stream_head + (nth == 0 ? "data: a\n\n" : "data: b\n\n"));
    static_cast<void>(co_await peer.receive());
  });
  session web({.timeouts = {.sock_read = 20s}});
  event_source events(web, server.url());
  EXPECT_EQ(co_await data_of(events), "a");
  EXPECT_EQ(co_await data_of(events), "b");
  EXPECT_EQ(connections, 2U);
}

HOCKET_TEST(event_source, throws_what_does_not_mend_by_itself) {
  const auto failure = [](std::string answer) -> coro<std::string> {
    std::vector<std::string> asked;
    scripted_server server(answering({std::move(answer)}, asked));
    session web;
    event_source events(web, server.url(), {.max_event_bytes = 100});
    co_return co_await failure_of(data_of(events));
  };
  EXPECT_EQ(co_await failure("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), "http::status_error: 404 Not Found");
  EXPECT_EQ(co_await failure("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"),
            "http::not_an_event_stream: the server's answer is no text/event-stream");
  EXPECT_EQ(co_await failure("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "http::not_an_event_stream: the server's answer is no text/event-stream");
  EXPECT_EQ(co_await failure(stream_head + std::string(200, 'x')),
            "http::body_too_large: a line of an event is larger than 100 bytes");
}

HOCKET_TEST(event_source, gives_up_after_many_failures_in_a_row) {
  std::vector<std::string> asked;
  scripted_server server(answering({""}, asked));
  session web;
  event_source events(web, server.url(), {.max_failures_in_a_row = 3});
  EXPECT_EQ(co_await failure_of(data_of(events)),
            "http::detail::stale_connection: the server closed the connection without an answer");
  EXPECT_EQ(asked.size(), 3U);
}

HOCKET_TEST(event_source, loses_nothing_when_it_is_cancelled) {
  std::vector<std::string> asked;
  scripted_server server([](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(stream_head);
    for (const char byte : std::string_view("data: first\n\ndata: second\n\n")) {
      co_await peer.send_all(std::string_view(&byte, 1));
      co_await hocket::sleep(1s);
    }
    co_await hocket::sleep(1h);
  });
  session web;
  event_source events(web, server.url());
  const auto impatiently = [&]() -> coro<std::string> {
    for (;;) {
      const auto got = co_await hocket::as_result(hocket::wait_for(data_of(events), 1500ms));
      if (got) co_return *got;
    }
  };
  EXPECT_EQ(co_await impatiently(), "first");
  EXPECT_EQ(co_await impatiently(), "second");
}

HOCKET_TEST(event_source, gives_its_events_one_by_one) {
  std::vector<std::string> asked;
  scripted_server server(answering({stream_head + "data: a\n\ndata: b\n\n", "HTTP/1.1 204 No Content\r\n\r\n"}, asked));
  session web;
  event_source source(web, server.url());
  std::string all;
  auto events = source.events();
  while (auto event = co_await events.next()) all += event->data;
  EXPECT_EQ(all, "ab");
}

}  // namespace
