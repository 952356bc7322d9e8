// robots.txt files of others: crawler-commons' with what RFC 9309 says of them, and 353 real ones.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/robots.hpp>

using namespace std::chrono_literals;
using hocket::url;
using hocket::crawl::robots;

namespace {

std::filesystem::path data_folder() {
  const char* const folder = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path root = folder ? folder : HOCKET_SOURCE_DIR "/../shared/conformance";
  return root / "robots";
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator(file), {}};
}

struct verdict {
  const char* file;
  const char* agent;
  const char* target;
  bool allowed;
};

constexpr verdict verdicts[] = {
    {"crawl-delay-group-merging.txt", "mybot", "/private/", false},
    {"crawl-delay-group-merging.txt", "mybot", "/login/", true},
    {"crawl-delay-group-merging.txt", "yourbot", "/private/", false},
    {"crawl-delay-group-merging.txt", "yourbot", "/login/", false},
    {"crawl-delay-group-merging.txt", "other", "/private/", true},
    {"directive-typos-robots.txt", "bot1", "/desallow/", true},
    {"directive-typos-robots.txt", "bot1", "/useragent/", false},  // its group goes on: what follows opens none
    {"extended-standard-robots.txt", "bot1", "/", true},
    {"extension-robots.txt", "mybot", "/private/", false},
    {"extension-robots.txt", "mybot", "/secret/", true},
    {"extension-robots.txt", "otherbot", "/admin/", false},
    {"extension-robots.txt", "other", "/private/", true},
    {"format-errors-robots.txt", "bot1", "/whitespace-before-colon/", false},
    {"format-errors-robots.txt", "bot1", "/no-colon/", true},
    {"format-errors-robots.txt", "bot1", "/no-colon-useragent/", false},
    {"format-errors-robots.txt", "bot3", "/whitespace-before-colon", true},
    {"format-errors-robots.txt", "bot3", "/other", false},
    {"malformed-path.txt", "bot", "/wiki/Wikipedia_talk:Mediation_Committee/", false},
    {"malformed-path.txt", "bot", "/wiki/Wikipedia_talk%3Mediation_Committee/", false},
    {"malformed-path.txt", "bot", "/wiki/Other", true},
    {"many-user-agents.txt", "WebZIP", "/", false},
    {"precedence-of-rules.txt", "testy", "/foo/bar", true},
    {"precedence-of-rules.txt", "testy", "/foo/bb", false},
    {"precedence-of-rules.txt", "testy", "/foo", false},
    {"precedence-of-rules.txt", "wget", "/foo", true},
    {"precedence-of-rules.txt", "wget", "/index.html", true},
    {"precedence-of-rules.txt", "wget", "/other", false},
    {"precedence-of-rules.txt", "wget", "/", false},
    {"relative-sitemap-robots.txt", "bot", "/files/", false},
    {"rfc9309-example-longest-match-robots.txt", "foobot", "/example/page/", true},
    {"rfc9309-example-longest-match-robots.txt", "foobot", "/example/page/allowed.gif", true},
    {"rfc9309-example-longest-match-robots.txt", "foobot", "/example/page/disallowed.gif", false},
    {"rfc9309-example-simple-robots.txt", "other", "/x.gif", false},
    {"rfc9309-example-simple-robots.txt", "other", "/x.gif?y", true},
    {"rfc9309-example-simple-robots.txt", "other", "/example/", false},
    {"rfc9309-example-simple-robots.txt", "other", "/publications/", true},
    {"rfc9309-example-simple-robots.txt", "foobot", "/", false},
    {"rfc9309-example-simple-robots.txt", "foobot", "/example/page.html", true},
    {"rfc9309-example-simple-robots.txt", "foobot", "/example/allowed.gif", true},
    {"rfc9309-example-simple-robots.txt", "barbot", "/example/page.html", false},
    {"rfc9309-example-simple-robots.txt", "bazbot", "/example/page.html", false},
    {"rfc9309-example-simple-robots.txt", "bazbot", "/example/other.html", true},
    {"rfc9309-example-simple-robots.txt", "quxbot", "/example/page.html", true},
    {"robots-with-utf8-bom.txt", "bot", "/profile", false},
    {"robots-with-utf8-bom.txt", "Googlebot", "/a/output/print", false},
    {"robots-with-utf8-bom.txt", "Googlebot", "/output/print", true},
    {"sitemap-robots.txt", "bot", "/", true},
    {"wildcards.txt", "bot", "/gp/cart", false},
    {"wildcards.txt", "bot", "/gp/other", true},
};

TEST(robots_conformance, gives_the_verdicts_of_the_rfc) {
  if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "skipped: no conformance data";
  for (const verdict& each : verdicts) {
    const std::string text = contents(data_folder() / each.file);
    EXPECT_FALSE(text.empty()) << each.file;
    const robots rules = robots::parse(text, each.agent);
    EXPECT_EQ(rules.allows(*url::parse(std::string("http://domain.com") + each.target)), each.allowed)
        << each.file << ' ' << each.agent << ' ' << each.target;
  }
}

TEST(robots_conformance, reads_delays_and_sitemaps) {
  if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "skipped: no conformance data";
  const auto parse = [](const char* file, const char* agent) {
    return robots::parse(contents(data_folder() / file), agent);
  };
  EXPECT_EQ(parse("crawl-delay-group-merging.txt", "mybot").crawl_delay(), 10s);
  EXPECT_EQ(parse("crawl-delay-group-merging.txt", "yourbot").crawl_delay(), std::nullopt);
  EXPECT_EQ(parse("crawl-delay-group-merging.txt", "other").crawl_delay(), 30s);
  EXPECT_EQ(parse("dos-line-endings.txt", "bot").crawl_delay(), 1s);
  EXPECT_EQ(
      parse("sitemap-robots.txt", "bot").sitemaps(),
      (std::vector<std::string>{"http://domain.com/sitemap.xml", "http://domain.com/dir/MixedCased-sitemap.xml"}));
  EXPECT_EQ(parse("relative-sitemap-robots.txt", "bot").sitemaps(), (std::vector<std::string>{"/sitemap.xml"}));
  EXPECT_EQ(parse("format-errors-robots.txt", "bot").sitemaps(), (std::vector<std::string>{"/sitemap.xml"}));
}

TEST(robots_conformance, reads_all_real_files) {
  if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "skipped: no conformance data";
  std::size_t files = 0;
  std::size_t rules = 0;
  for (const auto& each : std::filesystem::directory_iterator(data_folder() / "real")) {
    const robots read = robots::parse(contents(each.path()), "hocket");
    EXPECT_TRUE(read.allows(*url::parse("http://example.org/robots.txt")));
    ++files;
    rules += read.rules();
  }
  EXPECT_EQ(files, 353U);
  EXPECT_GT(rules, 5'000U);
}

}  // namespace
