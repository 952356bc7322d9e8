#include <string>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <hocket/graph/detail/report_page.hpp>
#include <hocket/graph/report.hpp>

using hocket::graph::report_html;
using hocket::testing::crawl_folder;

namespace {

bool has(const std::string& html, std::string_view what) { return html.find(what) != std::string::npos; }

crawl_folder& fill(crawl_folder& folder) {
  folder.page({.url = "http://a/", .milliseconds = 1234, .bytes = 1'500'000});
  folder.page({.url = "http://a/gone", .status = 404, .error = "404 Not Found", .depth = 1, .milliseconds = 0});
  folder.page({.url = "http://b:81/old", .final_url = "http://b:81/new", .status = 200, .depth = 1});
  folder.link("http://a/", "http://a/gone")
      .link("http://b:81/new", "http://a/gone")
      .link("http://a/", "http://b:81/old");
  return folder;
}

std::string report(const hocket::graph::report_options& options = {}) {
  crawl_folder folder;
  return report_html(fill(folder).read(), options);
}

TEST(report, has_totals_statuses_and_depths) {
  const std::string html = report();
  EXPECT_TRUE(has(html, "<dt>Pages</dt><dd>3</dd>"));
  EXPECT_TRUE(has(html, "<dt>Failed</dt><dd class=\"bad\">1</dd>"));
  EXPECT_TRUE(has(html, "<dt>Broken links</dt><dd class=\"bad\">2</dd>"));
  EXPECT_TRUE(has(html, "<dt>Read</dt><dd>1.5 MB</dd>"));
  EXPECT_TRUE(has(html, "<tr><td>404</td><td class=\"number\" data-value=\"1\">1</td>"));
  EXPECT_TRUE(
      has(html, "<tr><td class=\"number\" data-value=\"1\">1</td><td class=\"number\" data-value=\"2\">2</td>"));
}

TEST(report, has_broken_links_with_the_pages_that_hold_them) {
  const std::string html = report();
  const auto row = html.find("http://a/gone</a></td><td>404 Not Found</td>");
  ASSERT_NE(row, std::string::npos);
  const std::string cell = html.substr(row, html.find("</tr>", row) - row);
  EXPECT_TRUE(has(cell, "<summary>2 pages</summary>"));
  EXPECT_TRUE(has(cell, "<li><a href=\"http://a/\" rel=\"noreferrer noopener\">http://a/</a></li>"));
  EXPECT_TRUE(has(cell, ">http://b:81/new</a></li>"));
}

TEST(report, has_redirects_slowest_pages_and_hosts) {
  const std::string html = report();
  EXPECT_TRUE(has(
      html, ">http://b:81/old</a></td><td class=\"number\" data-value=\"1\">1</td><td><a href=\"http://b:81/new\""));
  EXPECT_TRUE(has(html, "<tr><td class=\"number\" data-value=\"1234\">1,234</td>"));
  EXPECT_TRUE(has(html, "<tr><td>b:81</td><td class=\"number\" data-value=\"2\">2</td>"));
}

TEST(report, tells_what_it_leaves_out) {
  crawl_folder folder;
  for (int n = 0; n < 20; ++n) {
    folder.page({.url = fmt::format("http://a/{}", n), .status = 404, .error = "404"});
    folder.link("http://a/", fmt::format("http://a/{}", n));
  }
  const std::string html = report_html(folder.read(), {.rows = 7});
  EXPECT_TRUE(has(html, "<h2>Broken links</h2></div>\n<p class=\"note\">The first 7 of 20 are listed.</p>"));
  EXPECT_TRUE(has(html, "<h2>Slowest pages</h2></div>\n<p class=\"note\">The first 7 of 20 are listed.</p>"));
  EXPECT_FALSE(has(report(), "are listed"));
}

TEST(report, of_a_crawl_that_goes_on_says_so) {
  EXPECT_TRUE(has(report(), "The crawl has not ended"));
  const std::string html = report({.summary = {{.seconds = 1.234, .skipped = {{"scope", 12}}}}});
  EXPECT_FALSE(has(html, "The crawl has not ended"));
  EXPECT_TRUE(has(html, "<dt>Time</dt><dd>1.23 s</dd>"));
  EXPECT_TRUE(has(html, "<tr><td>scope</td><td class=\"number\" data-value=\"12\">12</td>"));
}

TEST(report, has_the_picture_or_says_why_there_is_none) {
  EXPECT_TRUE(has(report({.picture = "<svg id=\"p\"/>", .picture_caption = "All"}),
                  "<p class=\"note\">All</p>\n<svg id=\"p\"/>"));
  EXPECT_TRUE(has(report({.picture_caption = "There is none: <no sfdp>."}), "There is none: &lt;no sfdp&gt;."));
  EXPECT_FALSE(has(report(), "<h2>Picture</h2>"));
}

// Each text that a server chooses, where it would do harm.
TEST(report, is_safe_from_what_servers_chose) {
  const std::string nasty = "'\\\"><script>alert(1)</script><img src=x onerror=alert(2)>";
  const std::string nasty_url = "http://h\"onclick=alert(3)/'><script>alert(1)</script>";
  crawl_folder folder;
  folder.page({.url = "javascript:alert(4)", .status = 500, .error = nasty, .content_type = nasty});
  folder.page({.url = "http://a/", .final_url = "javascript:alert(5)", .status = 301});
  folder.page({.url = "http://slow/\\\"><b>", .milliseconds = 9});
  folder.link(nasty_url, "javascript:alert(4)").link("http://a/", nasty_url);
  const std::string html =
      report_html(folder.read(), {.title = "Crawl of </title><script>", .summary = {{.skipped = {{nasty, 1}}}}});
  std::size_t scripts = 0;
  for (auto at = html.find("<script"); at != std::string::npos; at = html.find("<script", at + 1)) ++scripts;
  EXPECT_EQ(scripts, 1U);
  EXPECT_FALSE(has(html, "<img"));
  EXPECT_FALSE(has(html, "<b>"));
  EXPECT_FALSE(has(html, "href=\"javascript"));
  EXPECT_FALSE(has(html, "href=\"http://h\""));
  EXPECT_TRUE(has(html, "javascript:alert(4)"));
}

std::string sha256_base64(std::string_view text) {
  unsigned char digest[32];
  ::EVP_Digest(text.data(), text.size(), digest, nullptr, ::EVP_sha256(), nullptr);
  unsigned char encoded[45];
  ::EVP_EncodeBlock(encoded, digest, sizeof digest);
  return {encoded, encoded + 44};
}

TEST(report, allows_its_own_style_and_script) {
  using namespace hocket::graph::detail;
  EXPECT_EQ(report_style_hash, sha256_base64(report_style));
  EXPECT_EQ(report_script_hash, sha256_base64(report_script));
  const std::string html = report();
  EXPECT_TRUE(has(html, std::string("<style>") + std::string(report_style) + "</style>"));
  EXPECT_TRUE(has(html, std::string("<script>") + std::string(report_script) + "</script>"));
  EXPECT_TRUE(has(html, "default-src 'none'; script-src 'sha256-" + std::string(report_script_hash) + "'"));
}

TEST(report, of_an_empty_crawl_is_a_page) {
  const std::string html = report_html(crawl_folder().read());
  EXPECT_TRUE(has(html, "<dt>Pages</dt><dd>0</dd>"));
  EXPECT_TRUE(html.ends_with("</html>\n"));
}

}  // namespace
