#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <http/scripted_server.hpp>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering;
using hocket::testing::answering_once_with;
using hocket::testing::ends_cancelled;
using hocket::testing::read_request;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// A whole exchange: the body.
coro<std::string> fetch(session& web, std::string url, hocket::http::request_options options = {}) {
  response answer = co_await web.get(std::string_view(url), std::move(options));
  co_return co_await answer.text();
}

/// What an exchange throws: the kind of the exception and its text.
struct failure {
  std::string kind;
  std::string text;
};

coro<failure> failure_of(coro<std::string> work) {
  const auto outcome = co_await hocket::as_result(std::move(work));
  if (outcome) co_return failure{"none", *outcome};
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::http::address_refused& thrown) {
    co_return failure{"address_refused", thrown.what()};
  } catch (const hocket::http::too_many_redirects& thrown) {
    co_return failure{"too_many_redirects", thrown.what()};
  } catch (const hocket::http::body_too_large& thrown) {
    co_return failure{"body_too_large", thrown.what()};
  } catch (const hocket::http::client_error& thrown) {
    co_return failure{"client_error", thrown.what()};
  } catch (const hocket::timeout_error& thrown) {
    co_return failure{"timeout", thrown.what()};
  } catch (const hocket::protocol_error& thrown) {
    co_return failure{"protocol", thrown.what()};
  } catch (const std::system_error& thrown) {
    co_return failure{"system", thrown.what()};
  }
}

scripted_server::script hanging() {
  return [](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(24h);
  };
}

// ---- requests and responses

HOCKET_TEST(session, gets_a_page) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "hello", "X-Kind: test\r\n"); }));
  session web;
  response answer = co_await web.get(server.url("/page"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.headers().get("x-kind"), "test");
  EXPECT_EQ(answer.content_length(), 5U);
  EXPECT_EQ(answer.url().href(), server.url("/page"));
  EXPECT_EQ(co_await answer.text(), "hello");
  EXPECT_EQ(answer.received(), 5U);
}

HOCKET_TEST(session, sends_what_a_request_needs_and_the_defaults) {
  std::string seen;
  scripted_server server(answering([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "");
  }));
  session web({.user_agent = "tester/1", .default_headers = {{"Accept-Language", "la"}}});
  co_await fetch(web, server.url("/a?b=c#d"));
  EXPECT_TRUE(seen.starts_with("GET /a?b=c HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find(fmt::format("Host: 127.0.0.1:{}\r\n", server.port())), std::string::npos);
  EXPECT_NE(seen.find("User-Agent: tester/1\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Accept-Language: la\r\n"), std::string::npos);
}

HOCKET_TEST(session, a_method_cannot_smuggle_a_line_in) {
  session web;
  const auto outcome =
      co_await hocket::as_result(web.request("GET / HTTP/1.1\r\nX:", *hocket::url::parse("http://127.0.0.1:1/")));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::http::client_error);
}

HOCKET_TEST(session, a_user_agent_cannot_smuggle_a_field_in) {
  EXPECT_THROW(session({.user_agent = "x\r\nX-Smuggled: y"}), hocket::error);
  co_return;
}

HOCKET_TEST(session, a_requests_own_field_takes_the_place_of_the_default) {
  std::string seen;
  scripted_server server(answering([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "");
  }));
  session web({.default_headers = {{"Accept-Language", "la"}}});
  co_await fetch(web, server.url(), {.fields = {{"accept-language", "fr"}}});
  EXPECT_EQ(seen.find("la\r\n"), std::string::npos);
  EXPECT_NE(seen.find("accept-language: fr\r\n"), std::string::npos);
}

