// The link extractor's rules, one by one. That the cuts between pieces change nothing is claimed for every document
// here: `hrefs` checks it on the way.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/link_extractor.hpp>

#include "found_links.hpp"

namespace {

using hocket::crawl::link_extractor;
using hocket::testing::cut_that_matters;
using hocket::testing::extract;
using hocket::testing::extract_cut_at;
using std::string_view_literals::operator""sv;

using list = std::vector<std::string>;

list hrefs(std::string_view html) {
  EXPECT_EQ(cut_that_matters(html), std::nullopt) << html;
  return extract(html).hrefs;
}

// --- Which tags and attributes are links

TEST(link_extractor, takes_href_of_a_and_area) {
  EXPECT_EQ(hrefs("<a href='one'>text</a><map><area href='two'></map>"), (list{"one", "two"}));
}

TEST(link_extractor, takes_no_href_of_other_elements) {
  EXPECT_EQ(hrefs("<link href='style.css'><abbr href='x'><ab href='y'><area1 href='z'>"), list{});
}

TEST(link_extractor, takes_no_href_of_end_tags) { EXPECT_EQ(hrefs("</a href='x'></area href='y'>"), list{}); }

TEST(link_extractor, ignores_an_a_without_href) {
  EXPECT_EQ(hrefs("<a name='x' hreflang='en' data-href='y'>"), list{});
}

TEST(link_extractor, ignores_the_case_of_names) { EXPECT_EQ(hrefs("<A HREF='x'><aReA hReF='y'>"), (list{"x", "y"})); }

TEST(link_extractor, takes_the_first_of_duplicate_attributes) {
  EXPECT_EQ(hrefs("<a href='first' HREF='second'>"), list{"first"});
}

TEST(link_extractor, takes_an_empty_first_attribute_before_a_duplicate) {
  EXPECT_EQ(hrefs("<a href href='second'>"), list{""});
}

TEST(link_extractor, takes_an_href_without_a_value_as_empty) {
  EXPECT_EQ(hrefs("<a href><a href=><a href/><a href ='' >"), (list{"", "", "", ""}));
}

TEST(link_extractor, leaves_spaces_around_a_value) { EXPECT_EQ(hrefs("<a href=' x\n'>"), list{" x\n"}); }

TEST(link_extractor, drops_a_tag_that_the_end_of_the_document_cuts_off) {
  EXPECT_EQ(hrefs("<a href='kept'><a href='x'"), list{"kept"});
  EXPECT_EQ(hrefs("<a href='x"), list{});
  EXPECT_EQ(hrefs("<a href=x"), list{});
}

// --- How attributes are written

TEST(link_extractor, reads_all_forms_of_quoting) {
  EXPECT_EQ(hrefs("<a href=\"double\"><a href='single'><a href=none>"), (list{"double", "single", "none"}));
}

TEST(link_extractor, allows_spaces_around_the_equals_sign) { EXPECT_EQ(hrefs("<a href\n=\t 'x'>"), list{"x"}); }

TEST(link_extractor, reads_attributes_that_nothing_separates) {
  EXPECT_EQ(hrefs("<a id='x'href='y'class=z>"), list{"y"});
  EXPECT_EQ(hrefs("<a/href='y'>"), list{"y"});
}

TEST(link_extractor, takes_slashes_and_quotes_into_an_unquoted_value) {
  EXPECT_EQ(hrefs("<a href=/dir/><a href=x\"y'z=1>"), (list{"/dir/", "x\"y'z=1"}));
}

TEST(link_extractor, does_not_end_a_tag_at_a_bracket_in_quotes) {
  EXPECT_EQ(hrefs("<p title='<a href=x>'><p title=\"<a href='y'>\"><a title='>' href=z>"), list{"z"});
}

TEST(link_extractor, ends_a_tag_at_a_bracket_after_stray_quotes) {
  EXPECT_EQ(hrefs("<p \"><a href=x>\"<p '><a href=y>'<p it's><a href=z>"), (list{"x", "y", "z"}));
}

TEST(link_extractor, sees_a_quote_after_spaces) {
  EXPECT_EQ(hrefs("<p title= '><a href=x>'><p title =\"><a href=y>\"><a href=z>"), list{"z"});
}

TEST(link_extractor, keeps_the_value_of_a_tag_that_closes_itself) {
  EXPECT_EQ(hrefs("<a href='x'/><a href='y' / >"), (list{"x", "y"}));
}

TEST(link_extractor, takes_an_equals_sign_that_begins_a_name_into_the_name) {
  EXPECT_EQ(hrefs("<p =\"><a href=x>\"><p a='b'='><a href=y>'><p / =\"><a href=z>"), (list{"x", "y", "z"}));
}

TEST(link_extractor, takes_an_equals_sign_into_a_tag_name) {
  EXPECT_EQ(hrefs("<p=\"><a href=x>\"><a=b href=y>"), list{"x"});
}

TEST(link_extractor, begins_no_value_at_the_second_equals_sign) {
  EXPECT_EQ(hrefs("<p a==\"><a href=x>\"><p a=b=\"><a href=y>"), (list{"x", "y"}));
}

TEST(link_extractor, takes_brackets_into_names) { EXPECT_EQ(hrefs("<p<a href=x><p <a href=y>"), list{}); }

TEST(link_extractor, looks_for_a_tag_at_the_second_of_two_brackets) {
  EXPECT_EQ(hrefs("<<a href=x>< <a href=y>a<b<1<a href=z>"), (list{"x", "y"}));
}

TEST(link_extractor, is_not_confused_by_names_longer_than_it_packs) {
  EXPECT_EQ(hrefs("<aaaaaaaaaaaaaaaa href=x><a xxxxxxxxxxxxhref=y>"), list{});
}

// --- Values

TEST(link_extractor, decodes_character_references) {
  EXPECT_EQ(hrefs("<a href='?a=1&amp;b=2&#x26;c=&eacute;'>"), list{"?a=1&b=2&c=\u00e9"});
}

TEST(link_extractor, joins_the_kinds_of_line_ends) { EXPECT_EQ(hrefs("<a href='a\r\nb\rc\nd'>"), list{"a\nb\nc\nd"}); }

TEST(link_extractor, replaces_nul) { EXPECT_EQ(hrefs("<a href='a\0b'>"sv), list{"a\uFFFDb"}); }

TEST(link_extractor, passes_bytes_of_other_encodings_through) {
  EXPECT_EQ(hrefs("<a href='caf\xE9'><a href='\x83\x5C'>"), (list{"caf\xE9", "\x83\x5C"}));
}

TEST(link_extractor, keeps_a_value_of_the_greatest_size) {
  const std::string value(link_extractor::max_value_bytes, 'x');
  const std::string html = "<a href='" + value + "'>";
  EXPECT_EQ(extract(html).hrefs, list{value});
  EXPECT_EQ(extract_cut_at(html, html.size() - 1).hrefs, list{value});
  EXPECT_EQ(extract(html, 1000).hrefs, list{value});
}

TEST(link_extractor, drops_the_link_of_a_value_beyond_the_greatest_size) {
  const std::string value(link_extractor::max_value_bytes + 1, 'x');
  const std::string html = "<a href='" + value + "' href='second'><a href='next'>";
  EXPECT_EQ(extract(html).hrefs, list{"next"});
  EXPECT_EQ(extract_cut_at(html, html.find(" href='second'")).hrefs, list{"next"});
  EXPECT_EQ(extract(html, 1000).hrefs, list{"next"});
}

TEST(link_extractor, hands_out_a_value_where_it_lies_if_it_can) {
  const std::string html = "<p><a href='x'>";
  std::string_view bytes = html;
  link_extractor extractor;
  const auto link = extractor.next(bytes);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->href.data(), html.data() + html.find('x'));
}

