// The examples of docs/generators.md.

#include <memory>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;

namespace {

hocket::generator<int> countdown(int from) {
  while (from > 0) co_yield from--;
}

TEST(documented_generators, a_loop) {
  std::vector<int> seen;
  for (const int n : countdown(3)) seen.push_back(n);
  EXPECT_EQ(seen, (std::vector{3, 2, 1}));
}

hocket::generator<double, double> average() {
  double sum = 0;
  for (int count = 1;; ++count) sum += co_yield count > 1 ? sum / (count - 1) : 0.0;
}

TEST(documented_generators, sending_and_raising) {
  auto running = average();
  running.next();
  EXPECT_EQ(running.send(10), 10);
  EXPECT_EQ(running.send(20), 15);
  EXPECT_THROW(running.raise(std::runtime_error("enough")), std::runtime_error);
}

struct tree {
  std::unique_ptr<tree> left{};
  int value;
  std::unique_ptr<tree> right{};
};

hocket::generator<int> in_order(const tree* node) {
  if (node == nullptr) co_return;
  co_yield hocket::yield_from(in_order(node->left.get()));
  co_yield node->value;
  co_yield hocket::yield_from(in_order(node->right.get()));
}

TEST(documented_generators, delegation) {
  const tree root{.left = std::make_unique<tree>(nullptr, 1), .value = 2, .right = std::make_unique<tree>(nullptr, 3)};
  std::vector<int> seen;
  for (const int n : in_order(&root)) seen.push_back(n);
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

hocket::async_generator<int> ticks() {
  for (int n = 0;; ++n) {
    co_await hocket::sleep(1s);
    co_yield n;
  }
}

hocket::async_generator<int> first(hocket::async_generator<int> source, int count) {
  while (count-- > 0)
    if (auto item = co_await source.next()) co_yield *item;
}

HOCKET_TEST(documented_generators, a_pipeline_by_hand) {
  const auto begin = hocket::loop::running().time();
  std::vector<int> seen;
  auto source = first(ticks(), 3);
  while (auto n = co_await source.next()) seen.push_back(*n);
  EXPECT_EQ(seen, (std::vector{0, 1, 2}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 3s);
}

}  // namespace