HOCKET_TEST(session, the_answer_to_head_has_a_length_and_no_body) {
  scripted_server server(answering([](const std::string& request) {
    return request.starts_with("HEAD") ? std::string("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                                       : response_text(200, "second");
  }));
  session web;
  {
    response answer = co_await web.head(server.url());
    EXPECT_EQ(answer.content_length(), 1000U);
    EXPECT_EQ(co_await answer.text(), "");
  }
  EXPECT_EQ(co_await fetch(web, server.url()), "second");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(session, the_answer_to_head_leaves_the_connection_free_whatever_length_it_tells) {
  scripted_server server(answering([](const std::string& request) {
    return request.starts_with("HEAD") ? std::string("HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
                                       : response_text(200, "then");
  }));
  session web;
  {
    response answer = co_await web.head(server.url());
    co_await answer.drain();
  }
  {
    response answer = co_await web.head(server.url());
    EXPECT_EQ(co_await answer.read(), "");
  }
  EXPECT_EQ(co_await fetch(web, server.url()), "then");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(session, an_error_status_is_no_exception_until_asked) {
  scripted_server server(answering([](const std::string&) { return response_text(404, "nothing here"); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(co_await answer.text(), "nothing here");
  try {
    answer.raise_for_status();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::http::status_error& thrown) {
    EXPECT_EQ(thrown.status(), 404);
    EXPECT_STREQ(thrown.what(), "404 Not Found");
  }
}

HOCKET_TEST(session, reads_chunks_however_they_are_cut) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1;x=y\r\na\r\n00010\r\n0123456789abcdef\r\n3\r\nxyz\r\n0\r\nTrailer: t\r\n\r\n";
  for (const std::size_t size : {1U, 2U, 3U, 7U, 50U}) {
    scripted_server server([&bytes, size](tcp_socket& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await read_request(peer));
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        co_await peer.send_all(std::string_view(bytes).substr(at, size));
        co_await wait_all_tasks_blocked();
      }
      co_await hocket::sleep(24h);
    });
    session web;
    EXPECT_EQ(co_await fetch(web, server.url()), "a0123456789abcdefxyz") << "in pieces of " << size;
  }
}

HOCKET_TEST(session, a_body_without_length_ends_with_the_connection) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\n\r\nall there is"));
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "all there is");
}

HOCKET_TEST(session, gives_the_body_piece_by_piece) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
    co_await peer.send_all("one");
    co_await hocket::sleep(1s);
    co_await peer.send_all("two");
  });
  session web;
  response answer = co_await web.get(server.url());
  std::vector<std::string> pieces;
  for (;;) {
    const std::string_view piece = co_await answer.next();
    if (piece.empty()) break;
    pieces.emplace_back(piece);
  }
  EXPECT_EQ(pieces, (std::vector<std::string>{"one", "two"}));
}

HOCKET_TEST(session, the_end_of_a_body_is_told_again_and_again) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.text(), "x");
  EXPECT_EQ(co_await answer.next(), "");
  EXPECT_EQ(co_await answer.text(), "");
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(session, a_large_body_arrives_whole) {
  const std::string body(20'000'000, 'b');
  scripted_server server(answering([&body](const std::string&) { return response_text(200, body); }));
  session web;
  EXPECT_TRUE(co_await fetch(web, server.url()) == body);
}

HOCKET_TEST(session, passes_over_interim_responses) {
  scripted_server server(answering([](const std::string&) {
    return "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + response_text(200, "final");
  }));
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "final");
}

// ---- what cannot be asked for

HOCKET_TEST(session, refuses_what_is_not_a_url) {
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, "not a url"))).kind, "client_error");
}

HOCKET_TEST(session, shows_no_password_in_what_is_not_a_url) {
  scripted_server server(answering([](const std::string&) { return redirect_to("http://user:secret@a b/"); }));
  session web;
  EXPECT_TRUE(
      (co_await failure_of(fetch(web, "http://user:secret@a b/"))).text.starts_with("'http://***@a b/' is not a URL"));
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).text,
            "redirected to 'http://***@a b/', which is not a URL");
}

HOCKET_TEST(session, refuses_other_schemes) {
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, "ftp://127.0.0.1/"))).text, "the scheme 'ftp' is not supported");
  EXPECT_EQ((co_await failure_of(fetch(web, "mailto:a@b.c"))).text, "the scheme 'mailto' is not supported");
  EXPECT_EQ((co_await failure_of(fetch(web, "file:///etc/hosts"))).text, "the scheme 'file' is not supported");
}

