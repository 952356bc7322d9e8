// The programs of docs/crawlers.md.

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/json_string.hpp>
#include <hocket/crawl/spread_crawler.hpp>
#include <hocket/testing/test.hpp>

#include "crawled_site.hpp"

namespace crawl = hocket::crawl;
using hocket::testing::from;
using hocket::testing::page;
using hocket::testing::site;
using hocket::testing::temporary_directory;

namespace {

using list = std::vector<std::string>;

list between(std::string_view text, std::string_view begin, std::string_view end) {
  list found;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at)) {
    at += begin.size();
    found.emplace_back(text.substr(at, text.find(end, at) - at));
  }
  return found;
}

std::string json_of(std::string_view text) {
  std::string json;
  hocket::append_json_string(json, text);
  return json;
}

class heading_reader : public crawl::page_reader {
 public:
  void begin(const hocket::http::response&) override { page_.clear(); }
  void feed(std::string_view piece) override { page_ += piece; }
  crawl::findings& finish(const hocket::url& document) override {
    found_ = {};
    for (const std::string& heading : between(page_, "<h1>", "</h1>")) found_.items.push_back(json_of(heading));
    for (const std::string& next : between(page_, "<link rel=next href=\"", "\""))
      if (auto link = hocket::url::parse(next, document)) found_.links.push_back({*link, false});
    return found_;
  }

 private:
  std::string page_;
  crawl::findings found_;
};

class heading_spider : public crawl::spider {
 public:
  bool wants(const hocket::http::response& head) const override { return head.status() == 200; }
  std::unique_ptr<crawl::page_reader> make_reader(std::uint64_t) const override {
    return std::make_unique<heading_reader>();
  }
};

class with_token : public crawl::downloader {
 public:
  with_token(const crawl::crawl_options& options, std::string token)
      : web_(crawl::crawl_session_options(options, [](const hocket::url&) { return true; })),
        token_(std::move(token)) {}

  hocket::coro<hocket::http::response> get(const hocket::url& where, hocket::http::request_options options) override {
    options.fields.set("Authorization", "Bearer " + token_);
    co_return co_await web_.get(where, std::move(options));
  }

 private:
  hocket::http::session web_;
  std::string token_;
};

class link_count : public crawl::pipeline {
 public:
  void add_page(const crawl::page_record&, std::span<const crawl::page_link> links) override {
    for (const auto& link : links) ++times_[link.url.href()];
  }
  void add_item(std::string_view, std::string_view) override {}
  bool is_full() const noexcept override { return false; }
  hocket::coro<void> flush() override { co_return; }
  hocket::coro<void> finish(std::string) override { co_return; }

  const std::map<std::string, int>& times() const { return times_; }

 private:
  std::map<std::string, int> times_;
};

class small_frontier : public crawl::frontier {
 public:
  explicit small_frontier(std::size_t most) : most_(most) {}

  hocket::coro<std::vector<crawl::target>> begin(std::span<const hocket::url> seeds, const judge& decide) override {
    std::vector<crawl::target> fresh;
    for (const hocket::url& seed : seeds) see(seed, 0, decide, fresh);
    co_return fresh;
  }
  hocket::coro<std::vector<crawl::target>> finish(const crawl::finished_page& done, const judge& decide) override {
    std::vector<crawl::target> fresh;
    for (const hocket::url& each : done.besides) see(each, done.page.depth, decide, fresh);
    if (done.not_followed.empty())
      for (const auto& link : done.links) see(link.url, done.page.depth + 1, decide, fresh);
    co_return fresh;
  }
  hocket::coro<bool> claim(std::string href) override { co_return seen_.insert(std::move(href)).second; }
  void pass_over(std::string_view, std::string_view) override {}
  hocket::coro<void> visit_passed_over(std::function<void(std::string_view, std::string_view)>) override { co_return; }
  std::size_t seen() const noexcept override { return seen_.size(); }

 private:
  void see(const hocket::url& found, unsigned depth, const judge& decide, std::vector<crawl::target>& fresh) {
    if (seen_.size() >= most_ || !seen_.insert(found.href()).second) return;
    const crawl::verdict given = decide(found);
    if (given.against.empty()) fresh.push_back({.url = found, .depth = depth, .priority = given.priority});
  }

  std::size_t most_;
  std::set<std::string> seen_;
};

HOCKET_TEST(documented_crawlers, a_crawl_leaves_its_files) {
  const temporary_directory folder;
  site web({{"/", {"<a href=a>"}}, {"/a", {""}}});
  auto out = co_await crawl::output::open(folder / "found");
  crawl::crawler work(from({web.url()}, {.max_pages = 1000}), out);
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(work.progress().pages, 2U);
  EXPECT_EQ(work.progress().failed, 0U);
  EXPECT_EQ(hocket::testing::lines_of(folder / "found/links.tsv").at(1), web.url() + "\t" + web.url("/a"));
}