TEST(link_extractor, takes_bytes_up_to_the_end_of_a_link) {
  std::string_view bytes = "<a href=x>rest";
  link_extractor extractor;
  EXPECT_TRUE(extractor.next(bytes));
  EXPECT_EQ(bytes, "rest");
}

// --- rel=nofollow

TEST(link_extractor, sees_nofollow_among_the_tokens_of_rel) {
  const auto found =
      extract("<a rel='noopener NoFollow' href=x><a href=y rel=\tnofollow ><area href=z rel='no&#102;ollow'>");
  EXPECT_EQ(found.nofollow, (std::vector{true, true, true}));
}

TEST(link_extractor, sees_no_nofollow_in_other_tokens_and_attributes) {
  const auto found = extract("<a rel='nofollowed' href=x><a rel=no rel=nofollow href=y><a class=nofollow href=z>");
  EXPECT_EQ(found.nofollow, (std::vector{false, false, false}));
}

TEST(link_extractor, forgets_rel_from_one_link_to_the_next) {
  EXPECT_EQ(extract("<a rel=nofollow href=x><a href=y>").nofollow, (std::vector{true, false}));
}

// --- Comments and declarations

TEST(link_extractor, finds_nothing_in_comments) {
  EXPECT_EQ(hrefs("<!-- <a href=x> -- > <a href=y> --><a href=z>"), list{"z"});
}