HOCKET_TEST(session, refuses_redirects_to_other_schemes) {
  scripted_server server(answering([](const std::string&) { return redirect_to("file:///etc/hosts"); }));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).text, "the scheme 'file' is not supported");
}

HOCKET_TEST(session, refuses_addresses_that_the_owner_does_not_allow) {
  scripted_server server(answering([](const std::string&) { return response_text(200, ""); }));
  session web(
      {.allow_address = [](const hocket::url&, const hocket::socket_address& address) { return address.is_global(); }});
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "address_refused");
  EXPECT_EQ((co_await failure_of(fetch(web, server.url_at("localhost")))).kind, "address_refused");
  EXPECT_EQ(server.connections(), 0U);
}

HOCKET_TEST(session, asks_about_addresses_on_every_hop) {
  scripted_server inside(answering([](const std::string&) { return response_text(200, "secret"); }));
  scripted_server outside(answering([&](const std::string&) { return redirect_to(inside.url()); }));
  session web({.allow_address = [port = outside.port()](const hocket::url& target, const hocket::socket_address&) {
    return target.port_or_default() == port;
  }});
  EXPECT_EQ((co_await failure_of(fetch(web, outside.url()))).kind, "address_refused");
  EXPECT_EQ(inside.connections(), 0U);
}

// ---- misbehaving servers

HOCKET_TEST(session, a_refused_connection_is_told_with_its_address) {
  scripted_server server(hanging());
  server.refuse();
  co_await hocket::sleep(1s);
  session web;
  const failure seen = co_await failure_of(fetch(web, server.url()));
  EXPECT_EQ(seen.kind, "system");
  EXPECT_EQ(seen.text, fmt::format("cannot connect: 127.0.0.1:{}: Connection refused", server.port()));
}

HOCKET_TEST(session, a_connection_closed_without_an_answer_is_a_broken_protocol) {
  scripted_server server(answering_once_with(""));
  session web;
  const failure seen = co_await failure_of(fetch(web, server.url()));
  EXPECT_EQ(seen.kind, "protocol");
  EXPECT_EQ(seen.text, "the server closed the connection without an answer");
  EXPECT_EQ(server.connections(), 1U) << "a fresh connection is not stale: no second attempt";
}

HOCKET_TEST(session, a_connection_reset_before_the_answer_is_the_same) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    hocket::testing::reset(peer);
  });
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).text, "the server closed the connection without an answer");
}

HOCKET_TEST(session, a_reset_in_the_middle_is_the_systems_error) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    co_await hocket::sleep(1s);
    hocket::testing::reset(peer);
  });
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "system");
}

HOCKET_TEST(session, a_body_that_ends_early_is_a_broken_protocol) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
}

HOCKET_TEST(session, chunks_that_end_early_are_a_broken_protocol) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
}

HOCKET_TEST(session, a_head_that_ends_early_is_a_broken_protocol) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nContent-"));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
}

HOCKET_TEST(session, garbage_is_a_broken_protocol) {
  for (const char* garbage : {"SSH-2.0-OpenSSH_9\r\n", "\x16\x03\x01\x02", "HTTP/9.9 200 OK\r\n\r\n",
                              "\r\n\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                              "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}) {
    scripted_server server(answering_once_with(garbage));
    session web;
    EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol") << garbage;
  }
}

HOCKET_TEST(session, a_head_without_end_is_cut_off) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n");
    for (;;) co_await peer.send_all("X-Filler: " + std::string(1000, 'x') + "\r\n");
  });
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
}

HOCKET_TEST(session, more_bytes_than_announced_do_not_poison_the_next_request) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(nth == 0 ? response_text(200, "first") + response_text(200, "smuggled")
                                    : response_text(200, "second"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "first");
  EXPECT_EQ(co_await fetch(web, server.url()), "second");
}

HOCKET_TEST(session, bytes_that_come_while_a_connection_rests_do_not_poison_the_next_request) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, nth == 0 ? "first" : "second"));
    if (nth > 0) co_return;
    co_await hocket::sleep(1s);
    co_await peer.send_all(response_text(200, "unasked"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "first");
  co_await hocket::sleep(2s);
  EXPECT_EQ(co_await fetch(web, server.url()), "second");
}

