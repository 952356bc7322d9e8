#include <atomic>
#include <string>

#include <http/server/answers.hpp>

#include <hocket/core/run_loops.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/metrics.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::http_error;
using hocket::http::metrics;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;

namespace {

struct counted_server {
  counted_server() { counted.watch(running.server); }

  router routes() {
    router made;
    made.use(counted.in_flight());
    made.get("/metrics", counted.page());
    made.any("/", [](request&) -> coro<reply> { co_return reply::text("four"); });
    made.get("/slow", [](request&) -> coro<reply> {
      co_await hocket::sleep(200ms);
      throw http_error(503);
    });
    return made;
  }

  metrics counted{{.buckets = {0.1, 0.2, 0.5}}};
  running_server running{routes(), {.on_answered = counted.on_answered()}};
};

std::string value_of(const std::string& text, const std::string& series) {
  const std::size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return "-";
  const std::size_t from = at + series.size() + 2;
  return text.substr(from, text.find('\n', from) - from);
}

HOCKET_TEST(metrics, count_requests_by_method_and_class_of_status) {
  counted_server server;
  for (const char* method : {"GET", "GET", "HEAD", "POST", "PROPFIND"})
    co_await answer_to(server.running.address(), request_of(method, "/"));
  co_await answer_to(server.running.address(), request_of("GET", "/none"));
  const std::string text = server.counted.text();
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="GET",status="2xx"})"), "2");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="GET",status="4xx"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="HEAD",status="2xx"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="POST",status="2xx"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="other",status="2xx"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="PUT",status="2xx"})"), "-");
  EXPECT_EQ(value_of(text, "http_response_body_bytes_total"), "30");  // four times "four", and what 404 says
  co_await server.running.stop();
}

HOCKET_TEST(metrics, count_how_long_requests_take) {
  counted_server server;
  co_await answer_to(server.running.address(), request_of("GET", "/"));
  co_await answer_to(server.running.address(), request_of("GET", "/slow"));
  const std::string text = server.counted.text();
  EXPECT_EQ(value_of(text, R"(http_request_duration_seconds_bucket{le="0.1"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_request_duration_seconds_bucket{le="0.2"})"), "2");
  EXPECT_EQ(value_of(text, R"(http_request_duration_seconds_bucket{le="0.5"})"), "2");
  EXPECT_EQ(value_of(text, R"(http_request_duration_seconds_bucket{le="+Inf"})"), "2");
  EXPECT_EQ(value_of(text, "http_request_duration_seconds_sum"), "0.2");
  EXPECT_EQ(value_of(text, "http_request_duration_seconds_count"), "2");
  co_await server.running.stop();
}

HOCKET_TEST(metrics, show_what_is_under_way) {
  counted_server server;
  auto client = co_await hocket::tcp_socket::connect(server.running.address());
  co_await client.send_all(request_of("GET", "/slow"));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(value_of(server.counted.text(), "http_requests_in_flight"), "1");
  EXPECT_EQ(value_of(server.counted.text(), "http_connections"), "1");
  static_cast<void>(co_await client.receive());
  EXPECT_EQ(value_of(server.counted.text(), "http_requests_in_flight"), "0");
  client.close();
  co_await server.running.stop();
  EXPECT_EQ(value_of(server.counted.text(), "http_connections"), "0");
}

HOCKET_TEST(metrics, count_what_the_server_itself_refuses) {
  counted_server server;
  co_await answer_to(server.running.address(), "GET / HTTP/1.1\r\n\r\n");
  co_await answer_to(server.running.address(), request_of("BREW", "/"));
  const std::string text = server.counted.text();
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="other",status="4xx"})"), "1");
  EXPECT_EQ(value_of(text, R"(http_requests_total{method="other",status="5xx"})"), "1");
  co_await server.running.stop();
}

HOCKET_TEST(metrics, have_a_page) {
  counted_server server;
  const std::string answer = co_await answer_to(server.running.address(), request_of("GET", "/metrics"));
  EXPECT_EQ(field_of(answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(
      body_of(answer).starts_with("# HELP http_requests_total Requests by method and class of status.\n"
                                  "# TYPE http_requests_total counter\n"));
  EXPECT_EQ(value_of(std::string(body_of(answer)), "http_requests_in_flight"), "1");
  EXPECT_TRUE(answer.ends_with("\n"));
  co_await server.running.stop();
}

TEST(metrics, sum_up_what_several_loops_count) {
  metrics counted;
  std::atomic<std::size_t> asked{0};
  std::string page;
  const auto serve = [&](hocket::loop_place place) -> coro<void> {
    router routes;
    routes.use(counted.in_flight());
    routes.get("/", [](request&) -> coro<reply> { co_return reply::text("four"); });
    routes.get("/metrics", counted.page());
    running_server running(std::move(routes), {.on_answered = counted.on_answered()});
    counted.watch(running.server);
    for (std::size_t n = 0; n < 100; ++n) co_await answer_to(running.address(), request_of("GET", "/"));
    ++asked;
    while (asked < place.count()) co_await hocket::sleep(1ms);
    if (place.index == 0) page = co_await answer_to(running.address(), request_of("GET", "/metrics"));
    co_await running.stop();
  };
  hocket::run_loops(3, serve);
  EXPECT_EQ(value_of(page, R"(http_requests_total{method="GET",status="2xx"})"), "300");
  EXPECT_EQ(value_of(page, "http_requests_in_flight"), "1");
  EXPECT_EQ(value_of(counted.text(), "http_connections"), "0");  // the servers have gone
}

TEST(metrics, refuse_buckets_that_do_not_ascend) {
  EXPECT_THROW(metrics({.buckets = {1, 1}}), hocket::error);
  EXPECT_NO_THROW(metrics({.buckets = {}}));
}

}  // namespace
