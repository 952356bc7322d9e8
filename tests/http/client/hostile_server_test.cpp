// Servers that mean harm, or are broken: what they do must end in a bounded time, with bounded memory, in one line, and must not reach the
// next request.
#include <chrono>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <io/connected_sockets.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_once_with;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::read_request;
using hocket::testing::response_text;
using hocket::testing::scripted_server;

namespace {

/// Sends `begin`, and then `again` for ever, with a pause before each.
scripted_server::script repeating(std::string begin, std::string again, hocket::duration pause = {}) {
  return [=](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(begin);
    for (;;) {
      if (pause > hocket::duration::zero()) co_await hocket::sleep(pause);
      co_await peer.send_all(again);
    }
  };
}

void expect_one_line(const std::string& failure, std::string_view kind) {
  EXPECT_TRUE(failure.starts_with(kind)) << failure;
  EXPECT_EQ(failure.find_first_of("\r\n"), std::string::npos) << failure;
  EXPECT_LT(failure.size(), 300U);
}

HOCKET_TEST(hostile_server, that_drips_its_head_is_ended_by_the_total) {
  scripted_server server(repeating("HTTP/1.1 200 OK\r\nX-Drip: ", "x", 1s));
  session web({.timeouts = {.total = 60s, .sock_read = 5s}});
  const auto begin = hocket::loop::running().time();
  expect_one_line(co_await failure_of(ask(web, "GET", server.url())), "timeout_error: no complete answer in time");
  EXPECT_EQ(hocket::loop::running().time() - begin, 60s);
}

HOCKET_TEST(hostile_server, that_answers_before_the_body_has_come_does_not_give_it_more_time) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.receive());
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole");
    static_cast<void>(co_await hocket::testing::receive_to_end(peer));
  });
  session web;
  const auto before = hocket::loop::running().time();
  const auto slow = [](hocket::http::body_writer& to) -> coro<void> {
    co_await to.write("x");
    co_await hocket::sleep(1h);
  };
  EXPECT_EQ(
      co_await failure_of(ask(web, "POST", server.url(), {.body = hocket::http::body::stream(slow), .timeout = 5s})),
      "timeout_error: no complete answer in time");
  EXPECT_EQ(hocket::loop::running().time() - before, 5s);
}

HOCKET_TEST(hostile_server, with_interim_responses_without_end_is_cut_off) {
  scripted_server server(repeating("", "HTTP/1.1 100 Continue\r\n\r\n"));
  session web;
  expect_one_line(co_await failure_of(ask(web, "GET", server.url())),
                  "http::detail::bad_message: bad response: head larger than");
}

HOCKET_TEST(hostile_server, with_interim_responses_without_end_is_cut_off_while_a_body_waits_for_one) {
  scripted_server server(repeating("", "HTTP/1.1 102 Processing\r\n\r\n"));
  session web;
  expect_one_line(co_await failure_of(ask(web, "POST", server.url(), {.body = "x", .expect_continue = true})),
                  "http::detail::bad_message: bad response: head larger than");
}

HOCKET_TEST(hostile_server, with_a_field_without_end_is_cut_off) {
  scripted_server server(repeating("HTTP/1.1 200 OK\r\nX-Long: ", std::string(5000, 'x')));
  session web;
  expect_one_line(co_await failure_of(ask(web, "GET", server.url())),
                  "http::detail::bad_message: bad response: head larger than");
}

HOCKET_TEST(hostile_server, with_chunk_extensions_or_trailers_without_end_is_cut_off) {
  for (const char* begin : {"1;", "0\r\nX-Trailer: "}) {
    scripted_server server(repeating(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + begin,
                                     std::string(5000, 'x')));
    session web;
    expect_one_line(co_await failure_of(ask(web, "GET", server.url())), "http::detail::bad_message: ");
  }
}

HOCKET_TEST(hostile_server, with_wrong_chunk_sizes_is_a_broken_protocol) {
  for (const char* chunks :
       {"5\r\nhell\r\n0\r\n\r\n", "3\r\nhello\r\n0\r\n\r\n", "-1\r\nx\r\n", "0x3\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nx", "\r\n", " 3\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n", "g\r\n"}) {
    scripted_server server(
        answering_once_with(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + chunks));
    session web;
    const std::string failure = co_await failure_of(ask(web, "GET", server.url()));
    EXPECT_TRUE(failure.starts_with("http::detail::bad_message: ") ||
                failure.starts_with("http::server_disconnected: "))
        << chunks << ": " << failure;
  }
}

HOCKET_TEST(hostile_server, of_http_0_9_is_none) {
  scripted_server server(answering_once_with("<html>hello</html>"));
  session web;
  expect_one_line(co_await failure_of(ask(web, "GET", server.url())), "http::detail::bad_message: ");
}

