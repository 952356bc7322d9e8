#include <string>

#include <http/server/answers.hpp>

#include <hocket/http/server/error_pages.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::error_page;
using hocket::http::error_pages;
using hocket::http::error_pages_options;
using hocket::http::http_error;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

router failing(error_pages_options options = {}) {
  router routes;
  routes.use(error_pages(std::move(options)));
  routes.get("/bad", [](request&) -> coro<reply> {
    throw http_error(400, "<b>\"&'", {{"X-Why", "so"}});
    co_return reply{};
  });
  routes.get("/broken", [](request&) -> coro<reply> {
    throw std::runtime_error("a secret");
    co_return reply{};
  });
  routes.get("/bare",
             [](request&) -> coro<reply> { co_return reply{.status = 503, .headers = {{"Retry-After", "5"}}}; });
  routes.get("/own", [](request&) -> coro<reply> { co_return reply::text("mine", 404); });
  return routes;
}

/// The answer to a GET with that Accept.
coro<std::string> ask(std::string target, std::string accept, error_pages_options options = {}) {
  running_server server(failing(std::move(options)));
  const std::string fields = accept.empty() ? "" : fmt::format("Accept: {}\r\n", accept);
  std::string answer = co_await answer_to(server.address(), request_of("GET", target, fields));
  co_await server.stop();
  co_return answer;
}

const std::string browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

HOCKET_TEST(error_pages, are_html_for_browsers) {
  const std::string answer = co_await ask("/bad", browser);
  EXPECT_EQ(statuses(answer), "400");
  EXPECT_EQ(field_of(answer, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(field_of(answer, "X-Why"), "so");
  EXPECT_EQ(field_of(answer, "Vary"), "Accept");
  EXPECT_TRUE(body_of(answer).contains("<h1>400 Bad Request</h1>\n<p>&lt;b&gt;&quot;&amp;&#39;</p>")) << answer;
}

HOCKET_TEST(error_pages, are_objects_for_programs) {
  const std::string answer = co_await ask("/bad", "application/json");
  EXPECT_EQ(field_of(answer, "Content-Type"), "application/problem+json");
  EXPECT_EQ(body_of(answer), R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"<b>\"&'"})");
  EXPECT_EQ(body_of(co_await ask("/none", "application/json")),
            R"({"type":"about:blank","title":"Not Found","status":404})");
}

HOCKET_TEST(error_pages, are_text_for_who_does_not_say) {
  for (const char* accept : {"", "*/*", "text/plain", "text/html;q=0", "image/png, ,;", "text/html;q=x"}) {
    const std::string answer = co_await ask("/bad", accept);
    EXPECT_EQ(field_of(answer, "Content-Type"), "text/plain; charset=utf-8") << accept;
    EXPECT_EQ(body_of(answer), "<b>\"&'\n") << accept;
  }
}

HOCKET_TEST(error_pages, are_what_is_liked_better) {
  EXPECT_TRUE((co_await ask("/bad", "text/html;q=0.5, Application/JSON;q=0.6")).contains("problem+json"));
  EXPECT_TRUE((co_await ask("/bad", "application/json;q=0.5, text/html")).contains("text/html"));
}

HOCKET_TEST(error_pages, keep_what_an_error_says_besides) {
  running_server server(failing());
  const std::string answer = co_await answer_to(server.address(), request_of("POST", "/bad", "Accept: text/html\r\n"));
  EXPECT_EQ(statuses(answer), "405");
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD, OPTIONS");
  co_await server.stop();
}

HOCKET_TEST(error_pages, fill_replies_without_a_body) {
  const std::string answer = co_await ask("/bare", browser);
  EXPECT_EQ(field_of(answer, "Retry-After"), "5");
  EXPECT_TRUE(body_of(answer).contains("503 Service Unavailable"));
  EXPECT_EQ(body_of(co_await ask("/own", browser)), "mine");
}

HOCKET_TEST(error_pages, can_be_ones_own) {
  const auto own = [](const error_page& page) {
    return fmt::format("<p>{} {} {}", page.status, page.title, page.detail);
  };
  EXPECT_EQ(body_of(co_await ask("/none", browser, {.html = own})), "<p>404 Not Found ");
}

HOCKET_TEST(error_pages, do_not_tell_what_broke) {
  std::string reported;
  const auto report = [&](const request& asked, const std::string& problem) {
    reported = fmt::format("{}: {}", asked.target(), problem);
  };
  const std::string answer = co_await ask("/broken", browser, {.on_error = report});
  EXPECT_EQ(statuses(answer), "500");
  EXPECT_EQ(field_of(answer, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_FALSE(answer.contains("secret"));
  EXPECT_EQ(reported, "/broken: a secret");
}

HOCKET_TEST(error_pages, leave_what_broke_to_the_server_if_nobody_wants_to_know) {
  std::string reported;
  running_server server(failing(), {.on_error = [&](const std::string& problem) { reported = problem; }});
  EXPECT_EQ(statuses(co_await answer_to(server.address(), request_of("GET", "/broken", "Accept: text/html\r\n"))),
            "500");
  EXPECT_EQ(reported, "GET /broken: a secret");
  co_await server.stop();
}

}  // namespace
