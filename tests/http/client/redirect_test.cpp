#include <chrono>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_messages;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

/// Redirects "/" to "/next" and answers all else with what was asked: "METHOD body".
scripted_server::script redirecting(int status, seen_request& seen) {
  return answering_messages([status, &seen](const seen_request& asked) {
    if (asked.target == "/") return redirect_to("/next", status);
    seen = asked;
    return response_text(200, asked.method + " " + asked.body);
  });
}

HOCKET_TEST(redirect, becomes_a_get_where_the_status_wants_that) {
  struct {
    int status;
    const char* method;
    const char* arrives_as;
  } const cases[] = {
      {301, "POST", "GET "},      {302, "POST", "GET "},    {303, "POST", "GET "},          {303, "PUT", "GET "},
      {303, "DELETE", "GET "},    {301, "PUT", "PUT body"}, {302, "PATCH", "PATCH body"},   {307, "POST", "POST body"},
      {308, "POST", "POST body"}, {307, "PUT", "PUT body"}, {301, "DELETE", "DELETE body"},
  };
  for (const auto& each : cases) {
    seen_request seen;
    scripted_server server(redirecting(each.status, seen));
    session web;
    EXPECT_EQ(co_await ask(web, each.method, server.url(), {.body = "body"}), each.arrives_as)
        << each.status << " " << each.method;
  }
}

HOCKET_TEST(redirect, that_drops_the_body_drops_what_speaks_of_it) {
  seen_request seen;
  scripted_server server(redirecting(303, seen));
  session web;
  co_await ask(web, "POST", server.url(),
               {.fields = {{"Content-Language", "la"}, {"X-Kept", "yes"}}, .json = "{}", .expect_continue = true});
  EXPECT_FALSE(seen.fields.contains("Content-Type"));
  EXPECT_FALSE(seen.fields.contains("Content-Language"));
  EXPECT_FALSE(seen.fields.contains("Content-Length"));
  EXPECT_FALSE(seen.fields.contains("Expect"));
  EXPECT_EQ(seen.fields.get("X-Kept"), "yes");
}

HOCKET_TEST(redirect, keeps_a_head_request_one) {
  seen_request seen;
  scripted_server server(redirecting(303, seen));
  session web;
  response answer = co_await web.head(server.url());
  EXPECT_EQ(seen.method, "HEAD");
}

HOCKET_TEST(redirect, makes_a_producer_produce_again) {
  seen_request seen;
  scripted_server server(redirecting(307, seen));
  session web;
  int times = 0;
  const auto produce = [&](body_writer& to) -> coro<void> {
    ++times;
    co_await to.write("made");
  };
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce)}), "POST made");
  EXPECT_EQ(times, 2);
}

hocket::async_generator<std::string> one_piece() { co_yield "once"; }

HOCKET_TEST(redirect, of_what_cannot_be_sent_again_is_an_error_that_says_so) {
  seen_request seen;
  scripted_server server(redirecting(308, seen));
  session web;
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::pieces(one_piece())})),
            "http::body_not_repeatable: redirected with 308, but the body is a generator's and cannot be sent again");
  scripted_server to_get(redirecting(303, seen));
  EXPECT_EQ(co_await ask(web, "POST", to_get.url(), {.body = body::pieces(one_piece())}), "GET ");
}

HOCKET_TEST(redirect, leaves_a_history) {
  scripted_server server(answering_messages([](const seen_request& asked) {
    if (asked.target == "/a") return redirect_to("/b", 301);
    if (asked.target == "/b") return redirect_to("/c", 307);
    return response_text(200, "");
  }));
  session web;
  response answer = co_await web.get(server.url("/a#x"));
  EXPECT_EQ(answer.redirects(), 2U);
  EXPECT_EQ(answer.history()[0].status, 301);
  EXPECT_EQ(answer.history()[0].from.href(), server.url("/a#x"));
  EXPECT_EQ(answer.history()[1].status, 307);
  EXPECT_EQ(answer.history()[1].from.href(), server.url("/b#x"));
  EXPECT_EQ(answer.url().href(), server.url("/c#x"));
}

HOCKET_TEST(redirect, brings_its_own_fragment_or_keeps_the_one_that_was) {
  scripted_server server(answering_messages([](const seen_request& asked) {
    if (asked.target == "/with") return redirect_to("/end#new");
    if (asked.target == "/without") return redirect_to("/end");
    if (asked.target == "/empty") return redirect_to("/end#");
    return response_text(200, "");
  }));
  session web;
  EXPECT_EQ((co_await web.get(server.url("/with#old"))).url().fragment(), "new");
  EXPECT_EQ((co_await web.get(server.url("/without#old"))).url().fragment(), "old");
  EXPECT_EQ((co_await web.get(server.url("/empty#old"))).url().fragment(), "");
}

HOCKET_TEST(redirect, takes_no_host_and_no_credentials_of_a_url_to_another_origin) {
  seen_request seen;
  scripted_server other(answering_messages([&](const seen_request& asked) {
    seen = asked;
    return response_text(200, "");
  }));
  scripted_server server(answering_messages([&](const seen_request&) { return redirect_to(other.url()); }));
  session web;
  co_await ask(web, "GET", fmt::format("http://user:secret@127.0.0.1:{}/", server.port()),
               {.fields = {{"Host", "virtual.example"}, {"AUTHORIZATION", "Bearer x"}}});
  EXPECT_EQ(seen.fields.get("Host"), fmt::format("127.0.0.1:{}", other.port()));
  EXPECT_FALSE(seen.fields.contains("Authorization"));
}

HOCKET_TEST(redirect, that_leads_nowhere_is_one_line) {
  for (const char* location : {"http://", "http://[::1", "http://a b/", "\x01", "//"}) {
    scripted_server server(answering_messages([&](const seen_request&) { return redirect_to(location); }));
    session web;
    const std::string failure = co_await failure_of(ask(web, "GET", server.url()));
    EXPECT_FALSE(failure.starts_with("none")) << location;
    EXPECT_EQ(failure.find('\n'), std::string::npos) << location;
  }
}

coro<void> write_twice(body_writer& to) {
  co_await to.write("x");
  co_await hocket::sleep(1s);
  co_await to.write("y");
}

TEST(redirect, of_a_body_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          scripted_server server(answering_messages([](const seen_request& asked) {
            if (asked.target == "/") return redirect_to("/again", 307);
            if (asked.target == "/again") return redirect_to("/end", 303);
            return response_text(200, asked.method + asked.body);
          }));
          session web;
          EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(write_twice)}), "GET");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 10U);
  }
}

}  // namespace