HOCKET_TEST(session, bytes_that_come_right_behind_an_answer_do_not_poison_the_next_request) {
  hocket::event has_first;
  scripted_server server([&](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, nth == 0 ? "first" : "second"));
    if (nth > 0) co_return;
    co_await has_first.wait();
    co_await peer.send_all(response_text(200, "unasked"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "first");
  has_first.set();
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(co_await fetch(web, server.url()), "second");
}

// ---- keeping connections

HOCKET_TEST(session, uses_a_connection_again) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
  session web;
  for (int n = 0; n < 5; ++n) co_await fetch(web, server.url());
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(session, obeys_connection_close) {
  scripted_server server(
      answering([](const std::string&) { return response_text(200, "x", "Connection: close\r\n"); }));
  session web;
  for (int n = 0; n < 3; ++n) co_await fetch(web, server.url());
  EXPECT_EQ(server.connections(), 3U);
}

HOCKET_TEST(session, a_response_dropped_early_closes_its_connection) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  {
    response answer = co_await web.get(server.url());
    EXPECT_EQ(server.open(), 1U);
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session, drain_keeps_the_connection_of_a_small_body) {
  scripted_server server(answering([](const std::string&) { return response_text(404, std::string(60'000, 'x')); }));
  session web;
  for (int n = 0; n < 3; ++n) {
    response answer = co_await web.get(server.url());
    co_await answer.drain();
  }
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(session, drain_does_not_wait_for_a_body_that_comes_late) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nabc");
    co_await hocket::sleep(1h);
  });
  session web;
  const auto begin = hocket::loop::running().time();
  response answer = co_await web.get(server.url());
  co_await answer.drain();
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(session, a_resting_connection_is_closed_after_its_time) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
  session web({.keep_alive = 10s});
  co_await fetch(web, server.url());
  co_await hocket::sleep(9s);
  EXPECT_EQ(server.open(), 1U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session, resting_connections_are_closed_with_the_session) {
  scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
  {
    session web;
    co_await fetch(web, server.url());
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session, a_connection_that_the_server_closed_meanwhile_is_replaced_unnoticed) {
  scripted_server server(answering_once_with(response_text(200, "x")));
  session web;
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(co_await fetch(web, server.url()), "x");
    co_await hocket::sleep(1s);
  }
  EXPECT_EQ(server.connections(), 3U);
}

/// Answers the first request of a connection and closes when the second one has come.
scripted_server::script closing_upon_the_second_request(int& requests) {
  return [&requests](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    ++requests;
    co_await peer.send_all(response_text(200, "x"));
    if (!(co_await read_request(peer)).empty()) ++requests;
  };
}

HOCKET_TEST(session, a_stale_connection_is_replaced_once) {
  int requests = 0;
  scripted_server server(closing_upon_the_second_request(requests));
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "x");
  EXPECT_EQ(co_await fetch(web, server.url()), "x");
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(requests, 3);
}

HOCKET_TEST(session, a_connection_that_replaced_a_stale_one_gets_no_third_chance) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    if (nth > 0) co_return;
    co_await peer.send_all(response_text(200, "x"));
    static_cast<void>(co_await read_request(peer));
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "x");
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(session, a_connection_that_broke_within_the_answer_is_not_replaced) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, "x"));
    static_cast<void>(co_await read_request(peer));
    if (nth == 0) co_await peer.send_all("HTTP/1.1 2");
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "x");
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(session, a_post_is_not_sent_twice) {
  int requests = 0;
  scripted_server server(closing_upon_the_second_request(requests));
  session web;
  co_await fetch(web, server.url());
  auto post = [&]() -> coro<std::string> {
    response answer = co_await web.request("POST", *hocket::url::parse(server.url()));
    co_return co_await answer.text();
  };
  EXPECT_EQ((co_await failure_of(post())).kind, "protocol");
  EXPECT_EQ(requests, 2);
}

// ---- limits

