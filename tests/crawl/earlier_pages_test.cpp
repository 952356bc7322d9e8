#include <map>
#include <string>

#include <crawl/crawled_site.hpp>

#include <hocket/base/error.hpp>
#include <hocket/crawl/earlier_pages.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::url;
using hocket::crawl::crawl_options;
using hocket::crawl::earlier_page;
using hocket::crawl::earlier_pages;
using hocket::http::validators;
using hocket::testing::content_of;
using hocket::testing::crawled;
using hocket::testing::from;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;

namespace {

/// Remembers what it is told to, by path.
class remembered final : public earlier_pages {
 public:
  std::map<std::string, earlier_page, std::less<>> pages;
  bool is_broken = false;

  [[nodiscard]] validators validators_of(const url& where) const override {
    const auto found = pages.find(where.path());
    return found == pages.end() ? validators() : found->second.validators;
  }
  [[nodiscard]] coro<earlier_page> recall(url where) override {
    if (is_broken) throw hocket::error("the earlier crawl is gone");
    const earlier_page& known = pages.at(std::string(where.path()));
    earlier_page copy{.content_type = known.content_type,
                      .bytes = known.bytes,
                      .content_hash = known.content_hash,
                      .validators = known.validators};
    copy.found.links = known.found.links;
    co_return copy;
  }
};

/// A page whose tag is "v1", and all others; notes for what it was asked, with the tag: `/ "v1"`.
class tagged_site {
 public:
  tagged_site()
      : server([this](hocket::http::request& asked) -> coro<hocket::http::reply> { co_return answer(asked); }) {}

  std::vector<std::string> asked;
  std::string tag = "\"v1\"";
  running_server server;

 private:
  hocket::http::reply answer(const hocket::http::request& request) {
    const std::string known(request.headers().get("If-None-Match").value_or(""));
    asked.push_back(std::string(request.target()) + " " + known);
    const hocket::http::headers fields{{"Content-Type", "text/html"}, {"ETag", tag}};
    if (request.target() != "/") return {200, {{"Content-Type", "text/html"}}, "a leaf"};
    if (known == tag) return {304, {{"ETag", tag}}, ""};
    return {200, fields, "<a href=new>x</a>"};
  }
};

std::shared_ptr<remembered> first_page_known(const tagged_site& site) {
  auto known = std::make_shared<remembered>();
  earlier_page& first = known->pages["/"];
  first = {.content_type = "text/html; charset=utf-8",
           .bytes = 17,
           .content_hash = 0x1234,
           .validators = {.etag = "\"v1\""}};
  first.found.links.push_back({*url::parse(site.server.url("/old")), false});
  first.found.links.push_back({*url::parse(site.server.url("/left")), true});
  return known;
}

coro<crawled> crawl_again(const tagged_site& site, std::shared_ptr<earlier_pages> earlier) {
  const temporary_directory folder;
  crawled result;
  auto out = co_await hocket::crawl::output::open(folder.path());
  hocket::crawl::crawler work(from({site.server.url()}), out, hocket::testing::observe(result),
                              {.earlier = std::move(earlier)});
  co_await work.run();
  hocket::testing::read_directory(folder.path(), result);
  co_return result;
}

HOCKET_TEST(earlier_pages, are_asked_for_by_what_tells_their_state) {
  tagged_site site;
  static_cast<void>(co_await crawl_again(site, first_page_known(site)));
  EXPECT_EQ(site.asked, (std::vector<std::string>{"/ \"v1\"", "/old "}));
  co_await site.server.stop();
}

HOCKET_TEST(earlier_pages, that_have_not_changed_are_written_and_followed_as_they_were) {
  tagged_site site;
  const auto result = co_await crawl_again(site, first_page_known(site));
  const std::string first = site.server.url("/");
  EXPECT_EQ(result.links, (std::set<std::string>{first + " " + first + "old", first + " " + first + "left"}));
  EXPECT_EQ(result.pages.size(), 2U);
  const auto& page = result.pages.at(first);
  EXPECT_EQ(page["status"], 200);
  EXPECT_EQ(page["content_type"], "text/html; charset=utf-8");
  EXPECT_EQ(page["bytes"], 17);
  EXPECT_EQ(page["hash"], "0000000000001234");
  EXPECT_EQ(page["etag"], "\"v1\"");
  EXPECT_TRUE(page["error"].is_null());
  EXPECT_TRUE(result.skipped.contains(first + "left nofollow"));
  co_await site.server.stop();
}

HOCKET_TEST(earlier_pages, that_have_changed_are_read) {
  tagged_site site;
  site.tag = "\"v2\"";
  const auto result = co_await crawl_again(site, first_page_known(site));
  const std::string first = site.server.url("/");
  EXPECT_EQ(result.links, (std::set<std::string>{first + " " + first + "new"}));
  EXPECT_EQ(result.pages.at(first)["etag"], "\"v2\"");
  co_await site.server.stop();
}

HOCKET_TEST(earlier_pages, that_cannot_be_recalled_fail) {
  tagged_site site;
  auto known = first_page_known(site);
  known->is_broken = true;
  const auto result = co_await crawl_again(site, known);
  EXPECT_EQ(result.pages.at(site.server.url("/"))["error"], "the earlier crawl is gone");
  co_await site.server.stop();
}

HOCKET_TEST(earlier_pages, are_told_by_the_files_of_a_crawl) {
  const std::string modified = "Sun, 01 Nov 2026 10:00:00 GMT";
  hocket::testing::site site({
      {"/", {"<a href=a>a</a><a href=b>b</a><a href=c>c</a>", 200, {{"Content-Type", "text/html"}, {"ETag", "\"x\""}}}},
      {"/a", {"same", 200, {{"Content-Type", "text/html"}, {"Last-Modified", modified}}}},
      {"/b", {"same", 200, {{"Content-Type", "text/html"}, {"ETag", "malformed"}}}},
      {"/c", {"", 404, {{"Content-Type", "text/html"}, {"ETag", "\"y\""}}}},
  });
  const auto result = co_await hocket::testing::crawl_all(from({site.url()}));
  const auto& home = result.pages.at(site.url("/"));
  const auto& a = result.pages.at(site.url("/a"));
  const auto& b = result.pages.at(site.url("/b"));
  const auto& c = result.pages.at(site.url("/c"));
  EXPECT_EQ(home["etag"], "\"x\"");
  EXPECT_EQ(a["last_modified"], modified);
  EXPECT_EQ(a["hash"], b["hash"]);
  EXPECT_NE(a["hash"], home["hash"]);
  EXPECT_FALSE(b.contains("etag"));
  EXPECT_FALSE(c.contains("etag"));
  EXPECT_FALSE(c.contains("hash"));
  co_await site.stop();
}

}  // namespace
