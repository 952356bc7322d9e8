#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <http/scripted_server.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::url;
using hocket::crawl::crawl_options;
using hocket::crawl::crawl_roles;
using hocket::crawl::crawler;
using hocket::crawl::findings;
using hocket::crawl::page_record;
using hocket::testing::answering;
using hocket::testing::content_of;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;
using hocket::testing::temporary_directory;

// The crawler as a library: each of its parts in the hands of a user.
namespace {

using list = std::vector<std::string>;

crawl_options from(const std::string& seed) {
  crawl_options options;
  options.obey_robots = false;
  options.seeds.push_back(*url::parse(seed));
  return options;
}

scripted_server::script text_site() {
  return answering([](const std::string& request) {
    return response_text(200, target_of(request) == "/" ? "next: /a" : "the end", "Content-Type: text/plain\r\n");
  });
}

// Reads plain text: a line "next: PATH" leads on, any other is an item.
class text_spider final : public hocket::crawl::spider {
  class reader final : public hocket::crawl::page_reader {
   public:
    void begin(const hocket::http::response&) override { text_.clear(); }
    void feed(std::string_view piece) override { text_ += piece; }
    findings& finish(const url& document) override {
      found_ = {};
      if (text_.starts_with("next: "))
        found_.links.push_back({*url::parse(text_.substr(6), document), false});
      else
        found_.items.push_back("\"" + text_ + "\"");
      return found_;
    }

   private:
    std::string text_;
    findings found_;
  };

 public:
  [[nodiscard]] bool wants(const hocket::http::response&) const override { return true; }
  [[nodiscard]] std::unique_ptr<hocket::crawl::page_reader> make_reader(std::uint64_t) const override {
    return std::make_unique<reader>();
  }
};

HOCKET_TEST(spider, of_ones_own_takes_links_and_items_from_what_it_reads) {
  const temporary_directory folder;
  scripted_server web(text_site());
  auto out = co_await hocket::crawl::output::open(folder.path());
  list told;
  crawler work(from(web.url()), out,
               {.on_item = [&told](const url& page,
                                   std::string_view json) { told.push_back(page.href() + " " + std::string(json)); }},
               {.spider = std::make_shared<text_spider>()});
  co_await work.run();
  EXPECT_EQ(content_of(folder / "links.tsv"), "source_url\tparsed_url\n" + web.url() + "\t" + web.url("/a") + "\n");
  EXPECT_EQ(content_of(folder / "items.jsonl"), "{\"page\":\"" + web.url("/a") + "\",\"item\":\"the end\"}\n");
  EXPECT_EQ(told, (list{web.url("/a") + " \"the end\""}));
}

HOCKET_TEST(spider, that_throws_fails_its_page_and_no_other) {
  struct fragile final : hocket::crawl::spider {
    struct reader final : hocket::crawl::page_reader {
      void begin(const hocket::http::response& head) override { is_second = head.url().path() == "/a"; }
      void feed(std::string_view) override {}
      findings& finish(const url& document) override {
        found = {};
        if (is_second) throw std::runtime_error("cannot read this");
        if (document.path() == "/")
          found.links = {{*url::parse("/a", document), false}, {*url::parse("/b", document), false}};
        return found;
      }
      bool is_second = false;
      findings found;
    };
    [[nodiscard]] bool wants(const hocket::http::response&) const override { return true; }
    [[nodiscard]] std::unique_ptr<hocket::crawl::page_reader> make_reader(std::uint64_t) const override {
      return std::make_unique<reader>();
    }
  };
  const temporary_directory folder;
  scripted_server web(answering([](const std::string&) { return response_text(200, "x"); }));
  auto out = co_await hocket::crawl::output::open(folder.path());
  list failed;
  crawler work(from(web.url()), out,
               {.on_page =
                    [&failed](const page_record& page) {
                      if (!page.error.empty()) failed.push_back(std::string(page.url) + " " + std::string(page.error));
                    }},
               {.spider = std::make_shared<fragile>()});
  co_await work.run();
  EXPECT_EQ(failed, (list{web.url("/a") + " cannot read this"}));
  EXPECT_EQ(work.progress().pages, 3U);
}

// Keeps all in memory.
class list_of_pages final : public hocket::crawl::pipeline {
 public:
  void add_page(const page_record& page, std::span<const hocket::crawl::page_link> links) override {
    pages.emplace_back(page.url);
    link_count += links.size();
  }
  void add_item(std::string_view, std::string_view) override {}
  [[nodiscard]] bool is_full() const noexcept override { return false; }
  coro<void> flush() override { co_return; }
  coro<void> finish(std::string) override {
    ended = true;
    co_return;
  }

