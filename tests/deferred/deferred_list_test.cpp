#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/exception_group.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/deferred.hpp>
#include <hocket/testing/test.hpp>

#include "told.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::deferred;
using hocket::deferred_outcomes;
using hocket::testing::ends_cancelled;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

TEST(deferred_list, gives_how_each_ended_in_their_order) {
  std::string seen;
  const deferred<int> a;
  const deferred<int> b;
  const deferred<int> c;
  hocket::deferred_list(std::vector{a, b, c}).add_callback([&seen](const deferred_outcomes<int>& outcomes) {
    for (const auto& each : outcomes) seen += each ? std::to_string(*each) + " " : std::string("failed ");
  });
  c.callback(3);
  b.errback(std::runtime_error("no"));
  EXPECT_EQ(seen, "");
  a.callback(1);
  EXPECT_EQ(seen, "1 failed 3 ");
}

TEST(deferred_list, of_none_has_a_result_at_once) {
  EXPECT_TRUE(hocket::deferred_list(std::vector<deferred<int>>()).called());
}

TEST(deferred_list, cancelled_cancels_all) {
  int asked = 0;
  const deferred<> a([&asked] { ++asked; });
  const deferred<> b([&asked] { ++asked; });
  std::size_t failed = 0;
  const auto whole =
      hocket::deferred_list(std::vector{a, b}).add_callback([&failed](const deferred_outcomes<void>& outcomes) {
        for (const auto& each : outcomes) failed += each ? 0U : 1U;
      });
  whole.cancel();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(failed, 2U);
}

