#include <memory>
#include <string>
#include <string_view>

#include <http/h2_server.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::socket_address;
using hocket::tcp_socket;
using hocket::http::exchange_end;
using hocket::http::exchange_recorder;
using hocket::http::session;
using hocket::testing::answering;
using hocket::testing::answering_once_with;
using hocket::testing::read_request;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;

namespace {

/// What a recorder was shown, exchange after exchange.
struct notes final : exchange_recorder {
  void began(const hocket::url& target, const socket_address& peer, std::string_view request_head) override {
    text += "[" + std::string(target.path()) + "]";
    port = peer.port();
    head = request_head;
  }
  void received(std::string_view bytes) override { came += bytes; }
  void answered(int status) override { text += " " + std::to_string(status) + ":"; }
  void content(std::string_view piece) override { body += piece; }
  void ended(exchange_end how) override {
    static constexpr const char* words[] = {" whole", " timed out", " disconnected", " left"};
    text += words[static_cast<int>(how)];
  }
  [[nodiscard]] bool is_full() const noexcept override { return came.size() - put_away >= room; }
  [[nodiscard]] coro<void> make_room() override {
    co_await hocket::sleep(1s);
    put_away = came.size();
    ++times;
  }

  std::string text, head, came, body;
  unsigned port = 0;
  std::size_t put_away = 0, room = std::string::npos;
  int times = 0;
};

coro<std::string> read_through(session& web, std::string where, std::shared_ptr<notes> by) {
  auto answer = co_await web.get(std::string_view(where), {.recorder = by});
  co_return co_await answer.read();
}

HOCKET_TEST(exchange_recorder, is_shown_messages_of_http_2_as_http_1_would_have_them) {
  namespace h2 = hocket::testing::h2;
  scripted_server server(hocket::testing::speaking_http2([](auto& peer, std::size_t) -> coro<void> {
    const auto id = co_await peer.request();
    const std::string hint = h2::answer_head(id, "103", {{"link", "</a>"}});
    const std::string head = h2::answer_head(id, "200", {{"x", "spaced"}});
    co_await peer.send(hint + head + h2::body(id, "abc"));
    static_cast<void>(co_await peer.request());
  }));
  session web({.user_agent = "u", .http2 = {.prior_knowledge = true}, .decode = false});
  const auto by = std::make_shared<notes>();
  EXPECT_EQ(co_await read_through(web, server.url("/a"), by), "abc");
  EXPECT_EQ(by->head, fmt::format("GET /a HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: u\r\nAccept: */*\r\n\r\n",
                                  server.port()));
  EXPECT_EQ(by->came, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nx: spaced\r\n\r\nabc");
  EXPECT_EQ(by->body, "abc");
  EXPECT_EQ(by->port, server.port());
  EXPECT_EQ(by->text, "[/a] 200: whole");
}

HOCKET_TEST(exchange_recorder, is_shown_what_is_sent_and_received) {
  std::string seen;
  const std::string sent =
      "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nX:  spaced \r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  scripted_server server(answering([&](const std::string& request) {
    seen = request;
    return sent;
  }));
  session web;
  const auto by = std::make_shared<notes>();
  EXPECT_EQ(co_await read_through(web, server.url("/a"), by), "abcde");
  EXPECT_EQ(by->head, seen);
  EXPECT_EQ(by->came, sent);
  EXPECT_EQ(by->body, "abcde");
  EXPECT_EQ(by->port, server.port());
  EXPECT_EQ(by->text, "[/a] 200: whole");
}

HOCKET_TEST(exchange_recorder, is_shown_nothing_of_the_next_request_on_the_connection) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
  session web;
  const auto by = std::make_shared<notes>();
  static_cast<void>(co_await read_through(web, server.url(), by));
  const std::string before = by->came;
  auto answer = co_await web.get(server.url());
  static_cast<void>(co_await answer.read());
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(by->came, before);
  EXPECT_EQ(by.use_count(), 1);
}

HOCKET_TEST(exchange_recorder, sees_redirects_that_are_followed_as_exchanges_of_their_own) {
  scripted_server server(answering([](const std::string& request) {
    return target_of(request) == "/" ? redirect_to("/there") : response_text(200, "x");
  }));
  session web;
  const auto by = std::make_shared<notes>();
  static_cast<void>(co_await read_through(web, server.url(), by));
  EXPECT_EQ(by->text, "[/] 302: whole[/there] 200: whole");
}

HOCKET_TEST(exchange_recorder, sees_a_stale_connection_as_one_that_came_to_nothing) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, "x"));
    if (nth == 0) static_cast<void>(co_await read_request(peer));
  });
  session web;
  const auto by = std::make_shared<notes>();
  static_cast<void>(co_await read_through(web, server.url(), std::make_shared<notes>()));
  static_cast<void>(co_await read_through(web, server.url(), by));
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(by->text, "[/][/] 200: whole");
}

HOCKET_TEST(exchange_recorder, is_told_that_the_connection_broke) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
  session web;
  const auto by = std::make_shared<notes>();
  const auto outcome = co_await as_result(read_through(web, server.url(), by));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(by->text, "[/] 200: disconnected");
  EXPECT_EQ(by->body, "abc");
}

HOCKET_TEST(exchange_recorder, is_told_that_the_rest_came_too_late) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    co_await hocket::sleep(1h);
  });
  session web;
  const auto by = std::make_shared<notes>();
  const auto outcome = co_await as_result(read_through(web, server.url(), by));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(by->text, "[/] 200: timed out");
}

HOCKET_TEST(exchange_recorder, is_told_that_the_reader_left) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "abc"); }));
  session web;
  const auto by = std::make_shared<notes>();
  {
    auto answer = co_await web.get(server.url(), {.recorder = by});
  }
  EXPECT_EQ(by->text, "[/] 200: left");
}

HOCKET_TEST(exchange_recorder, makes_the_reader_wait_for_room) {
  scripted_server server(answering([](const std::string&) { return response_text(200, std::string(1 << 20, 'x')); }));
  session web;
  const auto by = std::make_shared<notes>();
  by->room = 1;
  EXPECT_EQ((co_await read_through(web, server.url(), by)).size(), 1U << 20U);
  EXPECT_GT(by->times, 2);
  EXPECT_EQ(by->text, "[/] 200: whole");
}

}  // namespace
