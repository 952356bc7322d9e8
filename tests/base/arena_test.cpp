#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include <hocket/base/arena.hpp>

namespace {

namespace arena = hocket::arena;

constexpr std::size_t largest_pooled = 2048;

struct block {
  void* memory;
  std::size_t size;
};

/// Fills the whole block, so that a sanitizer or a neighbour would notice if it were too short.
block take(std::size_t size) {
  void* memory = arena::allocate(size);
  std::memset(memory, 0x5a, size);
  return {memory, size};
}

void give_back(const std::vector<block>& blocks) {
  for (const block& each : blocks) arena::deallocate(each.memory, each.size);
}

std::vector<block> take_one_of_each_size() {
  std::vector<block> blocks;
  for (std::size_t size = 1; size <= largest_pooled + 100; size += 7) blocks.push_back(take(size));
  return blocks;
}

TEST(arena, aligns_every_block_to_sixteen_bytes) {
  const auto blocks = take_one_of_each_size();
  for (const block& each : blocks) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(each.memory) % 16, 0U) << each.size;
  give_back(blocks);
}

TEST(arena, hands_out_blocks_that_do_not_overlap) {
  std::vector<block> blocks;
  for (int n = 0; n < 5000; ++n) {
    blocks.push_back(take(static_cast<std::size_t>(n % 300) + 1));
    std::memset(blocks.back().memory, n % 251, blocks.back().size);
  }
  for (int n = 0; n < 5000; ++n) {
    const auto* bytes = static_cast<const unsigned char*>(blocks[static_cast<std::size_t>(n)].memory);
    ASSERT_EQ(bytes[0], n % 251);
    ASSERT_EQ(bytes[blocks[static_cast<std::size_t>(n)].size - 1], n % 251);
  }
  give_back(blocks);
}

TEST(arena, counts_the_blocks_that_are_out) {
  const long before = arena::live_blocks();
  const block first = take(64);
  const block second = take(65);
  EXPECT_EQ(arena::live_blocks(), before + 2);
  give_back({first, second});
  EXPECT_EQ(arena::live_blocks(), before);
}

#if !defined(HOCKET_SANITIZED)
TEST(arena, reuses_the_block_returned_last) {
  const block first = take(100);
  give_back({first});
  const block second = take(112);  // of the same class: 97 to 112 bytes
  EXPECT_EQ(second.memory, first.memory);
  give_back({second});
}

TEST(arena, reuses_blocks_that_another_thread_returned) {
  constexpr std::size_t size = 1504;  // of a class that no other test here uses
  std::vector<block> blocks;
  for (int n = 0; n < 1000; ++n) blocks.push_back(take(size));
  std::thread([&blocks] { give_back(blocks); }).join();

  std::vector<void*> known;
  for (const block& each : blocks) known.push_back(each.memory);
  blocks.clear();
  // What is left of the chunk in use may be served first, so not every block is an old one.
  for (int n = 0; n < 1000; ++n) blocks.push_back(take(size));
  long reused = 0;
  for (const block& each : blocks) reused += std::count(known.begin(), known.end(), each.memory);
  EXPECT_EQ(reused, 1000);
  give_back(blocks);
}

std::size_t heap_bytes_in_use() {
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

/// What 50 runs of `leave`, each on a thread of its own, leave in the heap.
template <class Function>
std::size_t bytes_left_by_fifty(Function leave) {
  leave();  // what threads themselves leave in the heap is there from now on
  const std::size_t before = heap_bytes_in_use();
  for (int n = 0; n < 50; ++n) leave();
  const std::size_t after = heap_bytes_in_use();
  return after > before ? after - before : 0;
}

constexpr std::size_t a_few_chunks = 10 * 256 * 1024;

TEST(arena, ends_with_its_thread_if_all_blocks_are_back) {
  const auto nothing_left = [] { std::thread([] { give_back({take(64)}); }).join(); };
  EXPECT_LT(bytes_left_by_fifty(nothing_left), a_few_chunks);
}

TEST(arena, of_a_thread_that_has_ended_ends_with_the_last_block) {
  const auto leave_a_block_behind = [] {
    block left{};
    std::thread([&left] { left = take(64); }).join();
    give_back({left});
  };
  EXPECT_LT(bytes_left_by_fifty(leave_a_block_behind), a_few_chunks);
}
#endif

TEST(arena, counts_a_block_returned_on_another_thread_as_returned) {
  const long before = arena::live_blocks();
  const auto blocks = take_one_of_each_size();
  std::thread([&blocks] { give_back(blocks); }).join();
  EXPECT_EQ(arena::live_blocks(), before);
}

TEST(arena, outlives_its_thread_until_the_last_block_is_back) {
  std::vector<block> blocks;
  std::thread([&blocks] { blocks = take_one_of_each_size(); }).join();
  for (const block& each : blocks) std::memset(each.memory, 0x11, each.size);
  give_back(blocks);
}

TEST(arena, may_be_given_its_last_blocks_while_its_thread_ends) {
  for (int round = 0; round < 50; ++round) {
    std::vector<block> blocks;
    std::atomic<bool> taken{false};
    std::thread owner([&] {
      for (std::size_t n = 0; n < 10; ++n) blocks.push_back(take(32));
      taken = true;
    });
    while (!taken) std::this_thread::yield();
    give_back(blocks);
    owner.join();
  }
}

TEST(arena, takes_blocks_back_from_several_threads_at_once) {
  const long before = arena::live_blocks();
  constexpr int threads = 4;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<block>> share(threads);
    for (std::size_t n = 0; n < 2000; ++n) share[n % threads].push_back(take(n % 200 + 1));
    std::vector<std::thread> returning;
    for (auto& each : share) returning.emplace_back([&each] { give_back(each); });
    const auto meanwhile = take_one_of_each_size();
    give_back(meanwhile);
    for (auto& each : returning) each.join();
  }
  EXPECT_EQ(arena::live_blocks(), before);
}

TEST(arena, serves_objects_that_derive_from_arena_allocated) {
  struct record : hocket::arena_allocated {
    int number = 7;
  };
  const long before = arena::live_blocks();
  auto* made = new record;
  EXPECT_EQ(arena::live_blocks(), before + 1);
  delete made;
  EXPECT_EQ(arena::live_blocks(), before);
}

int refused = 0;
void refuse() {
  ++refused;
  throw std::bad_alloc{};
}

TEST(arena_hook, may_refuse_each_block) {
  refused = 0;
  arena::set_take_hook(refuse);
  EXPECT_THROW(take(16), std::bad_alloc);
  EXPECT_THROW(take(largest_pooled), std::bad_alloc);
  arena::set_take_hook(nullptr);
  EXPECT_EQ(refused, 2);
  give_back({take(16)});
}

TEST(arena_hook, leaves_the_count_of_live_blocks_as_it_was) {
  const long before = arena::live_blocks();
  const block early = take(64);
  arena::set_take_hook([] {});
  EXPECT_EQ(arena::live_blocks(), before + 1);
  const block late = take(64);
  EXPECT_EQ(arena::live_blocks(), before + 2);
  give_back({early});
  arena::set_take_hook(nullptr);
  EXPECT_EQ(arena::live_blocks(), before + 1);
  give_back({late});
  EXPECT_EQ(arena::live_blocks(), before);
}

}  // namespace
