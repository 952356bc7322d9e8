#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <http/client/client_peer.hpp>
#include <netdb.h>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/retries.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::duration;
using hocket::tcp_socket;
using hocket::http::backoff;
using hocket::http::body;
using hocket::http::request_options;
using hocket::http::response;
using hocket::http::retries;
using hocket::http::retry_options;
using hocket::http::session;
using hocket::http::session_options;
using hocket::testing::answering_messages;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::read_request;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

session_options retrying(retry_options how = {}) {
  session_options options;
  options.middlewares.push_back(retries(std::move(how)));
  return options;
}

/// Answers 503, so often, and then 200.
class busy_server {
  using body_list =
      std::shared_ptr<std::vector<std::string>>;  // the server's tasks outlive a scenario that is cancelled

  static scripted_server::script play(body_list seen, std::size_t times, std::string fields) {
    return answering_messages([=](const seen_request& asked) {
      seen->push_back(asked.body);
      const bool is_busy = seen->size() <= times;
      return response_text(is_busy ? 503 : 200, is_busy ? "busy" : "done", fields);
    });
  }

  body_list seen_ = std::make_shared<std::vector<std::string>>();
  scripted_server server_;

 public:
  explicit busy_server(std::size_t times, std::string fields = "") : server_(play(seen_, times, std::move(fields))) {}

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::size_t asked() const { return seen_->size(); }
  [[nodiscard]] std::size_t connections() const { return server_.connections(); }

  const std::vector<std::string>& bodies = *seen_;
};

duration since(hocket::time_point begin) { return hocket::loop::running().time() - begin; }

HOCKET_TEST(retries, ask_again_after_a_pause_that_grows) {
  busy_server server(2);
  session web(retrying());
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "done");
  EXPECT_EQ(server.asked(), 3U);
  EXPECT_EQ(server.connections(), 1U) << "what was refused is read away";
  EXPECT_GE(since(begin), 750ms);
  EXPECT_LE(since(begin), 1500ms);
}

HOCKET_TEST(retries, end_with_the_last_answer) {
  busy_server server(9);
  session web(retrying());
  response answer = co_await web.get(server.url());
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(co_await answer.text(), "busy");
  EXPECT_EQ(server.asked(), 3U);
}

HOCKET_TEST(retries, wait_as_long_as_the_server_wants) {
  for (const char* fields : {"Retry-After: 30\r\n",
                             "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n"}) {
    busy_server server(1, fields);
    session web(retrying());
    const auto begin = hocket::loop::running().time();
    EXPECT_EQ(co_await ask(web, "GET", server.url()), "done");
    EXPECT_GE(since(begin), 30s) << fields;
    EXPECT_LT(since(begin), 31s) << fields;
  }
}

HOCKET_TEST(retries, wait_the_pause_where_the_server_says_less_or_nonsense) {
  for (const char* fields : {"Retry-After: 0\r\n", "Retry-After: -5\r\n", "Retry-After: soon\r\n"}) {
    busy_server server(1, fields);
    session web(retrying());
    const auto begin = hocket::loop::running().time();
    EXPECT_EQ(co_await ask(web, "GET", server.url()), "done");
    EXPECT_GE(since(begin), 250ms) << fields;
    EXPECT_LE(since(begin), 500ms) << fields;
  }
}

HOCKET_TEST(retries, do_not_wait_longer_than_they_may) {
  for (const char* seconds : {"61", "86400", "99999999999999999999999999"}) {
    busy_server server(1, fmt::format("Retry-After: {}\r\n", seconds));
    session web(retrying());
    EXPECT_EQ((co_await web.get(server.url())).status(), 503) << seconds;
    EXPECT_EQ(server.asked(), 1U);
  }
}

HOCKET_TEST(retries, do_not_outlast_the_request) {
  busy_server server(9, "Retry-After: 20\r\n");
  session web(retrying());
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.timeout = 30s})),
            "timeout_error: no complete answer in time");
  EXPECT_EQ(since(begin), 30s);
  EXPECT_EQ(server.asked(), 2U);
}

