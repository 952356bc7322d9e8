#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/sitemap/sitemap_reader.hpp>

using hocket::sitemap_reader;
using hocket::url;

namespace {

using list = std::vector<std::string>;

/// What a sitemap names, however it is cut; other sitemaps with a `>` in front.
list named_in(std::string_view text, std::size_t piece = 1) {
  list found;
  sitemap_reader reader([&found](sitemap_reader::entry what, const url& where) {
    found.push_back((what == sitemap_reader::entry::sitemap ? ">" : "") + where.href());
  });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) reader.feed(text.substr(0, piece));
  reader.finish();
  return found;
}

TEST(sitemap_reader, tells_the_locations_of_pages) {
  EXPECT_EQ(named_in("<?xml version=\"1.0\"?><urlset xmlns='x'><url><loc>http://a/</loc><lastmod>2024</lastmod></url>"
                     "<url>\n<loc>\n  http://a/b?x=1&amp;y=2#part </loc></url></urlset>"),
            (list{"http://a/", "http://a/b?x=1&y=2"}));
}

TEST(sitemap_reader, tells_the_same_however_the_text_is_cut) {
  const std::string text =
      "\xEF\xBB\xBF<?xml version='1.0'?><!-- > --><!DOCTYPE urlset [<!ENTITY a '>'>]><urlset>"
      "<url><loc a='>'>http://a/</loc></url><url><loc><![CDATA[http://a/]]]]><![CDATA[>]]></loc></url></urlset>";
  for (std::size_t piece = 1; piece < text.size(); ++piece)
    EXPECT_EQ(named_in(text, piece), (list{"http://a/", "http://a/]]%3E"})) << piece;
}

TEST(sitemap_reader, tells_sitemaps_from_pages) {
  EXPECT_EQ(named_in("<sitemapindex><sitemap><loc>http://a/1.xml</loc></sitemap></sitemapindex>"),
            (list{">http://a/1.xml"}));
}

TEST(sitemap_reader, takes_a_prefix_for_what_it_is_of_the_root) {
  EXPECT_EQ(named_in("<s:urlset><s:url><s:loc>http://a/</s:loc><image:loc>http://a/i.png</image:loc>"
                     "<loc>http://a/other</loc></s:url></s:urlset>"),
            (list{"http://a/"}));
  EXPECT_EQ(named_in("<urlset><url><loc>http://a/</loc><image:image><image:loc>http://a/i.png</image:loc></image:image>"
                     "</url></urlset>"),
            (list{"http://a/"}));
}

TEST(sitemap_reader, decodes_references_and_verbatim_text) {
  EXPECT_EQ(named_in("<urlset><loc>http://a/&#x7e;&#98;&apos;&nonsense;</loc><loc><![CDATA[http://a/?a&amp;b]]></loc>"
                     "<loc>http://a/?a=1&b=2&c</loc></urlset>"),
            (list{"http://a/~b'", "http://a/?a&amp;b", "http://a/?a=1&b=2&c"}));
}

TEST(sitemap_reader, replaces_no_entity_that_the_document_declares) {
  EXPECT_EQ(named_in("<!DOCTYPE urlset [<!ENTITY e SYSTEM \"file:///etc/passwd\"><!ENTITY l 'http://a/l'>]>"
                     "<urlset><url><loc>http://a/&e;</loc></url><url><loc>&l;</loc></url></urlset>"),
            (list{"http://a/"}));
}

TEST(sitemap_reader, passes_over_comments_and_what_is_no_http_url) {
  EXPECT_EQ(named_in("<urlset><!-- <url><loc>http://a/old</loc></url> --><loc>ftp://a/</loc><loc></loc><loc/>x"
                     "<loc>nonsense</loc><loc>http://a/</loc><loc>http://a/cut"),
            (list{"http://a/"}));
}

TEST(sitemap_reader, tells_the_links_of_feeds) {
  EXPECT_EQ(named_in("<rss version='2.0'><channel><link>http://a/</link><atom:link href='http://a/self'/>"
                     "<item><link>http://a/1</link></item></channel></rss>"),
            (list{"http://a/", "http://a/1"}));
  EXPECT_EQ(named_in("<feed xmlns='x'><link rel='self' href='http://a/feed'/><entry><link href=\"http://a/1?a&amp;b\"/>"
                     "</entry><entry><link rel = 'alternate' type='x' href='http://a/2'></link></entry></feed>"),
            (list{"http://a/1?a&b", "http://a/2"}));
}

TEST(sitemap_reader, takes_text_for_a_url_a_line) {
  EXPECT_EQ(named_in("\xEF\xBB\xBFhttp://a/#part\r\n\nnonsense\n http://a/b"), (list{"http://a/", "http://a/b"}));
  EXPECT_EQ(named_in(""), list{});
}

TEST(sitemap_reader, finds_nothing_in_a_page) {
  EXPECT_EQ(named_in("<!doctype html><html><a href=http://a/>http://a/</a><link href='http://a/'><loc>http://a/</loc>"),
            list{});
}

TEST(sitemap_reader, leaves_out_urls_that_are_too_long) {
  const std::string longest = "http://a/" + std::string(sitemap_reader::most_url_bytes - 9, 'x');
  EXPECT_EQ(named_in(longest + "\n" + longest + "x\n", 4096), (list{longest}));
  EXPECT_EQ(named_in("<urlset><loc>" + longest + std::string(100'000, 'x') + "</loc></urlset>", 4096), list{});
}

TEST(sitemap_reader, is_full_after_as_many_urls_as_the_protocol_allows) {
  std::size_t found = 0;
  sitemap_reader reader([&found](sitemap_reader::entry, const url&) { ++found; });
  for (std::size_t n = 0; n < sitemap_reader::most_entries; ++n) {
    EXPECT_FALSE(reader.is_full());
    reader.feed("http://a/\n");
  }
  EXPECT_TRUE(reader.is_full());
  reader.feed("http://a/\n");
  reader.finish();
  EXPECT_EQ(found, sitemap_reader::most_entries);
}

TEST(sitemap_reader, is_full_after_as_many_bytes_as_the_protocol_allows) {
  sitemap_reader reader([](sitemap_reader::entry, const url&) {});
  const std::string piece(1 << 20, ' ');
  for (int n = 0; n < 50; ++n) {
    EXPECT_FALSE(reader.is_full());
    reader.feed(piece);
  }
  EXPECT_TRUE(reader.is_full());
}

}  // namespace
