#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/page_links.hpp>

using hocket::url;
using hocket::crawl::page_links;

namespace {

/// "url" for each link, "url!" if it is not to be followed.
std::vector<std::string> links_of(std::string_view page, std::string_view document = "http://example.org/docs/a.html") {
  page_links links;
  links.begin();
  links.feed(page);
  std::vector<std::string> found;
  for (const auto& each : links.finish(*url::parse(document)))
    found.push_back(each.url.href() + (each.nofollow ? "!" : ""));
  return found;
}

using list = std::vector<std::string>;

TEST(page_links, resolves_against_the_document) {
  EXPECT_EQ(links_of("<a href=b.html><a href=../c><a href='/d?e'><area href=//other.example/><a href=?q>"),
            (list{"http://example.org/docs/b.html", "http://example.org/c", "http://example.org/d?e",
                  "http://other.example/", "http://example.org/docs/a.html?q"}));
}

TEST(page_links, resolves_against_the_declared_base_wherever_it_stands) {
  EXPECT_EQ(links_of("<a href=1><base href=/base/><base href=/second/><a href=2>"),
            (list{"http://example.org/base/1", "http://example.org/base/2"}));
}

TEST(page_links, the_base_itself_is_relative_to_the_document) {
  EXPECT_EQ(links_of("<base href=sub/><a href=1>"), (list{"http://example.org/docs/sub/1"}));
}

TEST(page_links, a_base_that_is_no_url_is_none) {
  EXPECT_EQ(links_of("<base href='http://['><a href=1>"), (list{"http://example.org/docs/1"}));
}

TEST(page_links, drops_fragments) {
  EXPECT_EQ(links_of("<a href=b#x><a href=#y>"), (list{"http://example.org/docs/b", "http://example.org/docs/a.html"}));
}

TEST(page_links, gives_each_link_once_in_order_of_appearance) {
  EXPECT_EQ(links_of("<a href=b><a href=c><a href=b><a href=./b><a href=b#x><a href=http://example.org/docs/c>"),
            (list{"http://example.org/docs/b", "http://example.org/docs/c"}));
}

TEST(page_links, leaves_out_what_is_not_http) {
  EXPECT_EQ(links_of("<a href=mailto:x@example.org><a href=javascript:void(0)><a href=ftp://example.org/>"
                     "<a href=data:,x><a href=https://example.org/><a href='http://['><a href='ws://example.org/'>"),
            (list{"https://example.org/"}));
}

TEST(page_links, a_link_is_followed_if_one_occurrence_may_be) {
  EXPECT_EQ(links_of("<a href=b rel=nofollow><a href=c rel=nofollow><a href=./b><a href=c rel='x NoFollow'>"),
            (list{"http://example.org/docs/b", "http://example.org/docs/c!"}));
}

TEST(page_links, the_same_whichever_way_the_page_is_cut) {
  const std::string page = "<base href='/x/'><a rel=\"nofollow\" href='b&amp;c'>text</a><!-- <a href=no> --><a href=d>";
  const list whole = links_of(page);
  for (std::size_t cut = 0; cut <= page.size(); ++cut) {
    page_links links;
    links.begin();
    links.feed(std::string(page.substr(0, cut)));
    links.feed(std::string(page.substr(cut)));
    list found;
    for (const auto& each : links.finish(*url::parse("http://example.org/docs/a.html")))
      found.push_back(each.url.href() + (each.nofollow ? "!" : ""));
    EXPECT_EQ(found, whole) << "cut at " << cut;
  }
}

TEST(page_links, begins_anew_for_the_next_page) {
  page_links links;
  links.begin();
  links.feed("<base href=http://other.example/><a href=old><a hr");
  static_cast<void>(links.finish(*url::parse("http://example.org/")));
  links.begin();
  links.feed("<a href=new>");
  const auto& found = links.finish(*url::parse("http://example.org/"));
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().url.href(), "http://example.org/new");
}

TEST(page_links, a_page_without_links_has_none) { EXPECT_TRUE(links_of("<p>nothing").empty()); }

}  // namespace
