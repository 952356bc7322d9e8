#include <string>

#include <http/server/answers.hpp>

#include <hocket/http/server/request_id.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::http_error;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::request_id;
using hocket::http::request_id_options;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

/// Answers with the id, and with 404 to "/none".
router numbering(request_id_options options = {}) {
  router routes;
  routes.use(request_ids(options));
  routes.get("/", [](request& asked) -> coro<reply> { co_return reply::text(asked.get<request_id>()->value); });
  return routes;
}

HOCKET_TEST(request_id, is_taken_from_the_request) {
  running_server server(numbering());
  for (const std::string& id : {std::string("a-Z_0.9"), std::string(128, 'x')}) {
    const std::string answer =
        co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: " + id + "\r\n"));
    EXPECT_EQ(body_of(answer), id);
    EXPECT_EQ(field_of(answer, "X-Request-Id"), id);
  }
  co_await server.stop();
}

HOCKET_TEST(request_id, is_made_where_there_is_none_that_is_well_formed) {
  running_server server(numbering());
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
  running_server server(numbering());
  const std::string first = co_await answer_to(server.address(), request_of("GET", "/"));
  const std::string second = co_await answer_to(server.address(), request_of("GET", "/"));
  EXPECT_NE(body_of(first), body_of(second));
  co_await server.stop();
}

HOCKET_TEST(request_id, of_clients_need_not_be_taken) {
  running_server server(numbering({.take_from_client = false}));
  EXPECT_NE(body_of(co_await answer_to(server.address(), request_of("GET", "/", "X-Request-Id: a\r\n"))), "a");
  co_await server.stop();
}

HOCKET_TEST(request_id, is_told_with_errors) {
  running_server server(numbering());
  const std::string answer = co_await answer_to(server.address(), request_of("POST", "/", "X-Request-Id: a\r\n"));
  EXPECT_EQ(statuses(answer), "405");
  EXPECT_EQ(field_of(answer, "X-Request-Id"), "a");
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD, OPTIONS");
  co_await server.stop();
}

}  // namespace