HOCKET_TEST(session, opens_no_more_connections_to_a_host_than_allowed) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    while (!(co_await read_request(peer)).empty()) {
      co_await hocket::sleep(1s);
      co_await peer.send_all(response_text(200, "x"));
    }
  });
  session web({.limit = 100, .limit_per_host = 3});
  std::vector<coro<std::string>> all;
  for (int n = 0; n < 10; ++n) all.push_back(fetch(web, server.url()));
  EXPECT_EQ((co_await hocket::gather(std::move(all))).size(), 10U);
  EXPECT_EQ(server.most_open(), 3U);
  EXPECT_EQ(server.connections(), 3U);
}

HOCKET_TEST(session, uses_no_more_connections_in_all_than_allowed) {
  std::size_t busy = 0;
  std::size_t most_busy = 0;
  const auto slow = [&](tcp_socket& peer, std::size_t) -> coro<void> {
    while (!(co_await read_request(peer)).empty()) {
      most_busy = std::max(most_busy, ++busy);
      co_await hocket::sleep(1s);
      --busy;
      co_await peer.send_all(response_text(200, "x"));
    }
  };
  scripted_server one(slow);
  scripted_server two(slow);
  session web({.limit = 3, .limit_per_host = 2});
  std::vector<coro<std::string>> all;
  for (int n = 0; n < 10; ++n) all.push_back(fetch(web, (n % 2 == 0 ? one : two).url()));
  co_await hocket::gather(std::move(all));
  EXPECT_EQ(most_busy, 3U);
}

HOCKET_TEST(session, waiting_for_a_busy_host_takes_nothing_from_the_others) {
  scripted_server stuck(hanging());
  scripted_server lively(answering([](const std::string&) { return response_text(200, "x"); }));
  session web({.limit = 2, .limit_per_host = 1});
  auto first = create_task(fetch(web, stuck.url()));
  auto second = create_task(fetch(web, stuck.url()));
  auto third = create_task(fetch(web, stuck.url()));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await fetch(web, lively.url()), "x");
  for (const auto& each : {first, second, third}) {
    each.cancel();
    EXPECT_TRUE(co_await ends_cancelled(each));
  }
}

HOCKET_TEST(session, requests_wait_in_the_order_in_which_they_came) {
  std::vector<std::string> order;
  scripted_server server(answering([&order](const std::string& request) {
    order.push_back(target_of(request));
    return response_text(200, "x");
  }));
  session web({.limit_per_host = 1});
  std::vector<coro<std::string>> all;
  for (const char* path : {"/1", "/2", "/3", "/4"}) all.push_back(fetch(web, server.url(path)));
  co_await hocket::gather(std::move(all));
  EXPECT_EQ(order, (std::vector<std::string>{"/1", "/2", "/3", "/4"}));
}

HOCKET_TEST(session, a_request_cancelled_while_it_waits_lets_the_next_one_in) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    while (!(co_await read_request(peer)).empty()) {
      co_await hocket::sleep(10s);
      co_await peer.send_all(response_text(200, "x"));
    }
  });
  session web({.limit_per_host = 1});
  auto first = create_task(fetch(web, server.url()));
  auto second = create_task(fetch(web, server.url()));
  auto third = create_task(fetch(web, server.url()));
  co_await hocket::sleep(1s);
  second.cancel();
  EXPECT_TRUE(co_await ends_cancelled(second));
  EXPECT_EQ(co_await first, "x");
  EXPECT_EQ(co_await third, "x");
}

HOCKET_TEST(session, a_failed_request_gives_its_place_back) {
  scripted_server server(answering_once_with(""));
  session web({.limit = 1, .limit_per_host = 1});
  for (int n = 0; n < 3; ++n) EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "protocol");
}

HOCKET_TEST(session, read_stops_at_the_limit_with_an_announced_length) {
  scripted_server server(answering([](const std::string&) { return response_text(200, std::string(1001, 'x')); }));
  session web;
  auto read = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_return co_await answer.read(1000);
  };
  EXPECT_EQ((co_await failure_of(read())).kind, "body_too_large");
}