HOCKET_TEST(documented_crawlers, a_spider_gives_what_it_reads) {
  const temporary_directory folder;
  site web(
      {{"/", {"<h1>One</h1><link rel=next href=\"b\"><a href=c>"}}, {"/b", {"<h1>Two</h1>"}}, {"/c", {"<h1>No</h1>"}}});
  auto out = co_await crawl::output::open(folder.path());
  crawl::crawler work(from({web.url()}), out, {}, {.spider = std::make_shared<heading_spider>()});
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(hocket::testing::lines_of(folder / "items.jsonl"),
            (list{"{\"page\":\"" + web.url() + "\",\"item\":\"One\"}",
                  "{\"page\":\"" + web.url("/b") + "\",\"item\":\"Two\"}"}));
}

HOCKET_REAL_TIME_TEST(documented_crawlers, a_crawl_on_several_loops_equips_each_of_them) {
  const hocket::testing::temporary_directory folder;
  site web({{"/", {"<h1>One</h1><link rel=next href=\"b\">"}}, {"/b", {"<h1>Two</h1>"}}});
  const auto options = from({web.url()});
  auto out = co_await crawl::output::open(folder.path());
  crawl::spread_crawler work(4, options, out, {}, [](std::size_t, crawl::crawl_options&, crawl::crawl_roles& roles) {
    roles.spider = std::make_shared<heading_spider>();
  });
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(hocket::testing::lines_of(folder / "items.jsonl").size(), 2U);
}

HOCKET_TEST(documented_crawlers, a_downloader_asks_in_its_way) {
  list seen;
  hocket::testing::running_server web([&seen](hocket::http::request& asked) -> hocket::coro<hocket::http::reply> {
    seen.emplace_back(asked.headers().get("Authorization").value_or(""));
    co_return hocket::http::reply::html("<a href=a>");
  });
  link_count out;
  const auto options = from({web.url("/")});
  crawl::crawler work(options, out, {}, {.downloader = std::make_shared<with_token>(options, "secret")});
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(seen, (list{"Bearer secret", "Bearer secret"}));
}

HOCKET_TEST(documented_crawlers, a_pipeline_takes_what_was_found) {
  site web({{"/", {"<a href=a><a href=b>"}}, {"/a", {"<a href=b>"}}, {"/b", {"<a href=b>"}}});
  link_count out;
  crawl::crawler work(from({web.url()}), out);
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(out.times(), (std::map<std::string, int>{{web.url("/a"), 1}, {web.url("/b"), 3}}));
}

HOCKET_TEST(documented_crawlers, a_frontier_remembers_in_its_way) {
  site web({{"/", {"<a href=a>"}}, {"/a", {"<a href=/>"}}, {"/b", {"<a href=c>"}}});
  link_count out;
  crawl::crawler work(from({web.url(), web.url("/b")}), out, {}, {.frontier = std::make_shared<small_frontier>(3)});
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(web.asked_in_order_of_name().size(), 3U);
  EXPECT_EQ(work.progress().pages, 3U);
}

HOCKET_TEST(documented_crawlers, hooks_change_what_is_asked_and_found) {
  list seen, failed;
  hocket::testing::running_server web([&seen](hocket::http::request& asked) -> hocket::coro<hocket::http::reply> {
    seen.push_back(std::string(asked.target()) + " " +
                   std::string(asked.headers().get("Accept-Language").value_or("")));
    if (asked.target() == "/a") co_return hocket::http::reply::text("", 404);
    co_return hocket::http::reply::html("<a href=a><a href=/archive/1>");
  });
  link_count out;
  crawl::crawl_hooks hooks{
      .before_request = [](const hocket::url&,
                           hocket::http::request_options& asked) { asked.fields.set("Accept-Language", "de"); },
      .on_links =
          [](const hocket::url&, crawl::findings& found) {
            std::erase_if(found.links, [](const auto& link) { return link.url.path().starts_with("/archive/"); });
          },
      .on_page =
          [&failed](const crawl::page_record& page) {
            if (!page.error.empty()) failed.emplace_back(page.url);
          }};
  crawl::crawler work(from({web.url("/")}), out, hooks);
  co_await work.run();
  co_await web.stop();
  EXPECT_EQ(seen, (list{"/ de", "/a de"}));
  EXPECT_EQ(failed, (list{web.url("/a")}));
}

}  // namespace
