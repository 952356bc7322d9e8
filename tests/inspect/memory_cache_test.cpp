#include <cstring>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/memory_cache.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace {

using hocket::inspect::address;
using hocket::inspect::detail::memory_cache;

/// Pages of a letter, as many as there are, from some address on.
class letters final : public hocket::inspect::memory {
 public:
  letters(address begin, std::size_t size) : begin_(begin), size_(size) {}
  bool read(address from, std::span<std::byte> to) override {
    ++reads;
    if (from < begin_ || from - begin_ > size_ || to.size() > size_ - (from - begin_)) return false;
    std::memset(to.data(), letter, to.size());
    return true;
  }
  unsigned reads = 0;
  char letter = 'a';

 private:
  address begin_;
  std::size_t size_;
};

constexpr address block = memory_cache::block_size;
constexpr std::size_t page = 4096;

}  // namespace

TEST(memory_cache, asks_for_a_block_once) {
  letters source(block, block);
  memory_cache memory(source);
  char read = 0;
  for (address at = block; at < block + 1000; ++at) EXPECT_TRUE(memory.read(at, read));
  EXPECT_EQ(read, 'a');
  EXPECT_EQ(source.reads, 1U);
}

TEST(memory_cache, reads_all_again_that_it_has_read) {
  letters source(block, block + page);
  memory_cache memory(source);
  char read = 0;
  EXPECT_TRUE(memory.read(block, read));
  EXPECT_TRUE(memory.read(2 * block, read));  // the only page of a block
  source.letter = 'b';
  memory.refresh();
  const unsigned reads = source.reads;
  for (const address at : {block, 2 * block}) {
    EXPECT_TRUE(memory.read(at, read));
    EXPECT_EQ(read, 'b');
  }
  EXPECT_FALSE(memory.read(2 * block + page, read));
  EXPECT_EQ(source.reads, reads);
}

TEST(memory_cache, has_nothing_new_while_it_is_closed_but_reads_it_with_the_next_refresh) {
  letters source(block, 2 * block);
  memory_cache memory(source);
  char read = 0;
  EXPECT_TRUE(memory.read(block, read));
  memory.close(true);
  EXPECT_TRUE(memory.read(block + 1, read));
  EXPECT_FALSE(memory.read(2 * block, read));
  EXPECT_EQ(source.reads, 1U);
  memory.refresh();
  EXPECT_TRUE(memory.read(2 * block, read));
  EXPECT_EQ(source.reads, 3U);
}

TEST(memory_cache, reads_across_blocks) {
  letters source(block, 2 * block);
  memory_cache memory(source);
  std::uint64_t read = 0;
  EXPECT_TRUE(memory.read(2 * block - 3, read));
  EXPECT_EQ(read, 0x6161616161616161U);
}

TEST(memory_cache, has_the_pages_that_are_there_of_a_block_that_is_not) {
  letters source(block + page, page);
  memory_cache memory(source);
  char read = 0;
  EXPECT_FALSE(memory.read(block + page - 1, read));
  EXPECT_TRUE(memory.read(block + page, read));
  EXPECT_TRUE(memory.read(block + 2 * page - 1, read));
  EXPECT_FALSE(memory.read(block + 2 * page, read));
  std::uint64_t word = 0;
  EXPECT_FALSE(memory.read(block + 2 * page - 4, word));
  EXPECT_FALSE(memory.read(UINT64_MAX - 3, word));
}

TEST(memory_cache, gives_text_up_to_a_limit_and_none_that_runs_out_of_memory) {
  letters source(block, page);
  memory_cache memory(source);
  EXPECT_EQ(memory.text(block + page - 10, 10), "aaaaaaaaaa");
  EXPECT_EQ(memory.text(block + page - 10, 11), "");
}

TEST(memory_cache, refuses_to_hold_more_than_its_limit) {
  letters source(0, SIZE_MAX / 2);
  memory_cache memory(source, 3 * block);
  char read = 0;
  for (address at = 0; at < 3 * block; at += block) EXPECT_TRUE(memory.read(at, read));
  EXPECT_THROW(static_cast<void>(memory.read(3 * block, read)), hocket::inspect::unreadable);
  EXPECT_TRUE(memory.read(0, read));
}
