#include <string>

#include <http/server/answers.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/memory_sessions.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::cookie_session;
using hocket::http::memory_sessions;
using hocket::http::memory_sessions_options;
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

std::chrono::sys_seconds today{784111777s};
std::chrono::sys_seconds clock_of_test() { return today; }

memory_sessions_options usual() { return {.cookie = {.wall_clock = clock_of_test}}; }

/// Sets what the query says ("name=value" or "-"), sleeps, and answers with all that the session has.
router serving(memory_sessions_options options = usual()) {
  router routes;
  routes.use(memory_sessions({"0123456789abcdef"}, std::move(options)));
  const auto answer_with = [](const cookie_session& session) {
    std::string all;
    for (const auto& [name, value] : *session.data())
      all += fmt::format("{}={};", name, value.size() < 9 ? value : "...");
    return reply::text(all);
  };
  routes.get("/", [=](request& asked) -> coro<reply> {
    cookie_session& session = *asked.get<cookie_session>();
    const std::string_view query = asked.query();
    if (const std::size_t equals = query.find('='); equals != std::string_view::npos)
      session.set(query.substr(0, equals), std::string(query.substr(equals + 1)));
    if (asked.headers().contains("Slow")) co_await hocket::sleep(1s);
    co_return answer_with(session);
  });
  routes.get("/clear", [=](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->clear();
    co_return reply::text("");
  });
  routes.get("/renew", [=](request& asked) -> coro<reply> {
    asked.get<cookie_session>()->renew();
    if (!asked.query().empty()) asked.get<cookie_session>()->set("user", std::string(asked.query()));
    co_return answer_with(*asked.get<cookie_session>());
  });
  return routes;
}

coro<std::string> ask(running_server& server, std::string target, std::string cookie = {}, std::string fields = {}) {
  if (!cookie.empty()) fields += fmt::format("Cookie: {}\r\n", cookie);
  co_return co_await answer_to(server.address(), request_of("GET", target, fields));
}
coro<std::string> get(running_server& server, std::string cookie) {
  co_return std::string(body_of(co_await ask(server, "/", cookie)));
}
std::string cookie_of(const std::string& answer) {
  const std::string field = field_of(answer, "Set-Cookie");
  return field.substr(0, field.find(';'));
}