HOCKET_TEST(hostile_server, that_sends_a_body_where_there_is_none_does_not_reach_the_next_request) {
  for (const std::string head :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 28\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 28\r\n\r\n"}) {
    scripted_server server([&](tcp_socket& peer, std::size_t nth) -> coro<void> {
      static_cast<void>(co_await read_request(peer));
      co_await peer.send_all(nth == 0 ? head + "HTTP/1.1 200 Smuggled\r\n\r\nxyz" : response_text(200, "mine"));
      static_cast<void>(co_await read_request(peer));
    });
    session web;
    const std::string first = co_await failure_of(ask(web, "GET", server.url()));
    EXPECT_TRUE(first == "none: " || first.starts_with("http::detail::bad_message: ")) << head << first;
    EXPECT_EQ(co_await ask(web, "GET", server.url()), "mine");
    EXPECT_EQ(server.connections(), 2U);
  }
}

HOCKET_TEST(hostile_server, that_answers_head_with_a_body_does_not_reach_the_next_request) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(nth == 0 ? response_text(200, "HTTP/1.1 200 Smuggled\r\n\r\n") : response_text(200, "mine"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await ask(web, "HEAD", server.url()), "");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "mine");
}

/// What becomes of a request on a connection on which the server has said `early` and perhaps closed.
coro<std::string> outcome_after(std::string_view early, bool closes) {
  auto [client, server] = hocket::testing::memory_streams();
  co_await server.send_all(early);
  if (closes) co_await server.shutdown_send();
  hocket::http::detail::h1_connection connection(std::move(client));
  const auto target = *hocket::url::parse("http://a.example/");
  const hocket::http::headers none;
  hocket::http::detail::answer_head answer;
  const auto exchange = [&]() -> coro<std::string> {
    co_await connection.exchange({.method = "GET", .target = target, .fields = none},
                                 {hocket::loop::running().time_after(5s), 5s}, answer);
    co_return "";
  };
  co_return co_await failure_of(exchange());
}

HOCKET_TEST(hostile_server, that_speaks_before_it_is_asked_is_not_believed) {
  for (const bool closes : {false, true})
    EXPECT_EQ(co_await outcome_after(response_text(200, "unasked"), closes),
              "protocol_error: the server speaks before it is asked");
  const std::string closed = co_await outcome_after("", true);
  EXPECT_NE(closed.find("the server closed the connection without an answer"), std::string::npos) << closed;
  EXPECT_EQ(co_await outcome_after("", false), "timeout_error: no complete answer in time");
}

HOCKET_TEST(hostile_server, that_answers_the_second_request_with_the_first_is_not_believed) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    if (nth > 0) co_return co_await peer.send_all(response_text(200, "second"));
    const std::string both = response_text(200, "first") + response_text(200, "poison");
    co_await peer.send_all(std::string_view(both).substr(0, both.size() - 40));
    co_await hocket::sleep(10ms);
    co_await peer.send_all(std::string_view(both).substr(both.size() - 40));
    co_await hocket::sleep(1h);
  });
  session web;
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "first");
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "second");
}

HOCKET_TEST(hostile_server, that_changes_the_protocol_unasked_breaks_the_protocol) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(nth == 0 ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
                                    : response_text(200, "mine"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "protocol_error: the server changes the protocol unasked");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "mine");
}

HOCKET_TEST(hostile_server, may_change_the_protocol_if_it_is_asked_to) {
  scripted_server server(answering_once_with("HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"));
  session web;
  response answer = co_await web.get(server.url(), {.fields = {{"Connection", "Upgrade"}, {"Upgrade", "x"}}});
  EXPECT_EQ(answer.status(), 101);
}

HOCKET_TEST(hostile_server, whose_head_others_may_read_otherwise_is_not_believed) {
  const std::string good = response_text(200, "hello");
  for (const std::string& bytes :
       {"\r\n" + good, "\r\n\r\n" + good, "HTTP/1.1 100 Continue\r\n\r\n\r\n" + good,
        "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n" + good,
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + good,
        std::string("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
        std::string("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")}) {
    scripted_server server(answering_once_with(bytes));
    session web;
    expect_one_line(co_await failure_of(ask(web, "GET", server.url())), "http::detail::bad_message: bad response: ");
  }
}

/// A good exchange with a redirect, chunks and a rest; cut off or reset after `size` bytes of what the server says.
HOCKET_TEST(hostile_server, that_cuts_a_good_exchange_off_anywhere_gives_all_or_an_error) {
  const std::string good =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (const bool resets : {false, true}) {
    for (std::size_t size = 0; size <= good.size(); ++size) {
      scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
        static_cast<void>(co_await read_request(peer));
        co_await peer.send_all(std::string_view(good).substr(0, size));
        co_await hocket::sleep(1s);
        if (resets) hocket::testing::reset(peer);
      });
      session web;
      const std::string outcome = co_await failure_of(ask(web, "GET", server.url()));
      EXPECT_EQ(outcome == "none: hello world", size == good.size()) << size << ": " << outcome;
      EXPECT_EQ(outcome.find_first_of("\r\n"), std::string::npos) << outcome;
    }
  }
}

HOCKET_TEST(hostile_server, that_sends_without_end_costs_the_memory_that_was_allowed) {
  scripted_server server(repeating("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                   "2710\r\n" + std::string(10'000, 'x') + "\r\n"));
  session web;
  const auto read = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_return co_await answer.read(100'000);
  };
  expect_one_line(co_await failure_of(read()), "http::body_too_large: ");
}

}  // namespace