  list pages;
  std::size_t link_count = 0;
  bool ended = false;
};

HOCKET_TEST(pipeline, of_ones_own_gets_each_page_with_its_links) {
  scripted_server web(answering([](const std::string& request) {
    return response_text(200, target_of(request) == "/" ? "<a href=a><a href=mailto:x>" : "",
                         "Content-Type: text/html\r\n");
  }));
  list_of_pages out;
  crawler work(from(web.url()), out);
  co_await work.run();
  EXPECT_EQ(out.pages, (list{web.url(), web.url("/a")}));
  EXPECT_EQ(out.link_count, 1U);
  EXPECT_TRUE(out.ended);
}

HOCKET_TEST(pipeline, that_throws_ends_the_crawl_with_what_it_threw) {
  struct full final : hocket::crawl::pipeline {
    void add_page(const page_record&, std::span<const hocket::crawl::page_link>) override {
      throw std::runtime_error("no room");
    }
    void add_item(std::string_view, std::string_view) override {}
    [[nodiscard]] bool is_full() const noexcept override { return false; }
    coro<void> flush() override { co_return; }
    coro<void> finish(std::string) override { co_return; }
  };
  scripted_server web(answering([](const std::string&) { return response_text(200, ""); }));
  full out;
  crawler work(from(web.url()), out);
  std::string thrown;
  try {
    co_await work.run();
  } catch (const std::runtime_error& failed) {
    thrown = failed.what();
  }
  EXPECT_EQ(thrown, "no room");
}

HOCKET_TEST(downloader, of_ones_own_asks_in_its_way) {
  struct marked final : hocket::crawl::downloader {
    coro<hocket::http::response> get(const url& where, hocket::http::request_options options) override {
      options.fields.add("X-Mark", "here");
      co_return co_await web.get(where, std::move(options));
    }
    hocket::http::session web;
  };
  list seen;
  scripted_server web(answering([&seen](const std::string& request) {
    seen.push_back(request);
    return response_text(200, "", "Content-Type: text/html\r\n");
  }));
  list_of_pages out;
  crawler work(from(web.url()), out, {}, {.downloader = std::make_shared<marked>()});
  co_await work.run();
  EXPECT_NE(seen.at(0).find("\r\nX-Mark: here\r\n"), std::string::npos);
}

HOCKET_TEST(hooks, may_change_requests_and_what_was_found) {
  list seen;
  scripted_server web(answering([&seen](const std::string& request) {
    seen.push_back(request);
    return response_text(200, "<a href=a><a href=logout>", "Content-Type: text/html\r\n");
  }));
  list_of_pages out;
  std::vector<int> statuses;
  crawler work(
      from(web.url()), out,
      {.before_request = [](const url&, hocket::http::request_options& asked) { asked.fields.add("X-Key", "1"); },
       .on_response = [&statuses](const url&,
                                  const hocket::http::response& answer) { statuses.push_back(answer.status()); },
       .on_links =
           [](const url&, findings& found) {
             std::erase_if(found.links, [](const auto& link) { return link.url.path() == "/logout"; });
           }});
  co_await work.run();
  EXPECT_EQ(out.pages, (list{web.url(), web.url("/a")}));
  EXPECT_EQ(out.link_count, 2U);
  EXPECT_EQ(statuses, (std::vector<int>{200, 200}));
  for (const std::string& each : seen) EXPECT_NE(each.find("\r\nX-Key: 1\r\n"), std::string::npos);
}

}  // namespace
