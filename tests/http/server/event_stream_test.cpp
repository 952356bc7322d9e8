#include <array>
#include <string>

#include <http/server/answers.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/event_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::event_stream;
using hocket::http::event_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_event;
using hocket::testing::answer_to;
using hocket::testing::field_of;
using hocket::testing::has_line;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::whole_body_of;

namespace {

using producer = hocket::function<coro<void>(event_writer&)>;

const std::string get = request_of("GET", "/");
const hocket::http::event_stream_options silent{.heartbeat = std::nullopt};

/// All that a client gets.
coro<std::string> events_of(producer produce, hocket::http::event_stream_options options = silent) {
  running_server server([&](request&) -> coro<reply> { co_return event_stream(std::move(produce), options); });
  const std::string answer = co_await answer_to(server.address(), get);
  co_await server.stop();
  co_return whole_body_of(answer);
}

/// What one event becomes, without the comment at the beginning.
coro<std::string> written(server_event one) {
  const std::string all = co_await events_of([one](event_writer& events) -> coro<void> { co_await events.send(one); });
  EXPECT_TRUE(all.starts_with(":\n\n"));
  co_return all.substr(std::min<std::size_t>(3, all.size()));
}

HOCKET_TEST(event_stream, is_what_pages_expect) {
  running_server server([](request&) -> coro<reply> {
    co_return event_stream([](event_writer& events) -> coro<void> { co_await events.send("one"); });
  });
  const std::string answer = co_await answer_to(server.address(), get);
  EXPECT_TRUE(has_line(answer, "Content-Type: text/event-stream"));
  EXPECT_TRUE(has_line(answer, "Cache-Control: no-store"));
  EXPECT_EQ(whole_body_of(answer), ":\n\ndata: one\n\n");
  co_await server.stop();
}

HOCKET_TEST(event_stream, writes_the_fields_of_events) {
  EXPECT_EQ(co_await written({.data = "x"}), "data: x\n\n");
  EXPECT_EQ(co_await written({.data = "x", .type = "news", .id = "7"}), "id: 7\nevent: news\ndata: x\n\n");
  EXPECT_EQ(co_await written({.data = "x", .id = ""}), "id: \ndata: x\n\n");
  EXPECT_EQ(co_await written({}), "data: \n\n");
  EXPECT_EQ(co_await written({.data = " x"}), "data:  x\n\n");
}

HOCKET_TEST(event_stream, every_line_of_data_is_data) {
  EXPECT_EQ(co_await written({.data = "a\nb\r\nc\rd"}), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(co_await written({.data = "a\n\nid: 1\n"}), "data: a\ndata: \ndata: id: 1\ndata: \n\n");
  EXPECT_EQ(co_await written({.data = "\r\r\n"}), "data: \ndata: \ndata: \n\n");
}

HOCKET_TEST(event_stream, refuses_types_and_ids_that_would_become_fields) {
  for (const std::string_view bad : {std::string_view("a\nb"), std::string_view("a\rb"), std::string_view("a\0b", 3)}) {
    const auto refused = [bad](event_writer& events) -> coro<void> {
      EXPECT_THROW(co_await events.send({.type = bad}), hocket::error);
      EXPECT_THROW(co_await events.send({.id = bad}), hocket::error);
    };
    EXPECT_EQ(co_await events_of(refused), ":\n\n");
  }
}

HOCKET_TEST(event_stream, writes_comments_and_retry) {
  EXPECT_EQ(co_await events_of([](event_writer& events) -> coro<void> {
              co_await events.comment("a\ndata: b");
              co_await events.retry(1500ms);
            }),
            ":\n\n:a\n:data: b\n\nretry: 1500\n\n");
}

HOCKET_TEST(event_stream, the_head_does_not_wait_for_an_event) {
  running_server server([](request&) -> coro<reply> {
    co_return event_stream([](event_writer&) -> coro<void> { co_await hocket::sleep(1h); });
  });
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(get);
  const auto begun = hocket::loop::running().time();
  EXPECT_TRUE((co_await client.receive()).text().ends_with("3\r\n:\n\n\r\n"));
  EXPECT_EQ(hocket::loop::running().time(), begun);
  client.close();
  co_await server.stop();
}

HOCKET_TEST(event_stream, beats_while_there_is_silence) {
  EXPECT_EQ(co_await events_of(
                [](event_writer& events) -> coro<void> {
                  co_await hocket::sleep(25s);
                  co_await events.send("a");  // at 25, between the beats at 10 and 20, and 35
                  co_await hocket::sleep(12s);
                },
                {.heartbeat = 10s}),
            ":\n\n:\n\n:\n\ndata: a\n\n:\n\n");
}

HOCKET_TEST(event_stream, is_over_for_a_client_that_has_gone) {
  bool was_cancelled = false;
  bool is_over = false;
  std::string reported;
  running_server server(
      [&](request&) -> coro<reply> {
        co_return event_stream([&](event_writer&) -> coro<void> {
          const auto outcome = co_await hocket::as_result(hocket::sleep(24h));
          was_cancelled = !outcome && hocket::is_cancelled(outcome.error());
          is_over = true;
          if (!outcome) std::rethrow_exception(outcome.error());
        });
      },
      {.on_error = [&](const std::string& problem) { reported = problem; }});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(get);
  static_cast<void>(co_await client.receive());
  client.close();
  const auto begun = hocket::loop::running().time();
  while (!is_over) co_await hocket::sleep(1s);
  EXPECT_TRUE(was_cancelled);
  EXPECT_LT(hocket::loop::running().time() - begun, 1min);
  co_await server.stop();
  EXPECT_EQ(reported, "");
}

HOCKET_TEST(event_stream, what_its_producer_throws_is_reported_and_ends_it) {
  std::string reported;
  running_server server(
      [](request&) -> coro<reply> {
        co_return event_stream([](event_writer& events) -> coro<void> {
          co_await events.send("a");
          throw std::runtime_error("no more");
        });
      },
      {.on_error = [&](const std::string& problem) { reported = problem; }});
  EXPECT_FALSE((co_await answer_to(server.address(), get)).ends_with("0\r\n\r\n"));
  EXPECT_EQ(reported, "GET /: no more");
  co_await server.stop();
}

HOCKET_TEST(event_stream, several_tasks_may_send_at_once) {
  const std::string all = co_await events_of([](event_writer& events) -> coro<void> {
    co_await hocket::gather(events.send("one"), events.send("two"), events.send("three"));
  });
  EXPECT_EQ(all, ":\n\ndata: one\n\ndata: two\n\ndata: three\n\n");
}

HOCKET_TEST(event_stream, knows_what_the_client_got_last) {
  std::string seen;
  running_server server([&](request& asked) -> coro<reply> {
    seen += last_event_id(asked).value_or("-");
    co_return reply{.status = 204};
  });
  co_await answer_to(server.address(), get);
  co_await answer_to(server.address(), request_of("GET", "/", "Last-Event-ID: 7\r\n"));
  EXPECT_EQ(seen, "-7");
  co_await server.stop();
}

HOCKET_TEST(event_stream, passes_through_compression_event_by_event) {
  hocket::http::router routes;
  routes.use(hocket::http::compression());
  routes.get("/", [](request&) -> coro<reply> {
    co_return event_stream([](event_writer& events) -> coro<void> {
      co_await events.send("a");
      co_await hocket::sleep(1h);
    });
  });
  running_server server(std::move(routes));
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(request_of("GET", "/", "Accept-Encoding: gzip\r\n"));
  const auto begun = hocket::loop::running().time();
  std::string answer, plain;
  while (plain != ":\n\ndata: a\n\n" && hocket::loop::running().time() == begun) {
    answer += (co_await client.receive()).text();
    hocket::http::content_decoder decoder(hocket::http::content_coding::gzip);
    std::array<char, 1000> room;
    plain.assign(room.data(), decoder.decode(whole_body_of(answer), room).produced);
  }
  EXPECT_EQ(plain, ":\n\ndata: a\n\n");
  client.close();
  co_await server.stop();
}

}  // namespace
