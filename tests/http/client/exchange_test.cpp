#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::credentials;
using hocket::http::request_options;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_messages;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::redirect_to;
using hocket::testing::request_reader;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

constexpr const char* head_in_chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Gives back each piece of a body as it comes, and reads no more before that is taken.
scripted_server::script echoing_as_it_reads() {
  return [](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    for (;;) {
      if (!(co_await requests.head()).complete) co_return;
      co_await peer.send_all(head_in_chunks);
      for (;;) {
        const std::string piece = co_await requests.piece();
        if (piece.empty()) break;
        co_await peer.send_all(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
      }
      co_await peer.send_all("0\r\n\r\n");
    }
  };
}

/// Answers when the head of a request is there, then takes all that comes and says nothing.
scripted_server::script answering_early(std::string answer) {
  return [answer = std::move(answer)](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(answer);
    while (co_await peer.receive()) {
    }
  };
}

/// A piece a second, without end.
body endless() {
  return body::stream([](body_writer& to) -> coro<void> {
    for (;;) {
      co_await to.write("x");
      co_await hocket::sleep(1s);
    }
  });
}

coro<std::string> failure_of_exchange(session& web, std::string url, request_options options,
                                      hocket::http::response_user use) {
  const auto work = [&]() -> coro<std::string> {
    co_await web.exchange("POST", std::string_view(url), std::move(options), std::move(use));
    co_return "";
  };
  co_return co_await failure_of(work());
}

coro<void> read_all(response& answer) { static_cast<void>(co_await answer.read()); }

HOCKET_TEST(session_exchange, gives_the_answer_while_the_body_is_being_sent) {
  scripted_server server(echoing_as_it_reads());
  session web;
  hocket::event heard;
  const auto questions = [&](body_writer& to) -> coro<void> {
    co_await to.write("one");
    co_await heard.wait();
    co_await to.write("two");
  };
  std::vector<std::string> answers;
  const auto listen = [&](response& answer) -> coro<void> {
    EXPECT_EQ(answer.status(), 200);
    for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) {
      answers.emplace_back(piece);
      heard.set();
    }
  };
  for (int n = 0; n < 2; ++n) {
    answers.clear();
    heard.clear();
    co_await web.exchange("POST", server.url(), {.body = body::stream(questions)}, listen);
    EXPECT_EQ(answers, (std::vector<std::string>{"one", "two"}));
  }
  EXPECT_EQ(server.connections(), 1U) << "both were whole";
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(session_exchange, does_not_deadlock_with_a_server_that_echoes_as_it_reads) {
  scripted_server server(echoing_as_it_reads());
  session web;
  const std::string large(50'000'000, 'x');
  std::size_t size = 0;
  co_await web.exchange("POST", server.url(), {.body = body::borrow(large)}, [&](response& answer) -> coro<void> {
    for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) size += piece.size();
  });
  EXPECT_EQ(size, large.size());
}

HOCKET_TEST(session_exchange, needs_no_body) {
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "here"); }));
  session web;
  std::string text;
  co_await web.exchange("GET", server.url(), {},
                        [&](response& answer) -> coro<void> { text = co_await answer.read(); });
  EXPECT_EQ(text, "here");
}

HOCKET_TEST(session_exchange, ends_the_sending_at_a_refusal) {
  scripted_server server(answering_early(response_text(413, "too large")));
  session web;
  std::string text;
  co_await web.exchange("POST", server.url(), {.body = endless()}, [&](response& answer) -> coro<void> {
    EXPECT_EQ(answer.status(), 413);
    text = co_await answer.read();
  });
  EXPECT_EQ(text, "too large");
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session_exchange, ends_the_sending_with_the_answer) {
  scripted_server server(answering_early(response_text(200, "enough")));
  session web;
  const auto begun = hocket::loop::running().time();
  std::string text;
  co_await web.exchange("POST", server.url(), {.body = endless()},
                        [&](response& answer) -> coro<void> { text = co_await answer.read(); });
  EXPECT_EQ(text, "enough");
  EXPECT_LT(hocket::loop::running().time() - begun, 1s);
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U) << "a request that was not sent to its end leaves no connection for another";
}

