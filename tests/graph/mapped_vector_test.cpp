#include <cstdint>

#include <crawl/small_files.hpp>
#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/mapped_vector.hpp>

using hocket::graph::mapped_vector;
using hocket::testing::temporary_directory;

namespace {

TEST(mapped_vector, keeps_what_is_put_in_while_it_grows) {
  const temporary_directory folder;
  mapped_vector<std::uint64_t> numbers(folder.path());
  for (std::uint64_t n = 0; n < 100'000; ++n) numbers.push_back(n * n);
  ASSERT_EQ(numbers.size(), 100'000U);
  for (std::uint64_t n = 0; n < 100'000; ++n) ASSERT_EQ(numbers[n], n * n);
}

TEST(mapped_vector, takes_a_value_of_its_own) {
  const temporary_directory folder;
  mapped_vector<std::uint64_t> numbers(folder.path());
  numbers.push_back(7);
  while (numbers.size() < 50'000) numbers.push_back(numbers[numbers.size() - 1]);
  EXPECT_EQ(numbers[49'999], 7U);
}

TEST(mapped_vector, is_zero_where_it_was_made_larger) {
  const temporary_directory folder;
  mapped_vector<std::uint32_t> numbers(folder.path());
  numbers.resize(100'000);
  EXPECT_EQ(numbers[0], 0U);
  EXPECT_EQ(numbers[99'999], 0U);
}

TEST(mapped_vector, complains_of_a_full_disk_and_keeps_what_it_has) {
  const temporary_directory folder;
  mapped_vector<std::uint64_t> numbers(folder.path());
  numbers.push_back(7);
  const hocket::testing::small_files no_room(0);
  EXPECT_THROW(numbers.resize(1'000'000), hocket::error);
  ASSERT_EQ(numbers.size(), 1U);
  EXPECT_EQ(numbers[0], 7U);
}

TEST(mapped_vector, complains_of_a_folder_that_is_not_there) {
  EXPECT_THROW(mapped_vector<int>("/nowhere"), hocket::error);
}

}  // namespace
