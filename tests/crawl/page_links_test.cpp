#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/page_links.hpp>
#include <hocket/text/text_encoder.hpp>

using hocket::encoding;
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

TEST(page_links, finds_what_the_page_says_about_itself) {
  page_links links;
  links.begin();
  links.feed(
      "<base href=/base/><meta name=robots content=noindex><META NAME='Robots' CONTENT='no&#102;ollow'>"
      "<meta name=description content=none><link rel='x CANONICAL' href=c><link rel=stylesheet href=s>"
      "<link rel=alternate hreflang=x-default href=d><link rel=alternate href=feed.xml>"
      "<!-- <link rel=canonical href=no> --></link rel=canonical href=no>");
  static_cast<void>(links.finish(*url::parse("http://example.org/docs/a.html")));
  EXPECT_EQ(links.declared().robots.text(), "noindex,nofollow");
  EXPECT_EQ(links.declared().canonical, "http://example.org/base/c");
  EXPECT_EQ(links.declared().alternates.size(), 1U);
  EXPECT_EQ(links.declared().alternates.at(0).hreflang, "x-default");
  EXPECT_EQ(links.declared().alternates.at(0).href, "http://example.org/base/d");

  links.begin();
  static_cast<void>(links.finish(*url::parse("http://example.org/docs/a.html")));
  EXPECT_EQ(links.declared().robots.text(), "");
  EXPECT_EQ(links.declared().canonical, "");
  EXPECT_TRUE(links.declared().alternates.empty());
}

TEST(page_links, drops_user_and_password) {
  EXPECT_EQ(links_of("<base href=http://me:secret@a/><a href=b><a href=http://you@c/><a href=http://c/>"),
            (list{"http://a/b", "http://c/"}));
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

// --- encodings

std::string encoded(std::string_view text, encoding which) {
  if (which == encoding::utf_16le) {
    std::string bytes;
    for (const char byte : text) bytes.append({byte, '\0'});  // ASCII only
    return bytes;
  }
  hocket::text_encoder encoder(which);
  std::string bytes;
  EXPECT_FALSE(encoder.encode(text, bytes));
  return bytes;
}

list links_of_bytes(std::string_view bytes, std::string_view charset, std::size_t piece_size = std::string_view::npos) {
  page_links links;
  links.begin(charset);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_size, bytes.size())))
    links.feed(std::string(bytes.substr(0, piece_size)));
  list found;
  for (const auto& each : links.finish(*url::parse("http://example.org/"))) found.push_back(each.url.href());
  return found;
}

TEST(page_links, writes_paths_in_utf_8_and_queries_in_the_encoding_of_the_page) {
  const std::string page = "<a href='/日本?q=日本&amp;x=&#8364;'>";
  EXPECT_EQ(links_of_bytes(encoded(page, encoding::shift_jis), "shift_jis"),
            (list{"http://example.org/%E6%97%A5%E6%9C%AC?q=%93%FA%96{&x=%26%238364%3B"}));
  EXPECT_EQ(links_of_bytes(page, "utf-8"),
            (list{"http://example.org/%E6%97%A5%E6%9C%AC?q=%E6%97%A5%E6%9C%AC&x=%E2%82%AC"}));
}

TEST(page_links, reads_the_encoding_that_the_page_declares) {
  const std::string page = encoded("<meta charset=windows-1251><a href='?q=да'>", encoding::windows_1251);
  EXPECT_EQ(links_of_bytes(page, ""), (list{"http://example.org/?q=%E4%E0"}));
  EXPECT_EQ(links_of_bytes(page, "koi8-r"), (list{"http://example.org/?q=%E4%E0"}));  // whatever the letters are
  EXPECT_EQ(links_of_bytes(encoded("<a href='/да'>", encoding::windows_1251), "windows-1251"),
            (list{"http://example.org/%D0%B4%D0%B0"}));
}