HOCKET_TEST(session_exchange, ends_when_nobody_wants_the_rest) {
  scripted_server server(echoing_as_it_reads());
  session web;
  bool produces = false;
  const auto produce = [&](body_writer& to) -> coro<void> {
    const struct mark {
      bool& set;
      explicit mark(bool& which) : set(which) { set = true; }
      ~mark() { set = false; }
    } while_it_runs{produces};
    for (;;) {
      co_await to.write("x");
      co_await hocket::sleep(1s);
    }
  };
  std::string first;
  co_await web.exchange("POST", server.url(), {.body = body::stream(produce)},
                        [&](response& answer) -> coro<void> { first = co_await answer.next(); });
  EXPECT_EQ(first, "x");
  EXPECT_FALSE(produces);
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session_exchange, closes_what_is_moved_away_from_it) {
  scripted_server server(echoing_as_it_reads());
  session web;
  std::optional<response> kept;
  co_await web.exchange("POST", server.url(), {.body = endless()}, [&](response& answer) -> coro<void> {
    {
      const response mine = std::move(answer);
    }
    co_await hocket::sleep(1s);
    EXPECT_EQ(server.open(), 0U);
  });
  co_await web.exchange("POST", server.url(), {.body = endless()}, [&](response& answer) -> coro<void> {
    kept = std::move(answer);
    co_return;
  });
  EXPECT_NE(co_await failure_of(kept->read()), "none: ");
  kept.reset();
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(session_exchange, throws_what_makes_the_body_to_whoever_reads) {
  scripted_server server(echoing_as_it_reads());
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    co_await to.write("x");
    co_await hocket::sleep(1s);
    throw std::domain_error("no more");
  };
  for (const bool reads_at_once : {true, false}) {
    std::string heard;
    const auto listen = [&](response& answer) -> coro<void> {
      if (!reads_at_once) co_await hocket::sleep(2s);
      for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) heard += piece;
    };
    EXPECT_EQ(co_await failure_of_exchange(web, server.url(), {.body = body::stream(produce)}, listen),
              "std::domain_error: no more");
    EXPECT_EQ(heard, reads_at_once ? "x" : "");
  }
}

HOCKET_TEST(session_exchange, throws_what_its_user_throws) {
  scripted_server server(echoing_as_it_reads());
  session web;
  const auto listen = [](response& answer) -> coro<void> {
    static_cast<void>(co_await answer.next());
    throw std::domain_error("heard enough");
  };
  EXPECT_EQ(co_await failure_of_exchange(web, server.url(), {.body = endless()}, listen),
            "std::domain_error: heard enough");
}

HOCKET_TEST(session_exchange, with_a_server_that_closes_in_the_midst_of_it_fails) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(head_in_chunks);
  });
  session web;
  const std::string failure = co_await failure_of_exchange(web, server.url(), {.body = endless()}, read_all);
  EXPECT_TRUE(failure.starts_with("http::server_disconnected: ") || failure.starts_with("std::system_error: "))
      << failure;
}

HOCKET_TEST(session_exchange, waits_for_a_silent_server_as_long_as_it_sends_and_no_longer) {
  scripted_server server(answering_early(head_in_chunks));
  session web({.timeouts = {.sock_read = 5s}});
  const auto produce = [](body_writer& to) -> coro<void> {
    for (int n = 0; n < 4; ++n) {
      co_await to.write("x");
      co_await hocket::sleep(4s);
    }
  };
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of_exchange(web, server.url(), {.body = body::stream(produce)}, read_all),
            "timeout_error: the server sends nothing");
  const auto passed = hocket::loop::running().time() - begun;
  EXPECT_GE(passed, 16s + 5s);
  EXPECT_LE(passed, 16s + 10s);
}

HOCKET_TEST(session_exchange, ends_with_the_total) {
  scripted_server server(answering_early(head_in_chunks));
  session web;
  EXPECT_EQ(co_await failure_of_exchange(web, server.url(), {.body = endless(), .timeout = 9s}, read_all),
            "timeout_error: no complete answer in time");
}

HOCKET_TEST(session_exchange, follows_redirects_and_answers_challenges) {
  std::vector<std::string> bodies;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    bodies.push_back(asked.body);
    if (asked.target == "/") return redirect_to("/there", 307);
    if (asked.fields.contains("Authorization")) return response_text(200, "in");
    return response_text(401, "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n");
  }));
  session web({.auth = credentials::digest("user", "password")});
  const auto produce = [](body_writer& to) -> coro<void> { co_await to.write("all"); };
  std::string text;
  co_await web.exchange("POST", server.url(), {.body = body::stream(produce)},
                        [&](response& answer) -> coro<void> { text = co_await answer.read(); });
  EXPECT_EQ(text, "in");
  EXPECT_EQ(bodies, (std::vector<std::string>{"all", "all", "all"}));
}

TEST(session_exchange, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          scripted_server server(echoing_as_it_reads());
          session web;
          const auto produce = [](body_writer& to) -> coro<void> {
            for (int n = 0; n < 3; ++n) {
              co_await to.write("|");
              co_await hocket::sleep(1s);
            }
          };
          std::string text;
          co_await web.exchange("POST", server.url(), {.body = body::stream(produce)},
                                [&](response& answer) -> coro<void> { text = co_await answer.read(); });
          EXPECT_EQ(text, "|||");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
  }
}

}  // namespace