TEST(deferred_list, of_members_that_never_have_a_result_keeps_nothing) {
  auto watched = std::make_shared<int>(1);
  {
    const deferred<int> never([watched] {});
    const auto list = hocket::deferred_list(std::vector{never});
    const deferred<int> neither([watched] {});
    const auto gathered = hocket::gather_results(std::vector{neither});
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(deferred_list, may_fail_with_the_first_error_while_the_others_go_on) {
  int asked = 0;
  const deferred<> a([&asked] { ++asked; });
  const deferred<> b;
  std::string seen;
  hocket::deferred_list(std::vector{a, b}, {.fire_on_one_errback = true})
      .add_errback([&seen](const std::exception_ptr& error) -> deferred_outcomes<void> {
        seen = told(error);
        return {};
      });
  b.errback(std::runtime_error("no"));
  EXPECT_EQ(seen, "deferred 1 failed: no");
  EXPECT_EQ(asked, 0);
  a.errback(std::runtime_error("neither"));
  EXPECT_EQ(seen, "deferred 1 failed: no");
}

TEST(deferred_list, that_may_fail_early_gives_the_outcomes_if_none_failed) {
  const deferred<int> a;
  int sum = 0;
  hocket::deferred_list(std::vector{a, hocket::succeed(2)}, {.fire_on_one_errback = true})
      .add_callback([&sum](const deferred_outcomes<int>& outcomes) {
        for (const auto& each : outcomes) sum += *each;
      });
  a.callback(1);
  EXPECT_EQ(sum, 3);
}

HOCKET_TEST(deferred_list, tells_of_the_errors_of_its_members_unless_it_consumes_them) {
  std::vector<std::string> reports;
  hocket::loop::running().set_exception_handler(
      [&reports](const hocket::exception_context& report) { reports.push_back(told(report.exception)); });
  for (const bool consume : {true, false}) {
    const deferred<> a;
    std::size_t failed = 0;
    hocket::deferred_list(std::vector{a}, {.consume_errors = consume})
        .add_callback([&failed](const deferred_outcomes<void>& outcomes) { failed += outcomes[0] ? 0U : 1U; });
    a.errback(std::runtime_error(consume ? "consumed" : "told"));
    EXPECT_EQ(failed, 1U);
  }
  EXPECT_EQ(reports, std::vector<std::string>{"told"});
  hocket::loop::running().set_exception_handler({});
  co_return;
}

TEST(fire_on_one_callback, gives_the_first_value_and_whose_it_is) {
  const std::vector<deferred<std::unique_ptr<int>>> members(3);
  std::string seen;
  hocket::fire_on_one_callback(members).add_callback([&seen](const hocket::first_value<std::unique_ptr<int>>& first) {
    seen += std::to_string(first.index) + " " + std::to_string(*first.value);
  });
  members[0].errback(std::runtime_error("no"));
  EXPECT_EQ(seen, "");
  members[2].callback(std::make_unique<int>(7));
  members[1].callback(std::make_unique<int>(8));
  EXPECT_EQ(seen, "2 7");
}

TEST(fire_on_one_callback, fails_with_all_errors_if_all_fail) {
  const deferred<> a;
  const deferred<> b;
  std::size_t errors = 0;
  hocket::fire_on_one_callback(std::vector{a, b})
      .add_callback([](hocket::first_value<void>) {})
      .add_errback([&errors](const std::exception_ptr& error) {
        try {
          std::rethrow_exception(error);
        } catch (const hocket::exception_group& all) {
          errors = all.errors().size();
        }
      });
  b.errback(std::runtime_error("no"));
  a.errback(std::runtime_error("neither"));
  EXPECT_EQ(errors, 2U);
}

TEST(fire_on_one_callback, cancelled_cancels_all) {
  const deferred<> a;
  const deferred<> b;
  std::string seen;
  const auto whole = hocket::fire_on_one_callback(std::vector{a, b}).add_callback([](hocket::first_value<void>) {});
  const auto ended = whole.add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  ended.cancel();
  EXPECT_TRUE(a.called());
  EXPECT_TRUE(b.called());
  EXPECT_EQ(seen, "cancelled");
}

TEST(fire_on_one_callback, of_none_is_an_error) {
  EXPECT_THROW(hocket::fire_on_one_callback(std::vector<deferred<int>>()), hocket::invalid_state_error);
}

TEST(gather_results, gives_the_values) {
  const deferred<std::unique_ptr<int>> a;
  const deferred<std::unique_ptr<int>> b;
  int sum = 0;
  hocket::gather_results(std::vector{a, b}).add_callback([&sum](std::vector<std::unique_ptr<int>> values) {
    for (const auto& each : values) sum += *each;
  });
  a.callback(std::make_unique<int>(1));
  b.callback(std::make_unique<int>(2));
  EXPECT_EQ(sum, 3);
}

TEST(gather_results, fails_with_the_first_error_and_cancels_the_others) {
  int asked = 0;
  const deferred<> a([&asked] { ++asked; });
  const deferred<> b;
  std::string seen;
  hocket::gather_results(std::vector{a, b}).add_errback([&seen](const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const hocket::first_error& first) {
      seen = first.what();
      EXPECT_EQ(first.index(), 1U);
    }
  });
  b.errback(std::runtime_error("no"));
  EXPECT_EQ(seen, "deferred 1 failed: no");
  EXPECT_EQ(asked, 1);
}

coro<void> await_all(std::vector<deferred<>> all) { co_await hocket::gather_results(std::move(all)); }

coro<void> await_first_error(std::vector<deferred<>> all) {
  co_await hocket::deferred_list(std::move(all), {.fire_on_one_errback = true});
}

HOCKET_TEST(gather_results, whose_awaiter_is_cancelled_ends_it_as_that) {
  for (const auto waits : {await_all, await_first_error}) {
    const deferred<> a;
    const deferred<> b;
    auto waiting = hocket::create_task(waits({a, b}));
    co_await wait_all_tasks_blocked();
    waiting.cancel();
    EXPECT_TRUE(co_await ends_cancelled(waiting));
    EXPECT_TRUE(b.called());
  }
}

coro<void> cleans_up(std::string& order) {
  try {
    co_await hocket::sleep(1h);
  } catch (const hocket::cancelled&) {
  }
  co_await hocket::sleep(1s);
  order += "cleaned up; ";
}

HOCKET_TEST(gather_results, fails_when_those_that_it_cancels_have_ended) {
  std::string order;
  const deferred<> breaks;
  const auto whole = hocket::gather_results(std::vector{breaks, hocket::ensure_deferred(cleans_up(order))});
  co_await wait_all_tasks_blocked();
  breaks.errback(std::runtime_error("no"));
  EXPECT_THROW(co_await whole, hocket::first_error);
  EXPECT_EQ(order, "cleaned up; ");
}

}  // namespace
