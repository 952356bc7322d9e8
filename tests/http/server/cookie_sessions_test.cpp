#include <string>

#include <http/server/answers.hpp>

#include <hocket/http/cookies/cookie_signer.hpp>
#include <hocket/http/server/cookie_sessions.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::cookie_session;
using hocket::http::cookie_sessions;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::router;
using hocket::http::session_cookie_options;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

std::chrono::sys_seconds today{784111777s};
std::chrono::sys_seconds clock_of_test() { return today; }

const std::string key = "0123456789abcdef", newer_key = "fedcba9876543210";

session_cookie_options usual() { return {.wall_clock = clock_of_test}; }

/// "/set/VALUE", "/get", "/clear", "/renew", "/idle", "/fail".
router serving(std::vector<std::string> keys = {key}, session_cookie_options options = usual()) {
  router routes;
  routes.use(cookie_sessions(std::move(keys), std::move(options)));
  routes.get("/set/{value}", [](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->set("v", std::string(asked.parameter("value")));
    co_return reply::text("done");
  });
  routes.get("/get", [](request& asked) -> coro<reply> {
    co_return reply::text(std::string(asked.get<cookie_session>()->get("v").value_or("-")));
  });
  routes.get("/clear", [](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->clear();
    co_return reply::text("done");
  });
  routes.get("/renew", [](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->renew();
    co_return reply::text("done");
  });
  routes.get("/idle", [](request&) -> coro<reply> { co_return reply::text("done"); });
  routes.get("/large", [](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->set("v", std::string(4000, 'x'));
    co_return reply::text("done");
  });
  return routes;
}

coro<std::string> ask(running_server& server, std::string target, std::string cookie = {}) {
  const std::string fields = cookie.empty() ? "" : fmt::format("Cookie: {}\r\n", cookie);
  co_return co_await answer_to(server.address(), request_of("GET", target, fields));
}
/// "name=value", as the client is to bring it.
std::string cookie_of(const std::string& answer) {
  const std::string field = field_of(answer, "Set-Cookie");
  return field.substr(0, field.find(';'));
}
coro<std::string> get(running_server& server, std::string cookie) {
  co_return std::string(body_of(co_await ask(server, "/get", cookie)));
}

