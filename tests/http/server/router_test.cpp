#include <string>

#include <fmt/format.h>
#include <http/running_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::handler;
using hocket::http::http_error;
using hocket::http::next_handler;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::has_line;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

/// A handler that says its name and the named parts of the path.
template <class... Names>
handler saying(std::string name, Names... parts) {
  return [name = std::move(name), parts...](request& asked) -> coro<reply> {
    std::string text = name;
    ((text += fmt::format(" {}={}", parts, asked.parameter(parts))), ...);
    co_return reply::text(std::move(text));
  };
}

/// "200 text" for a request of that method and target.
coro<std::string> ask(running_server& server, std::string method, std::string target) {
  const std::string answer =
      co_await answer_to(server.address(), fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n\r\n", method, target));
  co_return fmt::format("{} {}", statuses(answer), body_of(answer));
}
coro<std::string> get(running_server& server, std::string target) {
  co_return co_await ask(server, "GET", std::move(target));
}

std::string refusal_of(std::string_view pattern) {
  router routes;
  routes.get("/taken/{id}", saying("first"));
  try {
    routes.get(pattern, saying("second"));
  } catch (const hocket::error& refused) {
    return refused.what();
  }
  return "";
}

HOCKET_TEST(router, chooses_by_path) {
  router routes;
  routes.get("/", saying("root"));
  routes.get("/a", saying("a"));
  routes.get("/a/", saying("a/"));
  routes.get("/a/b", saying("a/b"));
  running_server server(std::move(routes));
  for (const char* path : {"a", "a/", "a/b"})
    EXPECT_EQ(co_await get(server, fmt::format("/{}", path)), fmt::format("200 {}", path));
  EXPECT_EQ(co_await get(server, "/"), "200 root");
  EXPECT_EQ(co_await get(server, "/?a"), "200 root");
  for (const char* path : {"/b", "/a/b/", "/a/b/c", "//", "/A", "/a//b"})
    EXPECT_EQ(co_await get(server, path), "404 404 Not Found\n") << path;
  co_await server.stop();
}

HOCKET_TEST(router, gives_the_parts_of_the_path_that_have_names) {
  router routes;
  routes.get("/users/{id:int}", saying("number", "id"));
  routes.get("/users/{name}", saying("name", "name"));
  routes.get("/users/me", saying("me"));
  routes.get("/users/{name}/posts/{post}", saying("post", "name", "post"));
  routes.get("/files/{path:path}", saying("file", "path"));
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/users/7"), "200 number id=7");
  EXPECT_EQ(co_await get(server, "/users/-7"), "200 number id=-7");
  EXPECT_EQ(co_await get(server, "/users/7a"), "200 name name=7a");
  EXPECT_EQ(co_await get(server, "/users/me"), "200 me");
  EXPECT_EQ(co_await get(server, "/users/me/posts/1"), "200 post name=me post=1");
  EXPECT_EQ(co_await get(server, "/users/7/posts/1"), "200 post name=7 post=1");
  EXPECT_EQ(co_await get(server, "/users/a%2Fb%20c"), "200 name name=a/b c");
  EXPECT_EQ(co_await get(server, "/users/"), "404 404 Not Found\n");
  EXPECT_EQ(co_await get(server, "/files/a/b%20c/"), "200 file path=a/b c/");
  EXPECT_EQ(co_await get(server, "/files/"), "200 file path=");
  EXPECT_EQ(co_await get(server, "/files"), "404 404 Not Found\n");
  co_await server.stop();
}

HOCKET_TEST(router, a_number_that_fits_none_is_not_found) {
  router routes;
  routes.get("/{id:int}", [](request& asked) -> coro<reply> {
    co_return reply::text(std::to_string(asked.parameter<std::uint8_t>("id") + 1));
  });
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/255"), "200 256");
  for (const char* path : {"/256", "/-1", "/99999999999999999999"})
    EXPECT_EQ((co_await get(server, path)).substr(0, 3), "404");
  co_await server.stop();
}

HOCKET_TEST(router, a_path_that_cannot_be_decoded_is_refused) {
  router routes;
  routes.get("/{name}", saying("name", "name"));
  running_server server(std::move(routes));
  for (const char* path : {"/%", "/a%2", "/%zz", "/%2/"})
    EXPECT_EQ((co_await get(server, path)).substr(0, 3), "400") << path;
  co_await server.stop();
}

HOCKET_TEST(router, chooses_by_method) {
  router routes;
  routes.get("/a", saying("got"));
  routes.post("/a", saying("posted"));
  routes.delete_("/{name}", saying("deleted"));
  routes.any("/any", saying("any"));
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/a"), "200 got");
  EXPECT_EQ(co_await ask(server, "POST", "/a"), "200 posted");
  EXPECT_EQ(co_await ask(server, "DELETE", "/a"), "200 deleted");
  EXPECT_EQ(co_await ask(server, "PATCH", "/any"), "200 any");
  co_await server.stop();
}

HOCKET_TEST(router, answers_405_with_the_methods_that_there_are) {
  router routes;
  routes.get("/a", saying("got"));
  routes.post("/a", saying("posted"));
  running_server server(std::move(routes));
  for (const char* method : {"PUT", "OPTIONS"}) {
    const std::string answer =
        co_await answer_to(server.address(), fmt::format("{} /a HTTP/1.1\r\nHost: x\r\n\r\n", method));
    EXPECT_EQ(statuses(answer), method == std::string("PUT") ? "405" : "204");
    EXPECT_TRUE(has_line(answer, "Allow: GET, POST, HEAD, OPTIONS")) << answer;
  }
  EXPECT_EQ(co_await ask(server, "OPTIONS", "*"), "204 ");
  EXPECT_EQ(co_await ask(server, "OPTIONS", "/b"), "404 404 Not Found\n");
  co_await server.stop();
}

HOCKET_TEST(router, answers_head_by_get) {
  router routes;
  routes.get("/a", saying("got"));
  running_server server(std::move(routes));
  const std::string answer = co_await answer_to(server.address(), "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has_line(answer, "Content-Length: 3"));
  EXPECT_EQ(body_of(answer), "");
  co_await server.stop();
}

HOCKET_TEST(router, gives_what_is_below_a_prefix_to_another) {
  router posts;
  posts.get("/{post}", saying("post", "user", "post"));
  router users;
  users.get("/", saying("all"));
  users.get("/{id}", saying("user", "id"));
  users.mount("/{user}/posts", std::move(posts));
  router routes;
  routes.mount("/api/users", std::move(users));
  routes.get("/api/users/special", saying("special"));
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/api/users"), "200 all");
  EXPECT_EQ(co_await get(server, "/api/users/"), "200 all");
  EXPECT_EQ(co_await get(server, "/api/users/7"), "200 user id=7");
  EXPECT_EQ(co_await get(server, "/api/users/special"), "200 special");
  EXPECT_EQ(co_await get(server, "/api/users/7/posts/9"), "200 post user=7 post=9");
  EXPECT_EQ((co_await get(server, "/api")).substr(0, 3), "404");
  EXPECT_EQ((co_await get(server, "/api/users/7/posts/9/x")).substr(0, 3), "404");
  co_await server.stop();
}

HOCKET_TEST(router, middlewares_run_around_handlers_from_the_outermost_in) {
  const auto marking = [](std::string mark) -> hocket::http::middleware {
    return [mark](request& asked, next_handler next) -> coro<reply> {
      reply given = co_await next(asked);
      given.headers.add("X-Mark", mark);
      co_return given;
    };
  };
  router below;
  below.use(marking("below"));
  below.get("/b", saying("b"));
  router routes;
  routes.use(marking("outer"));
  routes.use(marking("inner"));
  routes.get("/a", saying("a"));
  routes.mount("/below", std::move(below));
  running_server server(std::move(routes));
  const auto marks = [&](const char* path) -> coro<std::string> {
    const std::string answer =
        co_await answer_to(server.address(), fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    std::string all;
    for (std::size_t at = answer.find("X-Mark: "); at != std::string::npos; at = answer.find("X-Mark: ", at + 1))
      all += answer.substr(at + 8, answer.find('\r', at) - at - 8) + " ";
    co_return all;
  };
  EXPECT_EQ(co_await marks("/a"), "inner outer ");
  EXPECT_EQ(co_await marks("/below/b"), "below inner outer ");
  co_await server.stop();
}

HOCKET_TEST(router, a_middleware_may_answer_itself_and_catch_what_is_thrown) {
  router routes;
  routes.use([](request& asked, next_handler next) -> coro<reply> {
    if (asked.path() == "/secret") co_return reply::text("no", 403);
    std::string problem;
    try {
      co_return co_await next(asked);
    } catch (const http_error& known) {
      problem = fmt::format("a page for {}", known.status());
    }
    co_await hocket::sleep(1s);
    co_return reply::html(problem, 404);
  });
  routes.get("/secret", saying("secret"));
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/secret"), "403 no");
  EXPECT_EQ(co_await get(server, "/nothing"), "404 a page for 404");
  co_await server.stop();
}

HOCKET_TEST(router, parameters_are_those_of_the_route_that_was_chosen) {
  router below;
  below.get("/only", saying("only"));
  router routes;
  routes.mount("/{a}", std::move(below));
  routes.get("/{b}/{c}/{d}", [](request& asked) -> coro<reply> {
    std::string text = fmt::format("{}{}{}", asked.parameter("b"), asked.parameter("c"), asked.parameter("d"));
    try {
      text += asked.parameter("a");
    } catch (const hocket::invalid_state_error& problem) {
      text += fmt::format(" {}", problem.what());
    }
    co_return reply::text(std::move(text));
  });
  running_server server(std::move(routes));
  EXPECT_EQ(co_await get(server, "/1/2/3"), "200 123 the route of /1/2/3 has no part that is called 'a'");
  EXPECT_EQ(co_await get(server, "/1/only"), "200 only");
  co_await server.stop();
}

}  // namespace

TEST(router, refuses_patterns_that_say_nothing) {
  EXPECT_EQ(refusal_of("/taken/{other}"), "GET /taken/{other} has a handler already");
  EXPECT_EQ(refusal_of("a"), "the pattern 'a' does not begin with a slash");
  EXPECT_EQ(refusal_of(""), "the pattern '' does not begin with a slash");
  for (const char* pattern : {"/{}", "/{", "/a}", "/{a", "/{a:}", "/{a:float}", "/{a b}", "/{:int}"})
    EXPECT_EQ(refusal_of(pattern), fmt::format("the pattern '{}' is malformed", pattern));
  EXPECT_EQ(refusal_of("/{a}/{a}"), "the pattern '/{a}/{a}' has 'a' twice");
  EXPECT_EQ(refusal_of("/{a:path}/b"), "'{a:path}' of the pattern '/{a:path}/b' must be its end");
  EXPECT_EQ(refusal_of("/taken/{id:int}"), "");
}
