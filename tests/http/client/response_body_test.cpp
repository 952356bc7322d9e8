// What a body that is interrupted, or fails, still gives: never less than was sent, and never its end.
#include <chrono>
#include <string>

#include <http/client/client_peer.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/coding/content_encoder.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_once_with;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::read_request;
using hocket::testing::scripted_server;
using hocket::testing::throws;

namespace {

/// Answers each request in two parts, the second one 10 s after the first.
scripted_server::script answering_in_two_parts(std::string first, std::string second) {
  return [=](tcp_socket& peer, std::size_t) -> coro<void> {
    while (!(co_await read_request(peer)).empty()) {
      co_await peer.send_all(first);
      co_await hocket::sleep(10s);
      co_await peer.send_all(second);
    }
  };
}

HOCKET_TEST(response_body, that_a_time_out_interrupts_goes_on_where_it_was) {
  for (const auto& [first, second] :
       {std::pair("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "world"),
        std::pair("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r", "\nworld\r\n0\r\n\r\n")}) {
    scripted_server server(answering_in_two_parts(first, second));
    session web;
    response answer = co_await web.get(server.url());
    EXPECT_EQ(co_await answer.next(), "hello");
    for (int n = 0; n < 3; ++n)
      EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(answer.next(), 1s)));
    EXPECT_EQ(co_await answer.read(), "world");
    EXPECT_EQ(co_await ask(web, "GET", server.url()), "helloworld");
    EXPECT_EQ(server.connections(), 1U);
  }
}

/// The rest of a body, of which each wait ends after 700 ms.
coro<std::string> read_impatiently(response& answer) {
  std::string whole;
  for (;;) {
    bool is_late = false;
    try {
      const std::string_view piece = co_await hocket::wait_for(answer.next(), 700ms);
      if (piece.empty()) co_return whole;
      whole += piece;
    } catch (const hocket::timeout_error&) {
      is_late = true;
    }
    if (is_late) co_await hocket::sleep(400ms);
  }
}

HOCKET_TEST(response_body, comes_whole_over_tls_and_decoded_however_often_it_is_interrupted) {
  hocket::http::content_encoder encoder(hocket::http::content_coding::gzip);
  std::string packed(1000, '\0');
  packed.resize(encoder.encode("hello world", packed, hocket::http::encoding_end::content).produced);
  scripted_server server(hocket::testing::over_tls([&](hocket::byte_stream& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.size()));
    for (std::size_t at = 0; at < packed.size(); at += 5) {
      co_await hocket::sleep(1s);
      co_await peer.send_all(std::string_view(packed).substr(at, 5));
    }
  }));
  session web({.tls = hocket::testing::client_here()});
  response answer = co_await web.get(hocket::testing::secure_url(server));
  EXPECT_EQ(co_await read_impatiently(answer), "hello world");
}

HOCKET_TEST(response_body, that_is_cut_off_fails_again_however_often_it_is_asked) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.next(), "hello");
  for (int n = 0; n < 3; ++n) {
    const std::string failure = co_await failure_of(answer.read());
    EXPECT_TRUE(failure.starts_with("http::server_disconnected: ")) << failure;
  }
}

HOCKET_TEST(response_body, that_does_not_come_in_time_fails_again) {
  scripted_server server(answering_in_two_parts("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "world"));
  session web({.timeouts = {.sock_read = 5s}});
  response answer = co_await web.get(server.url());
  for (int n = 0; n < 3; ++n) EXPECT_EQ(co_await failure_of(answer.read()), "timeout_error: the server sends nothing");
}

HOCKET_TEST(response_body, that_cannot_be_decoded_fails_again) {
  scripted_server server(answering_once_with(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is no gzip file"));
  session web;
  response answer = co_await web.get(server.url());
  for (int n = 0; n < 3; ++n) {
    const std::string failure = co_await failure_of(answer.read());
    EXPECT_TRUE(failure.starts_with("http::content_decoding_error: ")) << failure;
  }
}

}  // namespace
