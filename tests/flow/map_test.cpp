#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/map.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace flow = hocket::flow;

HOCKET_TEST(map, calls_its_function_for_each_item_in_order) {
  const auto squares = co_await (std::vector{1, 2, 3} | flow::map([](int n) { return n * n; }) | flow::collect());
  EXPECT_EQ(squares, (std::vector{1, 4, 9}));
}

HOCKET_TEST(map, awaits_what_its_function_returns) {
  const auto slow_square = [](int n) -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    co_return n * n;
  };
  const auto squares = co_await (std::vector{1, 2, 3} | flow::map(slow_square) | flow::collect());
  EXPECT_EQ(squares, (std::vector{1, 4, 9}));
}