HOCKET_TEST(session, read_stops_at_the_limit_without_one) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n\r\n");
    for (;;) co_await peer.send_all(std::string(10'000, 'x'));
  });
  session web;
  auto read = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_return co_await answer.read(100'000);
  };
  EXPECT_EQ((co_await failure_of(read())).kind, "body_too_large");
}

HOCKET_TEST(session, read_takes_a_body_of_exactly_the_limit) {
  scripted_server server(answering([](const std::string&) { return response_text(200, std::string(1000, 'x')); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ((co_await answer.read(1000)).size(), 1000U);
}

HOCKET_TEST(session, an_enormous_announced_length_allocates_nothing_by_itself) {
  scripted_server server(answering_once_with("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nabc"));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "body_too_large");
}

// ---- time-outs

HOCKET_TEST(session, gives_up_on_a_server_that_says_nothing) {
  scripted_server server(hanging());
  session web({.timeouts = {.sock_read = 20s}});
  const auto begin = hocket::loop::running().time();
  const failure seen = co_await failure_of(fetch(web, server.url()));
  EXPECT_EQ(seen.kind, "timeout");
  EXPECT_EQ(seen.text, "the server sends nothing");
  EXPECT_EQ(hocket::loop::running().time() - begin, 20s);
}

HOCKET_TEST(session, gives_up_on_a_server_that_stops_within_the_body) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    co_await hocket::sleep(24h);
  });
  session web({.timeouts = {.sock_read = 20s}});
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).text, "the server sends nothing");
}

HOCKET_TEST(session, a_slow_body_is_fine_as_long_as_it_comes) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int n = 0; n < 10; ++n) {
      co_await hocket::sleep(15s);
      co_await peer.send_all("x");
    }
  });
  session web({.timeouts = {.sock_read = 20s}});
  EXPECT_EQ(co_await fetch(web, server.url()), "xxxxxxxxxx");
}

HOCKET_TEST(session, the_total_ends_a_slow_body) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n\r\n");
    for (;;) {
      co_await hocket::sleep(1s);
      co_await peer.send_all("x");
    }
  });
  session web;
  const auto begin = hocket::loop::running().time();
  const failure seen = co_await failure_of(fetch(web, server.url(), {.timeout = 5s}));
  EXPECT_EQ(seen.kind, "timeout");
  EXPECT_EQ(seen.text, "no complete answer in time");
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(session, the_total_covers_redirects) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await read_request(peer);
      if (request.empty()) co_return;
      co_await hocket::sleep(2s);
      co_await peer.send_all(redirect_to(target_of(request) + "x"));
    }
  });
  session web({.timeouts = {.total = 5s}});
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "timeout");
}

HOCKET_TEST(session, the_total_covers_waiting_for_a_connection) {
  scripted_server server(hanging());
  session web({.limit_per_host = 1});
  auto first = create_task(fetch(web, server.url()));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ((co_await failure_of(fetch(web, server.url(), {.timeout = 5s}))).kind, "timeout");
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
}

HOCKET_TEST(session, gives_up_on_a_connection_that_is_not_made) {
  auto listener = hocket::testing::listen_on_loopback({.backlog = 0});
  const std::string url = fmt::format("http://{}/", listener.local_address().to_string());
  session web({.limit_per_host = 100, .timeouts = {.sock_connect = 5s}});
  std::vector<hocket::task<failure>> all;
  for (int n = 0; n < 16; ++n) all.push_back(create_task(failure_of(fetch(web, url, {.timeout = 60s}))));
  int not_connected = 0;
  for (auto& each : all) not_connected += (co_await each).text == "no connection in time" ? 1 : 0;
  EXPECT_GT(not_connected, 0);
}