HOCKET_TEST(retries, are_for_methods_that_may_be_repeated) {
  for (const char* method : {"POST", "PATCH"}) {
    busy_server server(1);
    session web(retrying());
    EXPECT_EQ((co_await web.request(method, std::string_view(server.url()))).status(), 503) << method;
    EXPECT_EQ(server.asked(), 1U);
  }
  busy_server server(1);
  session web(retrying({.only_idempotent = false}));
  EXPECT_EQ((co_await web.post(server.url(), {.body = "again"})).status(), 200);
  EXPECT_EQ(server.bodies, (std::vector<std::string>{"again", "again"}));
}

hocket::async_generator<std::string> one_piece() { co_yield "once"; }

HOCKET_TEST(retries, send_no_body_that_is_gone) {
  busy_server server(1);
  session web(retrying());
  EXPECT_EQ((co_await web.put(server.url(), {.body = body::pieces(one_piece())})).status(), 503);
  EXPECT_EQ(server.asked(), 1U);
}

HOCKET_TEST(retries, are_for_connections_that_fail) {
  int accepted = 0;
  scripted_server server([&](tcp_socket& peer, std::size_t nth) -> coro<void> {
    ++accepted;
    static_cast<void>(co_await read_request(peer));
    if (nth < 2) co_return;
    co_await peer.send_all(response_text(200, "done"));
  });
  session web(retrying());
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "done");
  EXPECT_EQ(accepted, 3);
  server.refuse();
  session another(retrying());
  EXPECT_TRUE((co_await failure_of(ask(another, "GET", server.url()))).starts_with("std::system_error: "));
}

HOCKET_TEST(retries, leave_other_failures_and_answers_as_they_are) {
  int asked = 0;
  int status = 500;
  scripted_server server(answering_messages([&](const seen_request&) {
    ++asked;
    return status == 0 ? std::string("nonsense\r\n\r\n") : response_text(status, "");
  }));
  session web(retrying());
  EXPECT_EQ((co_await web.get(server.url())).status(), 500);
  status = 0;
  const std::string failure = co_await failure_of(ask(web, "GET", server.url()));
  EXPECT_TRUE(failure.starts_with("http::detail::bad_message: ")) << failure;
  EXPECT_EQ(asked, 2);
}

/// Knows no host, now or ever.
struct knows_nothing final : hocket::resolver {
  int reason = EAI_NONAME;
  int asked = 0;
  coro<std::vector<hocket::socket_address>> resolve(std::string, std::uint16_t, int) override {
    ++asked;
    throw std::system_error(reason, hocket::resolve_category(), "look up");
    co_return {};
  }
};

HOCKET_TEST(retries, are_for_what_may_pass_and_not_for_a_host_that_nobody_knows) {
  for (const auto& [reason, times] : {std::pair(EAI_NONAME, 1), std::pair(EAI_AGAIN, 3)}) {
    auto names = std::make_shared<knows_nothing>();
    names->reason = reason;
    session_options options = retrying({.attempts = 3});
    options.resolver = names;
    session web(std::move(options));
    EXPECT_TRUE((co_await failure_of(ask(web, "GET", "http://unknown.example/"))).starts_with("std::system_error: "));
    EXPECT_EQ(names->asked, times) << reason;
  }
}

HOCKET_TEST(retries, of_one_attempt_are_none) {
  busy_server server(1);
  session web(retrying({.attempts = 1}));
  EXPECT_EQ((co_await web.get(server.url())).status(), 503);
}

TEST(retries, cancelled_anywhere_leave_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          busy_server server(2);
          session web(retrying());
          EXPECT_EQ(co_await ask(web, "GET", server.url()), "done");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 10U);
  }
}

HOCKET_TEST(backoff, doubles_to_its_longest) {
  const backoff pause{.first = 1s, .longest = 10s};
  duration whole = 1s;
  for (unsigned attempts = 1; attempts < 100; ++attempts) {
    EXPECT_GE(pause.after(attempts), whole / 2) << attempts;
    EXPECT_LE(pause.after(attempts), whole) << attempts;
    whole = std::min<duration>(2 * whole, 10s);
  }
  EXPECT_EQ((backoff{.first = 0s}).after(5), 0s);
  EXPECT_LE((backoff{.first = 1min, .longest = 1s}).after(1), 1s);
  EXPECT_LE((backoff{.first = 1s, .longest = duration::max()}).after(4'000'000'000U), duration::max());
  co_return;
}

}  // namespace
