#include <deque>
#include <memory>

#include <gtest/gtest.h>

#include <hocket/sync/detail/ring_buffer.hpp>

namespace {

TEST(ring_buffer, gives_back_what_was_pushed_in_order_however_it_grows_and_wraps) {
  hocket::detail::ring_buffer<std::unique_ptr<int>> ring;
  std::deque<int> expected;
  int next = 0;
  for (int round = 0; round < 40; ++round) {
    for (int n = 0; n < round % 11; ++n) {
      ring.push(std::make_unique<int>(next));
      expected.push_back(next++);
    }
    for (int n = 0; n < round % 7 && !ring.empty(); ++n) {
      EXPECT_EQ(*ring.pop(), expected.front());
      expected.pop_front();
    }
    EXPECT_EQ(ring.size(), expected.size());
  }
  EXPECT_GT(ring.size(), 8U);  // it did grow
}

TEST(ring_buffer, destroys_what_is_left_in_it) {
  const auto item = std::make_shared<int>(7);
  {
    hocket::detail::ring_buffer<std::shared_ptr<int>> ring;
    for (int n = 0; n < 20; ++n) ring.push(item);
    static_cast<void>(ring.pop());
  }
  EXPECT_EQ(item.use_count(), 1);
}

/// Counts what is alive, moved-from or not.
struct counted {
  explicit counted(int& alive) noexcept : alive(&alive) { ++alive; }
  counted(const counted& other) noexcept : alive(other.alive) { ++*alive; }
  ~counted() { --*alive; }
  int* alive;
};

TEST(ring_buffer, keeps_nothing_of_what_was_popped) {
  int alive = 0;
  {
    hocket::detail::ring_buffer<counted> ring;
    for (int n = 0; n < 20; ++n) ring.push(counted(alive));
    for (int n = 0; n < 12; ++n) static_cast<void>(ring.pop());
    EXPECT_EQ(alive, 8);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
