#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <http/server/answers.hpp>

#include <hocket/http/server/error_pages.hpp>
#include <hocket/http/server/request_id.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::answered;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::error_pages;
using hocket::http::http_error;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::request_id;
using hocket::http::request_id_options;
using hocket::http::router;
using hocket::http::server_options;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

/// Answers with the id, where it does not fail.
router routes_of_test() {
  router routes;
  routes.use(error_pages());
  routes.get("/", [](request& asked) -> coro<reply> { co_return reply::text(asked.get<request_id>()->value); });
  routes.get("/own", [](request&) -> coro<reply> { co_return reply{.headers = {{"X-Request-Id", "another's"}}}; });
  routes.get("/gone", [](request&) -> coro<reply> {
    throw http_error(410);
    co_return {};
  });
  routes.get("/throws", [](request&) -> coro<reply> {
    throw std::runtime_error("no");
    co_return {};
  });
  routes.get("/number", [](request&) -> coro<reply> {
    throw 1;
    co_return {};
  });
  routes.get("/body", [](request&) -> coro<reply> {
    co_return reply{.body = body::stream([](body_writer&) -> coro<void> {
                      throw std::runtime_error("no");
                      co_return;
                    })};
  });
  return routes;
}

server_options numbering(request_id_options how = {}) { return {.request_ids = how}; }

HOCKET_TEST(request_id, is_taken_from_the_request) {
  running_server server(routes_of_test(), numbering());
  for (const std::string& id : {std::string("a-Z_0.9"), std::string(128, 'x')}) {
    const std::string answer =
        co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: " + id + "\r\n"));
    EXPECT_EQ(body_of(answer), id);
    EXPECT_EQ(field_of(answer, "X-Request-Id"), id);
  }
  co_await server.stop();
}

HOCKET_TEST(request_id, is_made_where_there_is_none_that_is_well_formed) {
  running_server server(routes_of_test(), numbering());
  for (const std::string& id : {std::string(), std::string("a b"), std::string("a\"b"), std::string("\xc3\xa4"),
                                std::string("a,b"), std::string(129, 'x')}) {
    const std::string answer =
        co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: " + id + "\r\n"));
    EXPECT_EQ(statuses(answer), "200");
    EXPECT_NE(body_of(answer), id);
    EXPECT_GE(body_of(answer).size(), 18U);
    EXPECT_EQ(field_of(answer, "X-Request-Id"), body_of(answer));
  }
  co_await server.stop();
}

HOCKET_TEST(request_id, is_another_for_each_request) {
  running_server server(routes_of_test(), numbering());
  const std::string first = co_await answer_to(server.address(), request_of("GET", "/"));
  const std::string second = co_await answer_to(server.address(), request_of("GET", "/"));
  EXPECT_NE(body_of(first), body_of(second));
  co_await server.stop();
}

HOCKET_TEST(request_id, of_clients_need_not_be_taken) {
  running_server server(routes_of_test(), numbering({.take_from_client = false}));
  EXPECT_NE(body_of(co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: a\r\n"))), "a");
  co_await server.stop();
}

HOCKET_TEST(request_id, is_told_with_every_answer_whoever_makes_it) {
  running_server server(routes_of_test(), numbering());
  for (const auto& [path, status] : std::vector<std::pair<std::string, std::string>>{{"/", "200"},
                                                                                     {"/own", "200"},
                                                                                     {"/none", "404"},
                                                                                     {"/gone", "410"},
                                                                                     {"/throws", "500"},
                                                                                     {"/number", "500"},
                                                                                     {"/body", "500"}}) {
    const std::string answer = co_await answer_to(server.address(), request_of("GET", path, "X-Request-Id: a\r\n"));
    EXPECT_EQ(statuses(answer), status) << path;
    EXPECT_EQ(field_of(answer, "X-Request-Id"), "a") << path;
    EXPECT_EQ(answer.find("X-Request-Id"), answer.rfind("X-Request-Id")) << path;
  }
  co_await server.stop();
}

HOCKET_TEST(request_id, is_given_to_what_the_server_refuses_and_told_to_its_log) {
  std::string logged;
  server_options options = numbering();
  options.on_answered = [&](const request& asked, const answered& how) {
    EXPECT_FALSE(how.refused_for.empty());
    if (const auto* id = asked.get<request_id>()) logged = id->value;
  };
  running_server server(routes_of_test(), std::move(options));
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.1\r\nA : b\r\n\r\n");
  EXPECT_EQ(statuses(answer), "400");
  EXPECT_GE(logged.size(), 18U);
  EXPECT_EQ(field_of(answer, "X-Request-Id"), logged);
  co_await server.stop();
}

HOCKET_TEST(request_id, is_not_there_unless_it_is_asked_for) {
  running_server server([](request& asked) -> coro<reply> {
    co_return reply::text(asked.get<request_id>() == nullptr ? "none" : "one");
  });
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: a\r\n"));
  EXPECT_EQ(body_of(answer), "none");
  EXPECT_EQ(field_of(answer, "X-Request-Id"), "-");
  co_await server.stop();
}

HOCKET_TEST(request_id, is_told_with_errors) {
  running_server server(routes_of_test(), numbering());
  const std::string answer = co_await answer_to(server.address(), request_of("POST", "/", "X-Request-Id: a\r\n"));
  EXPECT_EQ(statuses(answer), "405");
  EXPECT_EQ(field_of(answer, "X-Request-Id"), "a");
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD, OPTIONS");
  co_await server.stop();
}

}  // namespace
