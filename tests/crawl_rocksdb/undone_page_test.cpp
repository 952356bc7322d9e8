#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/undone_page.hpp>

using hocket::crawl::detail::append;
using hocket::crawl::detail::undone_page;
using hocket::crawl::detail::undone_pages_of;

namespace {

TEST(undone_page, is_what_it_was) {
  std::string bytes;
  append(bytes, {.key = "q", .value = std::string(300, 'v'), .skipped = "robots"});
  append(bytes, {.key = std::string(1, '\0'),
                 .claimed = {"a", ""},
                 .is_page = true,
                 .is_ok = true,
                 .links = 127,
                 .bytes = ~0ULL});
  const auto pages = undone_pages_of(bytes);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].value.size(), 300U);
  EXPECT_EQ(pages[0].skipped, "robots");
  EXPECT_FALSE(pages[0].is_page);
  EXPECT_EQ(pages[1].key, std::string(1, '\0'));
  EXPECT_EQ(pages[1].claimed, (std::vector<std::string>{"a", ""}));
  EXPECT_TRUE(pages[1].is_page && pages[1].is_ok);
  EXPECT_EQ(pages[1].links, 127U);
  EXPECT_EQ(pages[1].bytes, ~0ULL);
}

TEST(undone_page, that_is_cut_is_an_error) {
  std::string bytes;
  append(bytes, {.key = "q", .value = "v", .claimed = {"a"}, .bytes = 1000});
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_THROW(static_cast<void>(undone_pages_of(bytes.substr(0, size))), hocket::error) << size;
  EXPECT_THROW(static_cast<void>(undone_pages_of(std::string(20, '\xff'))), hocket::error);
}

}  // namespace
