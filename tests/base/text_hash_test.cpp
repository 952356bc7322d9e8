#include <set>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/text_hash.hpp>

using hocket::text_hash;

namespace {

TEST(text_hash, depends_on_each_byte_the_length_and_the_seed) {
  std::set<std::uint32_t> hashes;
  std::string text(1, '\0');  // that of nothing is one of all seeds
  for (int size = 1; size < 20; ++size, text += '\0') {
    hashes.insert(text_hash(text, 1));
    hashes.insert(text_hash(text, 2));
    for (char& each : text) {
      each = 'x';
      hashes.insert(text_hash(text, 1));
      each = '\0';
    }
  }
  EXPECT_EQ(hashes.size(), 19U + 19 + 190);
}

}  // namespace
