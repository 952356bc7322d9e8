#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/sitemap_file.hpp>

using hocket::graph::read_sitemap_file;

namespace {

using urls = std::vector<std::string>;

urls sitemap_urls(std::string_view text) { return hocket::graph::sitemap_urls(text, "sitemap.xml"); }

TEST(sitemap_file, has_the_locations_of_its_xml) {
  EXPECT_EQ(sitemap_urls("<?xml version=\"1.0\"?><urlset><url><loc>http://a/</loc><lastmod>2024</lastmod></url>"
                         "<url>\n<loc>\n  http://a/b?x=1&amp;y=2 </loc></url></urlset>"),
            (urls{"http://a/", "http://a/b?x=1&y=2"}));
}

TEST(sitemap_file, decodes_references_and_verbatim_text) {
  EXPECT_EQ(sitemap_urls("<urlset><url><loc>http://a/&#x7e;&#98;&apos;&nonsense;</loc></url>"
                         "<url><loc><![CDATA[http://a/?a&b]]></loc></url></urlset>"),
            (urls{"http://a/~b'", "http://a/?a&b"}));
}

TEST(sitemap_file, passes_over_comments_images_and_what_is_no_http_url) {
  EXPECT_EQ(
      sitemap_urls("<urlset><!-- <url><loc>http://a/old</loc></url> --><url><loc>http://a/</loc>"
                   "<image:loc>http://a/i.png</image:loc></url><url><loc>ftp://a/</loc></url><url><loc></loc></url>"
                   "<url><loc>http://a/cut"),
      (urls{"http://a/"}));
}

TEST(sitemap_file, may_be_one_url_a_line) {
  EXPECT_EQ(sitemap_urls("\xef\xbb\xbfhttp://a/#part\r\n\nnonsense\nhttp://a/b"), (urls{"http://a/", "http://a/b"}));
  EXPECT_EQ(sitemap_urls(""), urls{});
}

TEST(sitemap_file, that_is_an_index_or_compressed_is_refused) {
  EXPECT_THROW(sitemap_urls("<sitemapindex><sitemap><loc>http://a/s.xml</loc></sitemap></sitemapindex>"),
               hocket::error);
  EXPECT_THROW(sitemap_urls("\x1f\x8b..."), hocket::error);
}

TEST(sitemap_file, that_cannot_be_read_is_an_error_with_its_name) {
  const hocket::testing::temporary_directory folder;
  for (const std::string& path : {folder / "none", folder.path()}) {
    try {
      static_cast<void>(read_sitemap_file(path));
      FAIL() << path;
    } catch (const hocket::error& problem) {
      EXPECT_NE(std::string(problem.what()).find("cannot read sitemap '" + path + "': "), std::string::npos);
    }
  }
}

}  // namespace
