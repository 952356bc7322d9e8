#include <cstdint>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <hocket/crawl/traps.hpp>

using hocket::url;
using hocket::crawl::counters;
using hocket::crawl::trap_limits;
using hocket::crawl::traps;
using hocket::crawl::without_session_id;

namespace {

std::string judge(traps& all, const std::string& target) {
  return std::string(all.judge(*url::parse("http://example.org" + target)));
}

std::string judge(const std::string& target) {
  counters counts;
  traps all{trap_limits{}, counts};
  return judge(all, target);
}

TEST(traps, ordinary_urls_are_none) {
  for (const char* target : {"/", "/a", "/a/b/c.html?d=e&f", "/2026/11/29/title", "//a//a", "/a/a/a", "/a/b/a/b/a/b",
                             "/%E3%83%84", "/a;b=c", "/v1.2/v1.2/", "/index.php?page=2026"})
    EXPECT_EQ(judge(target), "") << target;
}

TEST(traps, a_url_that_is_too_long) {
  EXPECT_EQ(judge("/" + std::string(4000, 'a')), "");
  EXPECT_EQ(judge("/" + std::string(5000, 'a')), "url_length");
}

TEST(traps, a_path_that_is_too_deep) {
  const auto nested = [](int depth) {
    std::string path;
    for (int n = 0; n < depth; ++n) path += fmt::format("/{}", n);
    return path;
  };
  EXPECT_EQ(judge(nested(64)), "");
  EXPECT_EQ(judge(nested(65)), "path_depth");
}

TEST(traps, segments_that_repeat_themselves) {
  EXPECT_EQ(judge("/x/a/a/a/a"), "repeated_segments");
  EXPECT_EQ(judge("/a/a/a/a/x"), "repeated_segments");
  EXPECT_EQ(judge("/x/a/b/a/b/a/b/a/b/y"), "repeated_segments");
  EXPECT_EQ(judge("/a/b/c/d/a/b/c/d"), "");
}

TEST(traps, queries_without_end_behind_one_path) {
  counters counts;
  traps all{trap_limits{.queries_of_a_path = 3}, counts};
  for (int n = 0; n < 3; ++n) EXPECT_EQ(judge(all, fmt::format("/search?q={}", n)), "");
  EXPECT_EQ(judge(all, "/search?q=last"), "queries");
  EXPECT_EQ(judge(all, "/other?q=1"), "");
  EXPECT_EQ(judge(all, "/search"), "");
}

TEST(traps, a_page_in_one_session_after_another) {
  counters counts;
  traps all{trap_limits{}, counts};
  EXPECT_EQ(judge(all, "/a?PHPSESSID=11&b=1"), "");
  EXPECT_EQ(judge(all, "/a?b=1&phpsessid=22"), "session_id");
  EXPECT_EQ(judge(all, "/a;jsessionid=33?b=1"), "session_id");
  EXPECT_EQ(judge(all, "/a?PHPSESSID=11&b=2"), "");
}

TEST(traps, go_on_counting_where_they_were) {
  std::map<std::uint64_t, std::uint64_t> kept;
  counters before(7);
  before.tell([&kept](std::uint64_t name, std::uint64_t count) { kept[name] = count; });
  traps first{trap_limits{.queries_of_a_path = 3}, before};
  for (int n = 0; n < 3; ++n) EXPECT_EQ(judge(first, fmt::format("/search?q={}", n)), "");
  EXPECT_EQ(judge(first, "/a?PHPSESSID=11"), "");

  counters after(7);
  for (const auto& [name, count] : kept) after.restore(name, count);
  traps second{trap_limits{.queries_of_a_path = 3}, after};
  EXPECT_EQ(judge(second, "/search?q=4"), "queries");
  EXPECT_EQ(judge(second, "/other?q=4"), "");
  EXPECT_EQ(judge(second, "/a?PHPSESSID=22"), "session_id");
}

TEST(traps, dates_without_end) {
  for (const char* form : {"/cal/{}-11-29", "/cal/{}/11", "/cal?d={}1129", "/cal?year={}"}) {
    counters counts;
    traps all{trap_limits{.dates_of_a_path = 3}, counts};
    for (int year = 2020; year < 2023; ++year) EXPECT_EQ(judge(all, fmt::format(fmt::runtime(form), year)), "") << form;
    EXPECT_EQ(judge(all, fmt::format(fmt::runtime(form), 2099)), "calendar") << form;
    EXPECT_EQ(judge(all, "/other/2020/11"), "") << form;
  }
}

TEST(traps, numbers_that_are_no_dates_are_not_counted) {
  counters counts;
  traps all{trap_limits{.dates_of_a_path = 1}, counts};
  for (int n = 100; n < 110; ++n) EXPECT_EQ(judge(all, fmt::format("/item/{}", n)), "");
  for (int n = 2000; n < 2010; ++n) EXPECT_EQ(judge(all, fmt::format("/item/{}", n)), "");
}

TEST(traps, more_pages_of_a_host_than_allowed) {
  counters counts;
  traps all{trap_limits{.pages_of_a_host = 2}, counts};
  EXPECT_EQ(judge(all, "/1"), "");
  EXPECT_EQ(judge(all, "/2"), "");
  EXPECT_EQ(judge(all, "/3"), "host_limit");
  EXPECT_EQ(all.judge(*url::parse("http://other.example/")), "");
}

TEST(traps, limits_of_0_are_none) {
  counters counts;
  traps all{trap_limits{0, 0, 0, 0, 0, 0}, counts};
  std::string nested;
  for (int n = 0; n < 1000; ++n) nested += "/aaaaaaaa";
  EXPECT_EQ(judge(all, nested), "");
  for (int n = 0; n < 6000; ++n) EXPECT_EQ(judge(all, fmt::format("/2026-11-11?{}", n)), "");
}

TEST(without_session_id, leaves_the_rest_as_it_is) {
  const auto plain = [](const char* text) { return without_session_id(*url::parse(text)); };
  EXPECT_EQ(plain("http://a/b?c=d"), "");
  EXPECT_EQ(plain("http://a/b;jsessionid=1?c=d&e"), "http://a/b?c=d&e");
  EXPECT_EQ(plain("http://a/b?PHPSESSID=1"), "http://a/b");
  EXPECT_EQ(plain("http://a/b;x;y?c&ASPSESSIONIDQQ=1&d"), "http://a/b;x;y?c&d");
}

}  // namespace
