#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/css_urls.hpp>

namespace {

using urls = std::vector<std::string>;

/// Each URL; "@" before those of imports.
urls urls_in(std::string_view css) {
  urls found;
  hocket::crawl::for_each_css_url(
      css, [&](bool is_import, std::string_view url) { found.push_back((is_import ? "@" : "") + std::string(url)); });
  return found;
}

TEST(css_urls, are_those_of_url_quoted_or_not) {
  EXPECT_EQ(urls_in("a { background: url(a.png) no-repeat, url( \"b c.png\" ), URL('d.png') }"),
            (urls{"a.png", "b c.png", "d.png"}));
  EXPECT_EQ(urls_in("@font-face { src: url( f.woff ) format(\"woff\"); }"), (urls{"f.woff"}));
}

TEST(css_urls, of_imports_may_be_strings) {
  EXPECT_EQ(urls_in("@import 'a.css'; @IMPORT url(b.css) print; @import/**/\"c.css\";"),
            (urls{"@a.css", "@b.css", "@c.css"}));
  EXPECT_EQ(urls_in("@charset 'utf-8'; @import x 'a.css'; b { content: 'c' }"), urls{});
}

TEST(css_urls, are_none_in_comments_strings_and_other_names) {
  EXPECT_EQ(urls_in("/* url(a) */ b { content: \"url(c)\"; x: my-url(d); y: url; z: url (e) } /* url(f)"), urls{});
}

TEST(css_urls, have_their_escapes_decoded) {
  EXPECT_EQ(urls_in(R"(a { b: url(\41 \)c\000042.png) url("d\"\
e") url(\0) })"),
            (urls{"A)cB.png", "d\"e", "\xef\xbf\xbd"}));
  EXPECT_EQ(urls_in("a\\url(b)"), (urls{}));
}

TEST(css_urls, that_are_not_ended_or_bad_are_none) {
  EXPECT_EQ(urls_in("a: url(b"), urls{});
  EXPECT_EQ(urls_in("a: url('b"), urls{});
  EXPECT_EQ(urls_in("a: url(b c) url(d'e) url(f"), urls{});
  EXPECT_EQ(urls_in("a: url('b\nc) url(d)"), (urls{"d"}));
  EXPECT_EQ(urls_in("a: url(b'c\\) url(no)) url(d) url(e f) url(g)"), (urls{"d", "g"}));
  EXPECT_EQ(urls_in("\\"), urls{});
  EXPECT_EQ(urls_in(""), urls{});
}

}  // namespace