HOCKET_TEST(session, gives_up_on_a_server_that_takes_no_request) {
  scripted_server server([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); });
  session web({.timeouts = {.sock_read = 20s}});
  hocket::http::request_options huge;
  for (int n = 0; n < 200; ++n) huge.fields.add("X-Filler", std::string(100'000, 'x'));
  EXPECT_EQ((co_await failure_of(fetch(web, server.url(), std::move(huge)))).text, "the server takes no request");
}

HOCKET_TEST(session, a_time_out_around_a_request_stays_that_of_its_owner) {
  scripted_server server(hanging());
  session web;
  auto bounded = [&]() -> coro<std::string> { co_return co_await hocket::with_timeout(3s, fetch(web, server.url())); };
  EXPECT_EQ((co_await failure_of(bounded())).text, "timed out");
}

// ---- redirects

HOCKET_TEST(session, follows_redirects) {
  for (const int status : {301, 302, 303, 307, 308}) {
    scripted_server server(answering([status](const std::string& request) {
      return target_of(request) == "/old" ? redirect_to("new?x#part", status) : response_text(200, "found");
    }));
    session web;
    response answer = co_await web.get(server.url("/old"));
    EXPECT_EQ(answer.url().href(), server.url("/new?x#part")) << status;
    EXPECT_EQ(answer.redirects(), 1U);
    EXPECT_EQ(co_await answer.text(), "found");
    EXPECT_EQ(server.connections(), 1U);
  }
}

HOCKET_TEST(session, other_answers_with_a_location_are_answers) {
  scripted_server server(answering([](const std::string&) { return redirect_to("/elsewhere", 300); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(answer.status(), 300);
}

HOCKET_TEST(session, follows_10_redirects_and_no_more) {
  scripted_server server(answering([](const std::string& request) {
    const int n = std::stoi(target_of(request).substr(1));
    return n == 0 ? response_text(200, "arrived") : redirect_to(fmt::format("/{}", n - 1));
  }));
  session web;
  EXPECT_EQ(co_await fetch(web, server.url("/10")), "arrived");
  const failure seen = co_await failure_of(fetch(web, server.url("/11")));
  EXPECT_EQ(seen.kind, "too_many_redirects");
  EXPECT_EQ(seen.text, "more than 10 redirects");
}

HOCKET_TEST(session, a_circle_of_redirects_ends) {
  scripted_server server(answering([](const std::string&) { return redirect_to("/"); }));
  session web;
  EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "too_many_redirects");
}

HOCKET_TEST(session, with_no_redirects_allowed_the_redirect_is_the_answer) {
  scripted_server server(answering([](const std::string&) { return redirect_to("/next"); }));
  session web;
  response answer = co_await web.get(server.url(), {.max_redirects = 0});
  EXPECT_EQ(answer.status(), 302);
}

HOCKET_TEST(session, is_not_redirected_to_other_schemes) {
  for (const char* location : {"ftp://127.0.0.1/", "file:///etc/passwd", "javascript:1", "http://"}) {
    scripted_server server(answering([location](const std::string&) { return redirect_to(location); }));
    session web;
    EXPECT_EQ((co_await failure_of(fetch(web, server.url()))).kind, "client_error") << location;
  }
}

HOCKET_TEST(session, drops_credentials_across_origins) {
  std::string seen;
  scripted_server other(answering([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "");
  }));
  scripted_server server(answering([&other](const std::string&) { return redirect_to(other.url()); }));
  session web;
  co_await fetch(web, server.url(),
                 {.fields = {{"Authorization", "Basic c2VjcmV0"}, {"Cookie", "id=1"}, {"X-Kept", "yes"}}});
  EXPECT_EQ(seen.find("Authorization"), std::string::npos);
  EXPECT_EQ(seen.find("Cookie"), std::string::npos);
  EXPECT_NE(seen.find("X-Kept: yes"), std::string::npos);
}

HOCKET_TEST(session, takes_no_default_credentials_to_another_origin_nor_on_from_there) {
  std::vector<std::string> seen;
  scripted_server other(answering([&seen](const std::string& request) {
    seen.push_back(request);
    return target_of(request) == "/" ? redirect_to("/next") : response_text(200, "");
  }));
  scripted_server server(answering([&](const std::string& request) {
    seen.push_back(request);
    return redirect_to(other.url());
  }));
  session web(
      {.default_headers = {
           {"authorization", "secret"}, {"Cookie", "secret"}, {"Proxy-Authorization", "secret"}, {"X-Kept", "yes"}}});
  co_await fetch(web, server.url(), {.fields = {{"Cookie", "secret"}}});
  EXPECT_EQ(seen.size(), 3U);
  for (std::size_t hop = 0; hop < seen.size(); ++hop) {
    EXPECT_EQ(seen[hop].find("secret") != std::string::npos, hop == 0) << seen[hop];
    EXPECT_NE(seen[hop].find("X-Kept: yes"), std::string::npos) << seen[hop];
  }
}

HOCKET_TEST(session, keeps_default_credentials_within_the_origin) {
  std::string seen;
  scripted_server server(answering([&seen](const std::string& request) {
    seen = request;
    return target_of(request) == "/" ? redirect_to("/next") : response_text(200, "");
  }));
  session web({.default_headers = {{"Authorization", "secret"}}});
  co_await fetch(web, server.url());
  EXPECT_NE(seen.find("Authorization: secret"), std::string::npos);
}

HOCKET_TEST(session, keeps_credentials_within_the_origin) {
  std::string seen;
  scripted_server server(answering([&seen](const std::string& request) {
    seen = request;
    return target_of(request) == "/" ? redirect_to("/next") : response_text(200, "");
  }));
  session web;
  co_await fetch(web, server.url(), {.fields = {{"Authorization", "Basic c2VjcmV0"}}});
  EXPECT_NE(seen.find("Authorization: Basic c2VjcmV0"), std::string::npos);
}

HOCKET_TEST(session, a_303_turns_a_post_into_a_get_and_a_307_does_not) {
  for (const int status : {303, 307}) {
    std::string seen;
    scripted_server server(answering([&seen, status](const std::string& request) {
      seen = request;
      return target_of(request) == "/" ? redirect_to("/next", status) : response_text(200, "");
    }));
    session web;
    response answer = co_await web.request("POST", *hocket::url::parse(server.url()));
    EXPECT_TRUE(seen.starts_with(status == 303 ? "GET /next " : "POST /next ")) << seen;
  }
}

HOCKET_TEST(session, a_redirect_with_an_endless_body_is_followed_all_the_same) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    if (nth > 0) co_return co_await peer.send_all(response_text(200, "there"));
    co_await peer.send_all("HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n");
    for (;;) co_await peer.send_all(std::string(10'000, 'x'));
  });
  session web;
  EXPECT_EQ(co_await fetch(web, server.url()), "there");
}

// ---- cancellation

HOCKET_TEST(session, a_cancelled_request_closes_its_connection) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    while (!(co_await read_request(peer)).empty()) {
    }
  });
  session web;
  auto asking = create_task(fetch(web, server.url()));
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 1U);
  asking.cancel();
  EXPECT_TRUE(co_await ends_cancelled(asking));
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

void cancel_everywhere(coro<void> (*scenario)(), std::size_t least_suspensions) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(scenario, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, least_suspensions);
  }
}

TEST(session, a_request_cancelled_anywhere_leaves_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server server(answering([](const std::string& request) {
          return target_of(request) == "/" ? redirect_to("/next")
                                           : std::string(
                                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                 "3\r\nabc\r\n0\r\n\r\n");
        }));
        session web;
        co_await fetch(web, server.url_at("localhost"));
        co_await fetch(web, server.url_at("localhost"));
      },
      8);
}

TEST(session, a_request_on_a_stale_connection_cancelled_anywhere_leaves_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        static int requests = 0;  // the server's tasks outlive a scenario that is cancelled
        scripted_server server(closing_upon_the_second_request(requests));
        session web;
        co_await fetch(web, server.url());
        co_await fetch(web, server.url());
        co_await hocket::sleep(1s);
      },
      6);
}

TEST(session, waiting_requests_cancelled_anywhere_leave_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server server(answering([](const std::string&) { return response_text(200, "x"); }));
        session web({.limit = 1, .limit_per_host = 1});
        co_await hocket::gather(fetch(web, server.url()), fetch(web, server.url()), fetch(web, server.url()));
      },
      6);
}

}  // namespace