TEST(link_extractor, ends_a_comment_where_the_standard_does) {
  EXPECT_EQ(hrefs("<!--><a href=1><!---><a href=2><!----><a href=3><!--x--!><a href=4><!--x---><a href=5>"),
            (list{"1", "2", "3", "4", "5"}));
}

TEST(link_extractor, does_not_end_a_comment_at_what_looks_like_its_end) {
  EXPECT_EQ(hrefs("<!--!><a href=1>-><a href=2>- -><a href=3>--x><a href=4>--!-><a href=5>--!x><a href=6>"), list{});
}

TEST(link_extractor, ends_declarations_and_bogus_comments_at_the_first_bracket) {
  EXPECT_EQ(
      hrefs(
          "<!doctype html PUBLIC \"><a href=1>\"><!-x><a href=2><!><a href=3><?php '><a href=4>'?></ x='><a href=5>'>"),
      (list{"1", "2", "3", "4", "5"}));
}

TEST(link_extractor, takes_cdata_as_a_bogus_comment) { EXPECT_EQ(hrefs("<![CDATA[ > <a href=x> ]]>"), list{"x"}); }

TEST(link_extractor, passes_an_end_tag_without_a_name) { EXPECT_EQ(hrefs("</><a href=x>"), list{"x"}); }

// --- Raw text

TEST(link_extractor, finds_nothing_in_raw_text) {
  for (const std::string name : {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}) {
    const std::string html = "<" + name + " id=1><a href=in></" + name + "><a href=out>";
    EXPECT_EQ(hrefs(html), list{"out"}) << html;
  }
}

TEST(link_extractor, finds_links_in_noscript) { EXPECT_EQ(hrefs("<noscript><a href=x></noscript>"), list{"x"}); }

TEST(link_extractor, finds_nothing_after_plaintext) { EXPECT_EQ(hrefs("<plaintext></plaintext><a href=x>"), list{}); }

TEST(link_extractor, ends_raw_text_at_its_own_end_tag_only) {
  EXPECT_EQ(hrefs("<title></textarea></titles><a href=x></tit</title/><a href=y>"), list{"y"});
}

TEST(link_extractor, begins_no_raw_text_at_an_end_tag) {
  EXPECT_EQ(hrefs("</script></title x></plaintext><a href=x>"), list{"x"});
}

TEST(link_extractor, reads_the_attributes_of_the_end_tag_of_raw_text) {
  EXPECT_EQ(hrefs("<style></STYLE x='><a href=x>'><a href=y>"), list{"y"});
}

TEST(link_extractor, lets_a_comment_in_a_title_hide_nothing) {
  EXPECT_EQ(hrefs("<title><!--</title><a href=x>--><a href=y>"), (list{"x", "y"}));
}

TEST(link_extractor, ends_a_script_within_a_comment) {
  EXPECT_EQ(hrefs("<script><!-- </script><a href=x>"), list{"x"});
}

TEST(link_extractor, does_not_end_a_script_at_the_end_tag_of_a_script_in_its_comment) {
  EXPECT_EQ(hrefs("<script><!-- <script> </script><a href=x> --></script><a href=y>"), list{"y"});
  EXPECT_EQ(hrefs("<script><!-- <ScRiPt/ </script ><a href=x></script><a href=y>"), list{"y"});
}

