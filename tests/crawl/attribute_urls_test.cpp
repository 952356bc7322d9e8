#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/attribute_urls.hpp>

using hocket::crawl::refresh_url;

namespace {

using urls = std::vector<std::string>;

urls candidates_of(std::string_view srcset) {
  urls found;
  hocket::crawl::for_each_srcset_url(srcset, [&](std::string_view url) { found.emplace_back(url); });
  return found;
}

TEST(srcset, has_a_url_for_each_candidate) {
  EXPECT_EQ(candidates_of("a.png, b.png 2x,c.png 100w , d.png"), (urls{"a.png", "b.png", "c.png", "d.png"}));
  EXPECT_EQ(candidates_of(" \n,, a.png"), (urls{"a.png"}));
  EXPECT_EQ(candidates_of(""), urls{});
}

TEST(srcset, may_have_commas_within_urls_and_in_brackets) {
  EXPECT_EQ(candidates_of("data:,x 1x, a,b.png 2x, c.png,, d.png"), (urls{"data:,x", "a,b.png", "c.png", "d.png"}));
  EXPECT_EQ(candidates_of("a.png x(1, 2), b.png"), (urls{"a.png", "b.png"}));
}

TEST(refresh, leads_to_a_url_written_in_any_way) {
  for (const auto* content :
       {"0; url=a b", "5;URL='a b'", " 1.5 , url = \"a b\" x", "0 a b", "0;a b", ".5;url=a b", "0; uRl  =a b"})
    EXPECT_EQ(refresh_url(content), "a b") << content;
  EXPECT_EQ(refresh_url("0; urlx"), "urlx");
}

TEST(refresh, of_the_page_itself_or_without_a_time_is_none) {
  for (const auto* content : {"5", "", "0;", "url=a", "x; url=a", "0x; url=a", "5; url=", "5; url=''"})
    EXPECT_EQ(refresh_url(content), std::nullopt) << content;
}

}  // namespace
