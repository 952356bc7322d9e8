#include <string>
#include <thread>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/detail/one_writer.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::crawl::crawl_hooks;
using hocket::crawl::page_link;
using hocket::crawl::page_record;
using hocket::crawl::detail::one_writer;
using hocket::crawl::detail::writers_end;

namespace {

using list = std::vector<std::string>;

class noted final : public hocket::crawl::pipeline {
 public:
  void add_page(const page_record& page, std::span<const page_link> links) override {
    if (page.url == "bad") throw hocket::error("cannot be added");
    all.push_back("page " + std::string(page.url) + " " + std::string(page.error) + std::to_string(links.size()));
  }
  void add_item(std::string_view page, std::string_view json) override {
    all.push_back("item " + std::string(page) + " " + std::string(json));
  }
  [[nodiscard]] bool is_full() const noexcept override { return false; }
  [[nodiscard]] coro<void> flush() override {
    all.emplace_back("flushed");
    co_return;
  }
  [[nodiscard]] coro<void> finish(std::string) override { co_return; }

  list all;
};

// From another thread, which has gone when this returns.
template <class Function>
coro<void> elsewhere(Function function) {
  co_await hocket::to_thread([&] { function(); });
}

HOCKET_TEST(one_writer, keeps_the_order_in_which_it_was_told_and_copies_what_it_is_told) {
  noted out;
  list told;
  crawl_hooks hooks{
      .on_page = [&](const page_record& page) { told.push_back("page " + std::string(page.url)); },
      .on_skip = [&](std::string_view url,
                     std::string_view why) { told.push_back(std::string(url) + " " + std::string(why)); }};
  one_writer writer(out, hooks);
  writers_end end(writer);
  co_await elsewhere([&] {
    const crawl_hooks mine = writer.hooks_for_one();
    std::string name = "http://h/1";
    std::vector<page_link> links{{*hocket::url::parse("http://h/2"), false}};
    end.add_page({.url = name, .error = "late"}, links);
    end.add_item("http://h/1", "{}");
    mine.on_skip(name, "scope");
    name = "overwritten";
    links.clear();
    end.add_page({.url = "http://h/2"}, links);
  });
  co_await end.flush();
  EXPECT_EQ(out.all, (list{"page http://h/1 late1", "item http://h/1 {}", "page http://h/2 0", "flushed"}));
  EXPECT_EQ(told, (list{"page http://h/1", "http://h/1 scope", "page http://h/2"}));
}

HOCKET_TEST(one_writer, tells_what_several_note_once) {
  noted out;
  list told;
  crawl_hooks hooks{.on_note = [&](const std::string& text) { told.push_back(text); }};
  one_writer writer(out, hooks);
  for (int n = 0; n < 2; ++n)
    co_await elsewhere([&] {
      writer.hooks_for_one().on_note("too many sitemaps");
      writer.hooks_for_one().on_note("another");
    });
  co_await writer.flush_here();
  EXPECT_EQ(told, (list{"too many sitemaps", "another"}));
}

HOCKET_TEST(one_writer, fails_for_whoever_flushes_after_something_could_not_be_added) {
  noted out;
  const crawl_hooks hooks;
  one_writer writer(out, hooks);
  writers_end end(writer);
  co_await elsewhere([&] { end.add_page({.url = "bad"}, {}); });
  for (int n = 0; n < 2; ++n) {
    std::string problem;
    try {
      co_await end.flush();
    } catch (const hocket::error& each) {
      problem = each.what();
    }
    EXPECT_EQ(problem, "cannot be added");
  }
  EXPECT_TRUE(end.is_full());
}

HOCKET_TEST(one_writer, is_full_when_much_waits) {
  noted out;
  const crawl_hooks hooks;
  one_writer writer(out, hooks);
  writers_end end(writer);
  const std::string much(2 * 1024 * 1024, 'x');
  end.add_item("http://h/", much);
  EXPECT_TRUE(end.is_full());
  co_await end.flush();
  EXPECT_FALSE(end.is_full());
}

}  // namespace
