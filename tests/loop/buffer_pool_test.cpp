#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/loop/buffer_pool.hpp>

namespace {

using hocket::buffer;
using hocket::buffer_pool;

buffer lend_one(buffer_pool& pool) { return pool.lend(pool.take(), buffer_pool::buffer_size_bytes); }

TEST(buffer_pool, lends_buffers_until_they_are_destroyed) {
  buffer_pool pool;
  {
    const buffer lent = lend_one(pool);
    EXPECT_EQ(pool.lent(), 1U);
  }
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(buffer_pool, lends_the_buffer_used_last) {
  buffer_pool pool;
  const char* used_last = lend_one(pool).bytes().data();
  EXPECT_EQ(lend_one(pool).bytes().data(), used_last);
}

TEST(buffer_pool, goes_on_with_the_heap_when_all_are_lent) {
  buffer_pool pool;
  std::vector<buffer> lent;
  for (std::uint32_t n = 0; n < buffer_pool::count + 50; ++n) {
    lent.push_back(lend_one(pool));
    std::memset(lent.back().bytes().data(), static_cast<int>(n % 251), lent.back().size());
  }
  for (std::uint32_t n = 0; n < buffer_pool::count + 50; ++n)
    EXPECT_EQ(static_cast<unsigned char>(lent[n].bytes().back()), n % 251);
}

TEST(buffer_pool, lends_each_buffer_of_the_heap_to_one_at_a_time) {
  buffer_pool pool;
  std::vector<buffer> lent;
  for (std::uint32_t n = 0; n < buffer_pool::count; ++n) lent.push_back(lend_one(pool));
  static_cast<void>(lend_one(pool));  // of the heap, and back
  const buffer first = lend_one(pool);
  const buffer second = lend_one(pool);
  EXPECT_NE(first.bytes().data(), second.bytes().data());
}

// Takes what it is given, as the kernel does.
struct hungry_kernel {
  explicit hungry_kernel(buffer_pool& from) : pool(from) {
    pool.serve_kernel([](void* self, std::uint32_t slot) noexcept { static_cast<hungry_kernel*>(self)->take(slot); },
                      this);
  }
  void take(std::uint32_t slot) noexcept { given[last++ % given.size()] = slot; }
  std::size_t has() const { return last - first; }
  buffer choose() {
    pool.chosen_by_kernel();
    return pool.lend(given[first++ % given.size()], buffer_pool::buffer_size_bytes);
  }

  buffer_pool& pool;
  std::array<std::uint32_t, buffer_pool::count> given{};
  std::size_t first = 0;
  std::size_t last = 0;
};

TEST(buffer_pool, gives_the_kernel_back_what_it_has_chosen) {
  buffer_pool pool;
  hungry_kernel kernel(pool);
  const std::size_t at_first = kernel.has();
  for (int n = 0; n < 2000; ++n) kernel.choose();
  EXPECT_EQ(kernel.has(), at_first);
}

TEST(buffer_pool, gives_the_kernel_more_when_it_ran_dry_and_keeps_half_for_others) {
  buffer_pool pool;
  hungry_kernel kernel(pool);
  for (int round = 0; round < 20; ++round) {
    std::vector<buffer> chosen;
    while (kernel.has() > 0) chosen.push_back(kernel.choose());
    EXPECT_TRUE(pool.kernel_ran_dry());
    EXPECT_GT(kernel.has(), 0U);
  }
  EXPECT_EQ(kernel.has(), buffer_pool::count / 2);
}

TEST(buffer_pool, says_so_when_it_has_nothing_to_give_the_kernel) {
  buffer_pool pool;
  hungry_kernel kernel(pool);
  std::vector<buffer> held;
  while (kernel.has() > 0 || pool.kernel_ran_dry()) held.push_back(kernel.choose());
  EXPECT_EQ(held.size(), buffer_pool::count);
  held.pop_back();
  EXPECT_EQ(kernel.has(), 1U);
}

TEST(buffer, gives_its_bytes_to_the_one_it_is_moved_to) {
  buffer_pool pool;
  buffer first = lend_one(pool);
  const char* bytes = first.bytes().data();
  const buffer second = std::move(first);
  EXPECT_EQ(second.bytes().data(), bytes);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(pool.lent(), 1U);
}

TEST(buffer, goes_back_when_another_is_assigned_to_it) {
  buffer_pool pool;
  buffer kept = lend_one(pool);
  kept = lend_one(pool);
  EXPECT_EQ(pool.lent(), 1U);
}

TEST(buffer, without_bytes_is_false) {
  buffer_pool pool;
  EXPECT_FALSE(pool.lend(pool.take(), 0));
  EXPECT_TRUE(pool.lend(pool.take(), 1));
}

}  // namespace
