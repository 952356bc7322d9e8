#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/deferred.hpp>
#include <hocket/testing/test.hpp>

using hocket::deferred;
using hocket::deferred_outcomes;

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

}  // namespace
