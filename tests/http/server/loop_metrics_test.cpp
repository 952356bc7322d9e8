#include <cstdint>
#include <string>

#include <http/server/answers.hpp>
#include <http/server/prometheus_page.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/http/server/loop_metrics.hpp>
#include <hocket/http/server/metrics.hpp>
#include <hocket/loop/process_counters.hpp>
#include <hocket/testing/test.hpp>

namespace {

namespace inspect = hocket::inspect;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::prometheus_page;
using hocket::testing::request_of;
using hocket::testing::running_server;

inspect::snapshot snapshot_of_two_loops() {
  inspect::snapshot seen;
  inspect::loop& first = seen.loops.emplace_back();
  first.turns = 70;
  first.looks = 60;
  first.steps = 500;
  first.ready = 6;
  first.lag[0] = 1;
  first.lag[3] = 10;
  first.lag[23] = 2;
  first.tasks.resize(4);
  first.tasks[1].state = inspect::task_state::running;
  first.tasks[2].state = inspect::task_state::ready;
  first.requests = {{.kind = "receive", .succeeded = 5, .failed = 1, .cancelled = 2}};
  first.bytes_received = 1000;
  first.timers = 3;
  seen.loops.emplace_back().turns = 7;
  return seen;
}

std::uint64_t calls_on_pools() { return hocket::detail::counters_of_process.pool_jobs.load(); }

/// Waits for threads whose calls have given their results and are about to be counted out.
hocket::coro<void> no_call_on_a_pool() {
  for (int turn = 0; turn < 1'000'000 && calls_on_pools() != 0; ++turn)
    co_await hocket::sleep(hocket::duration::zero());
  EXPECT_EQ(calls_on_pools(), 0U);
}

}  // namespace

TEST(loop_metrics, show_each_loop_of_a_snapshot) {
  hocket::http::prometheus_text text;
  hocket::http::add_loops(text, snapshot_of_two_loops());
  const prometheus_page page(text.text());
  const auto value = [&](const char* series) {
    const auto found = page.samples.find(series);
    return found == page.samples.end() ? -1 : found->second;
  };
  EXPECT_EQ(value(R"(hocket_loop_turns_total{loop="1"})"), 70);
  EXPECT_EQ(value(R"(hocket_loop_turns_total{loop="2"})"), 7);
  EXPECT_EQ(value(R"(hocket_loop_looks_total{loop="1"})"), 60);
  EXPECT_EQ(value(R"(hocket_loop_steps_total{loop="1"})"), 500);
  EXPECT_EQ(value(R"(hocket_loop_ready{loop="1"})"), 6);
  EXPECT_EQ(value(R"(hocket_loop_lag_seconds_bucket{loop="1",le="1e-06"})"), 1);
  EXPECT_EQ(value(R"(hocket_loop_lag_seconds_bucket{loop="1",le="4e-06"})"), 1);
  EXPECT_EQ(value(R"(hocket_loop_lag_seconds_bucket{loop="1",le="8e-06"})"), 11);
  EXPECT_EQ(value(R"(hocket_loop_lag_seconds_bucket{loop="1",le="4.194304"})"), 11);
  EXPECT_EQ(value(R"(hocket_loop_lag_seconds_bucket{loop="1",le="+Inf"})"), 13);
  EXPECT_EQ(value(R"(hocket_loop_tasks{loop="1",state="running"})"), 1);
  EXPECT_EQ(value(R"(hocket_loop_tasks{loop="1",state="ready"})"), 1);
  EXPECT_EQ(value(R"(hocket_loop_tasks{loop="1",state="waiting"})"), 2);
  EXPECT_EQ(value(R"(hocket_loop_operations_total{loop="1",operation="receive",outcome="succeeded"})"), 5);
  EXPECT_EQ(value(R"(hocket_loop_operations_total{loop="1",operation="receive",outcome="failed"})"), 1);
  EXPECT_EQ(value(R"(hocket_loop_operations_total{loop="1",operation="receive",outcome="cancelled"})"), 2);
  EXPECT_EQ(value(R"(hocket_loop_received_bytes_total{loop="1"})"), 1000);
  EXPECT_EQ(value(R"(hocket_loop_timers{loop="1"})"), 3);
  EXPECT_EQ(value(R"(hocket_loop_timers{loop="2"})"), 0);
}

HOCKET_TEST(loop_metrics, show_the_loops_of_this_process) {
  co_await no_call_on_a_pool();
  const prometheus_page page(co_await hocket::http::loop_metrics());
  EXPECT_EQ(page.samples.count(R"(hocket_loop_turns_total{loop="1"})"), 1U);
  EXPECT_GT(page.sum_of("hocket_loop_turns_total"), 0);
  EXPECT_GT(page.sum_of("hocket_loop_tasks"), 0);
  EXPECT_GE(page.sum_of("hocket_pool_threads"), 1);
  EXPECT_EQ(page.sum_of("hocket_pool_jobs"), 1);  // what reads this
}

HOCKET_TEST(loop_metrics, stand_on_the_page_of_a_server) {
  hocket::http::metrics counted;
  hocket::http::router routes;
  routes.get("/metrics", counted.page());
  running_server running(std::move(routes), {.on_answered = counted.on_answered()});
  const std::string answer = co_await answer_to(running.address(), request_of("GET", "/metrics"));
  const prometheus_page page{std::string(body_of(answer))};
  EXPECT_EQ(page.kinds.at("http_request_duration_seconds"), "histogram");
  EXPECT_EQ(page.kinds.at("hocket_loop_lag_seconds"), "histogram");
  EXPECT_GT(page.sum_of("hocket_loop_turns_total"), 0);
  co_await running.stop();
}

HOCKET_TEST(process_counters, forget_the_calls_on_pools_that_have_ended) {
  co_await no_call_on_a_pool();
  EXPECT_EQ(co_await hocket::to_thread(calls_on_pools), 1U);
  co_await no_call_on_a_pool();
  EXPECT_EQ(co_await hocket::to_thread(calls_on_pools), 1U);
}
