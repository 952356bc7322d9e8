// Messages that pass through: a server whose handler asks another server, as reverse proxies do.
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::body_source;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::http::session;
using hocket::testing::running_server;
using hocket::testing::scripted_server;

namespace {

static_assert(std::is_convertible_v<request&, body_source&>);

/// A server before another one.
class relaying_server {
 public:
  explicit relaying_server(std::string upstream, server_options options = {.cancel_on_disconnect = true})
      : upstream_(std::move(upstream)),
        server([this](request& asked) -> coro<reply> { co_return co_await pass_on(asked); }, std::move(options)) {}

 private:
  coro<reply> pass_on(request& asked) {
    auto answer =
        co_await web.request(std::string(asked.method()), upstream_ + std::string(asked.target()),
                             {.body = asked.has_body() ? body::relay(asked, asked.content_length()) : body()});
    const auto length = answer.content_length();
    const int status = answer.status();
    co_return reply{.status = status, .body = body::relay(std::move(answer), length)};
  }

  std::string upstream_;

 public:
  session web{};
  running_server server;
};

coro<reply> echo(request& asked) {
  const auto length = asked.content_length();
  std::string text = co_await asked.read();
  if (asked.target() == "/chunked")
    co_return reply::stream("text/plain", [text](body_writer& out) -> coro<void> { co_await out.write(text); });
  co_return reply::text(fmt::format("{}:{}", length ? "length" : "chunks", text));
}

HOCKET_TEST(relay, passes_bodies_on_as_they_are_framed) {
  running_server upstream(echo);
  relaying_server between("http://" + upstream.address().to_string());
  session web;
  const auto ask = [&](std::string_view path, body what) -> coro<std::string> {
    auto answer = co_await web.post(between.server.url(path), {.body = std::move(what)});
    EXPECT_EQ(answer.content_length().has_value(), path == "/");
    co_return co_await answer.text();
  };
  const auto in_chunks = [] {
    return body::stream([](body_writer& out) -> coro<void> {
      co_await out.write("one,");
      co_await out.write("two");
    });
  };
  EXPECT_EQ(co_await ask("/", "text"), "length:text");
  EXPECT_EQ(co_await ask("/", in_chunks()), "chunks:one,two");
  EXPECT_EQ(co_await ask("/chunked", in_chunks()), "one,two");
  const std::string large(700'000, 'x');
  EXPECT_EQ(co_await ask("/chunked", large), large);
  EXPECT_EQ(upstream.server.connections(), 1U);
  co_await between.server.stop();
  co_await upstream.stop();
}

HOCKET_TEST(relay, cannot_be_repeated) {
  request none;
  EXPECT_FALSE(body::relay(none).can_repeat());
  EXPECT_EQ(body::relay(none).length(), std::nullopt);
  EXPECT_EQ(body::relay(none, 7).length(), 7U);
  co_return;
}

HOCKET_TEST(relay, sends_each_piece_when_it_comes) {
  running_server upstream([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
      co_await out.write("early");
      co_await hocket::sleep(10s);
      co_await out.write("late");
    });
  });
  relaying_server between("http://" + upstream.address().to_string());
  session web;
  auto answer = co_await hocket::wait_for(web.get(between.server.url()), 1s);
  EXPECT_EQ(co_await hocket::wait_for(answer.next(), 1s), "early");
  EXPECT_EQ(co_await answer.text(), "late");
  co_await between.server.stop();
  co_await upstream.stop();
}

HOCKET_TEST(relay, takes_no_more_than_goes_out) {
  std::uint64_t made = 0;
  running_server upstream([&made](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [&made](body_writer& out) -> coro<void> {
      const std::string piece(64 * 1024, 'x');
      for (;;) {
        co_await out.write(piece);
        made += piece.size();
      }
    });
  });
  relaying_server between("http://" + upstream.address().to_string());
  auto client = co_await tcp_socket::connect(between.server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(2s);  // of a clock that jumps: when nothing more can happen
  const std::uint64_t kept = made;
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 64U << 20U);  // what four buffers of the system hold
  co_await hocket::sleep(2s);
  EXPECT_EQ(made, kept);
  client.close();
  co_await between.server.stop();
  co_await upstream.stop();
}

