#include <string>
#include <utility>
#include <vector>

#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>

#include "flow/sources.hpp"

using namespace std::chrono_literals;
using namespace hocket::testing;
namespace flow = hocket::flow;

HOCKET_TEST(chain, gives_the_items_of_one_source_after_the_other) {
  const auto all =
      co_await (flow::chain(numbers(0, 1, 2, 1s), std::vector{5, 6}, numbers(7, 1, 1, 1s)) | flow::collect());
  EXPECT_EQ(all, (std::vector{0, 1, 5, 6, 7}));
}

HOCKET_TEST(chain, takes_a_vector_of_sources) {
  std::vector<hocket::async_generator<int>> sources;
  for (int n = 0; n < 3; ++n) sources.push_back(numbers(10 * n, 1, 2, 1s));
  EXPECT_EQ(co_await (flow::chain(std::move(sources)) | flow::collect()), (std::vector{0, 1, 10, 11, 20, 21}));
}

HOCKET_TEST(chain, begins_a_source_when_the_one_before_it_has_ended) {
  int made = 0;
  auto all = flow::chain(numbers(0, 1, 2, 1s), endless(made));
  static_cast<void>(co_await all.next());
  static_cast<void>(co_await all.next());
  EXPECT_EQ(made, 0);
  static_cast<void>(co_await all.next());
  EXPECT_EQ(made, 1);
  co_await all.close();
}

HOCKET_TEST(chain, closes_the_source_at_work_when_it_is_closed) {
  trace log;
  auto all = flow::chain(ticker("first", 1s, log, 1s), ticker("second", 1s, log));
  static_cast<void>(co_await all.next());
  co_await all.close();
  EXPECT_EQ(log, trace{"first closed"});
}