TEST(link_extractor, ends_the_comment_in_a_script_after_any_number_of_dashes) {
  EXPECT_EQ(hrefs("<script><!-- <script> ----> </script><a href=x>"), list{"x"});
  EXPECT_EQ(hrefs("<script><!--><script></script><a href=x>"), list{"x"});
}

TEST(link_extractor, does_not_end_the_comment_in_a_script_at_what_looks_like_its_end) {
  EXPECT_EQ(hrefs("<script><!-- <script> - -> --x> --<> </script><a href=x></script><a href=y>"), list{"y"});
}

TEST(link_extractor, does_not_begin_a_comment_or_script_twice_in_a_script) {
  EXPECT_EQ(hrefs("<script><!-- <script> <!-- </script><a href=x></script><a href=y>"), list{"y"});
  EXPECT_EQ(hrefs("<script><!-- <script> <script> </script><a href=x></script><a href=y>"), list{"y"});
}

TEST(link_extractor, begins_each_script_outside_a_comment) {
  EXPECT_EQ(hrefs("<script><!-- </script><script><script></script><a href=x>"), list{"x"});
}

TEST(link_extractor, knows_no_comments_in_other_raw_text) {
  EXPECT_EQ(hrefs("<style><!-- <style> </style><a href=x>"), list{"x"});
}

TEST(link_extractor, begins_a_comment_in_a_script_at_two_dashes_only) {
  EXPECT_EQ(hrefs("<script><!- <script> </script><a href=x>"), list{"x"});
  EXPECT_EQ(hrefs("<script><!x- <script> </script><a href=x>"), list{"x"});
}

TEST(link_extractor, takes_only_the_name_script_as_a_script_in_a_script) {
  EXPECT_EQ(hrefs("<script><!-- <scripts> <style> <script</script><a href=x>"), list{"x"});
}

TEST(link_extractor, lets_a_raw_text_element_that_closes_itself_hide_nothing_in_svg) {
  EXPECT_EQ(hrefs("<svg><title/><a href=x></svg>"), list{"x"});
}

TEST(link_extractor, lets_a_raw_text_element_that_closes_itself_go_on_in_html) {
  EXPECT_EQ(hrefs("<title/><a href=x></title><a href=y>"), list{"y"});
  EXPECT_EQ(hrefs("<svg/><title/><a href=x></title><a href=y>"), list{"y"});
  EXPECT_EQ(hrefs("<svg></svg></svg><title/><a href=x></title><a href=y>"), list{"y"});
}

// --- Base

TEST(link_extractor, has_no_base_at_first) { EXPECT_EQ(extract("<p>").base, std::nullopt); }

TEST(link_extractor, takes_the_first_base_that_has_an_href) {
  EXPECT_EQ(extract("<base target=x><base href='/a&amp;b/'><base href='/c/'>").base, "/a&b/");
}

TEST(link_extractor, takes_an_empty_base) { EXPECT_EQ(extract("<base href><base href='/c/'>").base, ""); }

TEST(link_extractor, takes_no_base_from_comments_and_end_tags) {
  EXPECT_EQ(extract("<!--<base href=x>--></base href=y>").base, std::nullopt);
}

// --- Use

TEST(link_extractor, knows_nothing_of_the_last_document_after_reset) {
  link_extractor extractor;
  const std::string first = "<base href=x><svg>" + std::string(2000, ' ') + "<script><!--";
  std::string_view bytes = first;
  EXPECT_FALSE(extractor.next(bytes));
  extractor.reset();
  EXPECT_EQ(extractor.base_href(), std::nullopt);

  bytes = "<title/><a href=inside></title><a href=after>";
  const auto link = extractor.next(bytes);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->href, "after");
}

TEST(link_extractor, finds_the_same_wherever_a_page_is_cut) {
  EXPECT_EQ(cut_that_matters(
                "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"><base href='&#47;b/'><title>a < b</title>"
                "<script>if (a < b) /* <!-- <script> --> */ x = '</scr' + 'ipt>';</script></head><body class = x>"
                "<!-- <a href=no> --><a id=1 href=\"/x?a=1&amp;b=2\r\n3\" rel='nofollow me'>x</a><img alt='>'/>"
                "<svg><title/><a href='in-svg'/></svg><a href=un/quoted>y</a><![CDATA[x]]><area href = '' >"),
            std::nullopt);
}

}  // namespace