HOCKET_TEST(relay, cuts_off_what_was_cut_off) {
  scripted_server upstream(
      hocket::testing::answering_once_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot so much"));
  relaying_server between(upstream.url_at("127.0.0.1", ""));
  session web;
  auto answer = co_await web.get(between.server.url());
  EXPECT_EQ(answer.content_length(), 100U);
  EXPECT_EQ(co_await answer.next(), "not so much");
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::http::server_disconnected>(answer.next()));
  co_await between.server.stop();
}

/// A server that reads all that comes, and tells when that ended.
scripted_server::script swallowing(std::optional<hocket::duration>& ended) {
  return [&ended](tcp_socket& peer, std::size_t) -> coro<void> {
    const auto begun = hocket::loop::running().time();
    static_cast<void>(co_await hocket::as_result(hocket::testing::receive_to_end(peer)));
    ended = hocket::loop::running().time() - begun;
  };
}

// In the midst of the request's body, after it, and while the answer's body is made.
HOCKET_TEST(relay, leaves_the_server_behind_when_the_client_goes) {
  for (const char* sent : {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfive.",
                           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n",
                           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfive.",
                           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n0\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    std::optional<hocket::duration> ended;
    scripted_server upstream(swallowing(ended));
    relaying_server between(upstream.url_at("127.0.0.1", ""));
    auto client = co_await tcp_socket::connect(between.server.address());
    co_await client.send_all(sent);
    co_await hocket::sleep(3s);
    EXPECT_FALSE(ended) << sent;
    client.close();
    co_await hocket::sleep(1s);
    EXPECT_TRUE(ended && *ended < 4s) << sent;
    co_await between.server.stop();
  }
}

HOCKET_TEST(relay, leaves_a_server_behind_that_sends_nothing_more) {
  std::optional<hocket::duration> ended;
  scripted_server upstream([&ended](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await hocket::testing::read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n\r\nthe beginning");
    co_await swallowing(ended)(peer, nth);
  });
  relaying_server between(upstream.url_at("127.0.0.1", ""));
  auto client = co_await tcp_socket::connect(between.server.address());
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await hocket::sleep(3s);
  EXPECT_FALSE(ended);
  client.close();
  co_await hocket::sleep(1s);
  EXPECT_TRUE(ended && *ended < 4s);
  co_await between.server.stop();
}

HOCKET_TEST(relay, of_a_request_that_breaks_off_is_no_answer_of_the_server_behind) {
  std::optional<hocket::duration> ended;
  std::vector<std::string> reported;
  scripted_server upstream(swallowing(ended));
  relaying_server between(upstream.url_at("127.0.0.1", ""),
                          {.on_error = [&](const std::string& problem) { reported.push_back(problem); }});
  const std::string answer = co_await hocket::testing::answer_to(
      between.server.address(),
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\nno size\r\n");
  co_await hocket::sleep(1s);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(ended);
  EXPECT_TRUE(reported.empty()) << reported.front();
  co_await between.server.stop();
}

TEST(relay, can_be_cancelled_everywhere) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          running_server upstream(echo);
          relaying_server between("http://" + upstream.address().to_string());
          const auto use = [&]() -> coro<void> {
            session web;
            auto answer = co_await web.post(between.server.url("/chunked"), {.body = std::string(100'000, 'x')});
            EXPECT_EQ((co_await answer.text()).size(), 100'000U);
          };
          const auto outcome = co_await hocket::as_result(use());
          co_await between.server.stop();
          co_await upstream.stop();
          if (!outcome) std::rethrow_exception(outcome.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.cancelled, 8U);
  }
}

}  // namespace