HOCKET_TEST(memory_sessions, are_remembered_here) {
  running_server server(serving());
  const std::string answer = co_await ask(server, "/?a=secret");
  const std::string cookie = cookie_of(answer);
  for (const char* attribute : {"; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"})
    EXPECT_TRUE(field_of(answer, "Set-Cookie").contains(attribute));
  EXPECT_EQ(co_await get(server, cookie), "a=secret;");
  const std::string more = co_await ask(server, "/?b=2", cookie);
  EXPECT_EQ(field_of(more, "Set-Cookie"), "-");
  EXPECT_EQ(co_await get(server, cookie), "a=secret;b=2;");
  EXPECT_EQ(co_await get(server, ""), "");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, are_not_kept_for_those_who_put_nothing_in) {
  running_server server(serving());
  EXPECT_EQ(field_of(co_await ask(server, "/"), "Set-Cookie"), "-");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, of_others_cannot_be_guessed) {
  running_server server(serving());
  const std::string first = cookie_of(co_await ask(server, "/?a=1")), second = cookie_of(co_await ask(server, "/?a=2"));
  EXPECT_NE(first, second);
  const std::size_t number = first.find('-') + 1;
  std::string guessed = first;
  guessed.replace(number, 1, second.substr(number, 1));
  EXPECT_NE(guessed, first);
  EXPECT_EQ(co_await get(server, guessed), "");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, that_are_cleared_are_gone) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  EXPECT_EQ(cookie_of(co_await ask(server, "/clear", cookie)), "session=");
  EXPECT_EQ(co_await get(server, cookie), "");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, that_are_renewed_have_another_cookie) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  const std::string renewed = cookie_of(co_await ask(server, "/renew", cookie));
  EXPECT_EQ(co_await get(server, renewed), "a=1;");
  EXPECT_EQ(co_await get(server, cookie), "");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, that_are_renewed_are_closed_to_requests_that_came_by_the_old_cookie) {
  running_server server(serving());
  for (const char* slow : {"/", "/?b=2"}) {
    const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
    std::string renewed;
    const auto log_in = [&]() -> coro<std::string> {
      co_await hocket::sleep(500ms);
      renewed = cookie_of(co_await ask(server, "/renew?alice", cookie));
      co_return renewed;
    };
    const auto answers = co_await hocket::gather(ask(server, slow, cookie, "Slow: 1\r\n"), log_in());
    EXPECT_EQ(body_of(std::get<0>(answers)), "");
    EXPECT_EQ(field_of(std::get<0>(answers), "Set-Cookie"), "-");  // nor does it take away that of who has logged in
    EXPECT_TRUE((co_await get(server, renewed)).contains("user=alice;"));
    EXPECT_EQ(co_await get(server, cookie), "");
  }
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, expire_when_they_are_not_used) {
  running_server server(serving());
  const auto begun = today;
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  today = begun + 10 * 24h;
  const std::string renewed = cookie_of(co_await ask(server, "/", cookie));
  today = begun + 20 * 24h;
  EXPECT_EQ(co_await get(server, cookie), "");
  EXPECT_EQ(co_await get(server, renewed), "a=1;");
  today = begun + 40 * 24h;
  EXPECT_EQ(co_await get(server, renewed), "");
  today = begun;
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, of_too_many_the_one_unused_for_longest_goes) {
  memory_sessions_options options = usual();
  options.most_sessions = 2;
  running_server server(serving(options));
  const std::string first = cookie_of(co_await ask(server, "/?a=1")), second = cookie_of(co_await ask(server, "/?a=2"));
  EXPECT_EQ(co_await get(server, first), "a=1;");
  const std::string third = cookie_of(co_await ask(server, "/?a=3"));
  EXPECT_EQ(co_await get(server, first), "a=1;");
  EXPECT_EQ(co_await get(server, second), "");
  EXPECT_EQ(co_await get(server, third), "a=3;");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, that_grow_too_large_fail_once) {
  memory_sessions_options options = usual();
  options.most_bytes = 10;
  running_server server(serving(options));
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  EXPECT_EQ(statuses(co_await ask(server, "/?b=0123456789", cookie)), "500");
  EXPECT_EQ(statuses(co_await ask(server, "/?a=1", cookie)), "200");
  EXPECT_EQ(statuses(co_await ask(server, "/?a=0123456789")), "500");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, are_shared_by_requests_at_the_same_time) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  co_await hocket::gather(ask(server, "/?b=2", cookie, "Slow: 1\r\n"), ask(server, "/?c=3", cookie, "Slow: 1\r\n"));
  EXPECT_EQ(co_await get(server, cookie), "a=1;b=2;c=3;");
  co_await server.stop();
}

HOCKET_TEST(memory_sessions, that_are_cleared_meanwhile_stay_cleared) {
  running_server server(serving());
  const std::string cookie = cookie_of(co_await ask(server, "/?a=1"));
  const auto clear = [&]() -> coro<std::string> {
    co_await hocket::sleep(500ms);
    co_return co_await ask(server, "/clear", cookie);
  };
  co_await hocket::gather(ask(server, "/", cookie, "Slow: 1\r\n"), clear());
  EXPECT_EQ(co_await get(server, cookie), "");
  co_await server.stop();
}

TEST(memory_sessions, refuse_options_that_make_none) {
  EXPECT_THROW(static_cast<void>(memory_sessions({"short"}, usual())), hocket::error);
  memory_sessions_options options = usual();
  options.most_sessions = 0;
  EXPECT_THROW(static_cast<void>(memory_sessions({"0123456789abcdef"}, options)), hocket::error);
}

}  // namespace