TEST(page_links, guesses_the_encoding_of_a_page_that_declares_none) {
  const std::string text =
      "<p>Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.</p>";
  EXPECT_EQ(links_of_bytes(encoded("<a href='?q=да'>" + text, encoding::windows_1251), ""),
            (list{"http://example.org/?q=%E4%E0"}));
  EXPECT_EQ(links_of_bytes("<a href='/да'>" + text, ""), (list{"http://example.org/%D0%B4%D0%B0"}));
}

TEST(page_links, reads_utf_16) {
  const std::string page = "<!-- <a href=no> --><a href='/a?b=&#1076;'>";
  EXPECT_EQ(links_of_bytes("\xff\xfe" + encoded(page, encoding::utf_16le), ""),
            (list{"http://example.org/a?b=%D0%B4"}));
  EXPECT_EQ(links_of_bytes(encoded(page, encoding::utf_16le), "utf-16"), (list{"http://example.org/a?b=%D0%B4"}));
}

TEST(page_links, takes_a_page_of_ascii_for_windows_1252) {
  EXPECT_EQ(links_of_bytes("<a href='?a=&auml;&b=&#1076;'><a href='/&auml;'>", ""),
            (list{"http://example.org/?a=%E4&b=%26%231076%3B", "http://example.org/%C3%A4"}));
}

TEST(page_links, sees_no_markup_within_the_characters_of_an_encoding) {
  // In ISO-2022-JP the bytes of a character may be those of brackets and quotes: here `<a href=x>` is three of them and more.
  EXPECT_EQ(links_of_bytes("\x1b$B<a href\"x>\x1b(B<a href=y>", "iso-2022-jp"), (list{"http://example.org/y"}));
}

TEST(page_links, resolves_a_host_outside_ascii) {
  EXPECT_EQ(links_of_bytes(encoded("<a href='http://bücher.example/'>", encoding::windows_1252), "latin1"),
            (list{"http://xn--bcher-kva.example/"}));
}

TEST(page_links, reads_the_same_in_pieces_of_any_size) {
  const std::string filling(1100, ' ');
  const std::vector<std::pair<std::string, std::string>> pages = {
      {encoded("<meta charset=shift_jis><a href='?日本'>" + filling + "<a href='/日本'>", encoding::shift_jis), ""},
      {encoded("<a href='?日本'>" + filling + "<a href='/日本'>", encoding::gb18030), "gb18030"},
      {"\xff\xfe" + encoded("<a href='?x'>" + filling + "<a href='/y'>", encoding::utf_16le), ""},
      {filling + "<a href='?日本'>", "utf-8"},
      {filling + "<a href='?x'>", ""},
  };
  for (const auto& [bytes, charset] : pages) {
    const list whole = links_of_bytes(bytes, charset);
    EXPECT_FALSE(whole.empty());
    for (const std::size_t piece_size : {1U, 2U, 3U, 7U, 1023U, 1024U, 1025U})
      EXPECT_EQ(links_of_bytes(bytes, charset, piece_size), whole) << piece_size;
  }
}

TEST(page_links, tells_the_encoding_of_the_page) {
  page_links links;
  links.begin();
  links.feed(std::string(2000, ' '));
  EXPECT_EQ(links.page_encoding(), std::nullopt);
  links.feed("ä");
  EXPECT_EQ(links.page_encoding(), encoding::utf_8);
  links.begin("koi8-r");
  links.feed(std::string(2000, ' '));
  EXPECT_EQ(links.page_encoding(), encoding::koi8_r);
}

TEST(page_links, data_and_scripts_are_the_base_of_nothing) {
  EXPECT_EQ(links_of("<base href='data:text/html,'><a href=1>"), (list{"http://example.org/docs/1"}));
  EXPECT_EQ(links_of("<base href='mailto:x'><a href=1><a href=http://h/>"), (list{"http://h/"}));
}

TEST(page_links, a_page_without_links_has_none) { EXPECT_TRUE(links_of("<p>nothing").empty()); }

}  // namespace