HOCKET_TEST(cookie_sessions, are_remembered) {
  running_server server(serving());
  const std::string answer = co_await ask(server, "/set/a%20%3D%26");
  const std::string cookie = cookie_of(answer);
  EXPECT_TRUE(cookie.starts_with("session="));
  EXPECT_TRUE(field_of(answer, "Set-Cookie").contains("; Max-Age=1209600"));
  for (const char* attribute : {"; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"})
    EXPECT_TRUE(field_of(answer, "Set-Cookie").contains(attribute)) << field_of(answer, "Set-Cookie");
  EXPECT_EQ(field_of(answer, "Cache-Control"), "no-store");
  EXPECT_EQ(field_of(answer, "Vary"), "Cookie");
  EXPECT_EQ(co_await get(server, cookie), "a =&");
  EXPECT_EQ(co_await get(server, "other=1; " + cookie + "; x"), "a =&");
  EXPECT_EQ(co_await get(server, ""), "-");
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, cost_nothing_where_they_are_not_used) {
  running_server server(serving());
  const std::string answer = co_await ask(server, "/idle");
  EXPECT_EQ(field_of(answer, "Set-Cookie"), "-");
  EXPECT_EQ(field_of(answer, "Vary"), "-");
  EXPECT_EQ(field_of(co_await ask(server, "/get"), "Set-Cookie"), "-");
  EXPECT_EQ(field_of(co_await ask(server, "/get"), "Vary"), "Cookie");
  EXPECT_EQ(field_of(co_await ask(server, "/clear"), "Set-Cookie"), "-");
  EXPECT_EQ(field_of(co_await ask(server, "/idle", cookie_of(co_await ask(server, "/set/a"))), "Set-Cookie"), "-");
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, that_are_forged_are_as_none) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/set/a"));
  for (std::size_t at = 8; at < cookie.size(); ++at) {
    std::string forged = cookie;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(co_await get(server, forged), "-") << at;
    EXPECT_EQ(co_await get(server, cookie.substr(0, at)), "-") << at;
  }
  const hocket::http::cookie_signer signer({key});
  for (const char* value :
       {"", ".", "x.dj1h", "99999999999", "99999999999.!!!", "-1.dj1h", "99999999999999999999.dj1h"})
    EXPECT_EQ(co_await get(server, "session=" + signer.sign("session", value)), "-") << value;
  EXPECT_EQ(co_await get(server, "session=" + signer.sign("session", "99999999999.dj1h")), "a");
  EXPECT_EQ(co_await get(server, "session=" + signer.sign("other", "99999999999.dj1h")), "-");
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, that_neighbours_have_set_are_passed_over) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/set/a"));
  EXPECT_EQ(co_await get(server, "session=tossed; " + cookie), "a");
  EXPECT_EQ(co_await get(server, "session=tossed\r\nCookie: " + cookie), "a");
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, are_looked_for_among_the_first_cookies_of_their_name) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/set/a"));
  std::string tossed;
  for (int n = 0; n < 9; ++n) tossed += "session=tossed; other=1; ";
  EXPECT_EQ(co_await get(server, tossed + cookie), "a");
  EXPECT_EQ(co_await get(server, tossed + "session=tossed; " + cookie), "-");
  EXPECT_EQ(co_await get(server, tossed + "session=tossed\r\nCookie: " + cookie), "-");
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, expire) {
  running_server server(serving());
  const auto begun = today;
  const std::string cookie = cookie_of(co_await ask(server, "/set/a"));
  today = begun + 14 * 24h - 1s;
  EXPECT_EQ(co_await get(server, cookie), "a");
  today = begun + 14 * 24h;
  EXPECT_EQ(co_await get(server, cookie), "-");
  today = begun;
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, of_which_half_has_passed_are_renewed) {
  running_server server(serving());
  const auto begun = today;
  const std::string cookie = cookie_of(co_await ask(server, "/set/a"));
  today = begun + 7 * 24h;
  EXPECT_EQ(field_of(co_await ask(server, "/idle", cookie), "Set-Cookie"), "-");
  today = begun + 7 * 24h + 1s;
  const std::string renewed = cookie_of(co_await ask(server, "/idle", cookie));
  today = begun + 20 * 24h;
  EXPECT_EQ(co_await get(server, renewed), "a");
  EXPECT_EQ(co_await get(server, cookie), "-");
  today = begun;
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, outlive_a_change_of_keys) {
  running_server old(serving({key})), both(serving({newer_key, key})), fresh(serving({newer_key}));
  const std::string cookie = cookie_of(co_await ask(old, "/set/a"));
  EXPECT_EQ(co_await get(both, cookie), "a");
  EXPECT_EQ(co_await get(fresh, cookie), "-");
  const std::string signed_anew = cookie_of(co_await ask(both, "/renew", cookie));
  EXPECT_EQ(co_await get(fresh, signed_anew), "a");
  for (running_server* each : {&old, &both, &fresh}) co_await each->stop();
}

HOCKET_TEST(cookie_sessions, that_are_cleared_are_taken_away) {
  running_server server(serving());
  const std::string answer = co_await ask(server, "/clear", cookie_of(co_await ask(server, "/set/a")));
  EXPECT_EQ(cookie_of(answer), "session=");
  EXPECT_TRUE(field_of(answer, "Set-Cookie").contains("; Max-Age=0"));
  co_await server.stop();
}

HOCKET_TEST(cookie_sessions, that_do_not_fit_fail) {
  std::string reported;
  running_server server(serving(), {.on_error = [&](const std::string& problem) { reported = problem; }});
  const std::string answer = co_await ask(server, "/large");
  EXPECT_EQ(statuses(answer), "500");
  EXPECT_EQ(field_of(answer, "Set-Cookie"), "-");
  EXPECT_TRUE(reported.contains("does not fit into a cookie")) << reported;
  co_await server.stop();
}

TEST(cookie_sessions, refuse_options_that_make_no_cookie) {
  const auto refused = [](std::vector<std::string> keys, session_cookie_options options) {
    EXPECT_THROW(static_cast<void>(cookie_sessions(std::move(keys), std::move(options))), hocket::error);
  };
  refused({}, usual());
  refused({"short"}, usual());
  refused({key}, {});
  refused({key}, {.name = "a b", .wall_clock = clock_of_test});
  refused({key}, {.name = "__Host-a", .path = "/b", .wall_clock = clock_of_test});
  refused({key}, {.secure = false, .same_site = hocket::http::same_site::none, .wall_clock = clock_of_test});
  refused({key}, {.lifetime = 0s, .wall_clock = clock_of_test});
}

}  // namespace
