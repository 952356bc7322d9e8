#include <string>

#include <http/server/answers.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/require_basic_auth.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::authenticated_user;
using hocket::http::basic_credentials;
using hocket::http::format_basic;
using hocket::http::middleware;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::require_basic_auth;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

router guarded(middleware guard) {
  router routes;
  routes.use(std::move(guard));
  routes.get("/", [](request& asked) -> coro<reply> { co_return reply::text(asked.get<authenticated_user>()->name); });
  return routes;
}

coro<std::string> ask(running_server& server, std::string fields) {
  co_return co_await answer_to(server.address(), request_of("GET", "/", fields));
}
std::string field(const basic_credentials& given) { return fmt::format("Authorization: {}\r\n", format_basic(given)); }

HOCKET_TEST(require_basic_auth, lets_in_who_has_the_password) {
  running_server server(guarded(require_basic_auth("here", {{"ann", "secret"}, {"bob", ""}, {"ä", "ö:ü"}})));
  for (const basic_credentials& each : {basic_credentials{"ann", "secret"}, {"bob", ""}, {"ä", "ö:ü"}}) {
    const std::string answer = co_await ask(server, field(each));
    EXPECT_EQ(statuses(answer), "200");
    EXPECT_EQ(body_of(answer), each.user);
  }
  co_await server.stop();
}

HOCKET_TEST(require_basic_auth, asks_the_others_for_it) {
  running_server server(guarded(require_basic_auth("the \"place\"", {{"ann", "secret"}})));
  for (const std::string& fields :
       {std::string(), field({"ann", "secre"}), field({"ann", "secretx"}), field({"ann", ""}), field({"Ann", "secret"}),
        field({"", ""}), field({"bob", "secret"}), std::string("Authorization: Basic\r\n"),
        std::string("Authorization: Basic !!!\r\n"), std::string("Authorization: Bearer YW5uOnNlY3JldA==\r\n"),
        field({"ann", "secret"}) + field({"ann", "secret"})}) {
    const std::string answer = co_await ask(server, fields);
    EXPECT_EQ(statuses(answer), "401") << fields;
    EXPECT_EQ(field_of(answer, "WWW-Authenticate"), R"(Basic realm="the \"place\"", charset="UTF-8")");
  }
  co_await server.stop();
}

HOCKET_TEST(require_basic_auth, may_take_its_time_to_find_out) {
  running_server server(guarded(require_basic_auth("here", [](const basic_credentials& given) -> coro<bool> {
    co_await hocket::sleep(std::chrono::seconds(1));
    co_return given.password == given.user;
  })));
  EXPECT_EQ(statuses(co_await ask(server, field({"a", "a"}))), "200");
  EXPECT_EQ(statuses(co_await ask(server, field({"a", "b"}))), "401");
  co_await server.stop();
}

TEST(require_basic_auth, refuses_a_realm_that_would_end_its_line) {
  EXPECT_THROW(static_cast<void>(require_basic_auth("a\r\nb", std::map<std::string, std::string>{})), hocket::error);
}

}  // namespace
