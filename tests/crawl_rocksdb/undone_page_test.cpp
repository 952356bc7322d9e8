#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/undone_page.hpp>

using hocket::crawl::detail::append;
using hocket::crawl::detail::seen_key;
using hocket::crawl::detail::undone_page;
using hocket::crawl::detail::undone_pages_of;

namespace {

TEST(undone_page, is_what_it_was) {
  std::string bytes;
  const std::string value(300, 'v');
  const std::string key(1, '\0');
  const std::vector claimed{seen_key({.first = 1, .second = 2}), seen_key({.first = 3, .second = ~0ULL})};
  append(bytes, {.key = "q", .value = value, .skipped = "robots"});
  append(bytes, {.key = key, .claimed = claimed, .is_page = true, .is_ok = true, .links = 127, .bytes = ~0ULL});
  const auto pages = undone_pages_of(bytes);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].value, value);
  EXPECT_EQ(pages[0].skipped, "robots");
  EXPECT_FALSE(pages[0].is_page);
  EXPECT_EQ(pages[1].key, key);
  EXPECT_EQ(pages[1].claimed, claimed);
  EXPECT_TRUE(pages[1].is_page && pages[1].is_ok);
  EXPECT_EQ(pages[1].links, 127U);
  EXPECT_EQ(pages[1].bytes, ~0ULL);
}

TEST(undone_page, that_is_cut_is_an_error) {
  std::string bytes;
  append(bytes, {.key = "q", .value = "v", .claimed = {seen_key({.first = 1, .second = 2})}, .bytes = 1000});
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_THROW(static_cast<void>(undone_pages_of(bytes.substr(0, size))), hocket::error) << size;
  EXPECT_THROW(static_cast<void>(undone_pages_of(std::string(20, '\xff'))), hocket::error);
  bytes.back() = '\0';
  EXPECT_EQ(undone_pages_of(bytes).size(), 1U);
  bytes[bytes.size() - 18] = 16;  // the length of the key, of which one byte is left
  EXPECT_THROW(static_cast<void>(undone_pages_of(bytes)), hocket::error);
}

}  // namespace
