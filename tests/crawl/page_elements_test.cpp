#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/page_links.hpp>

using hocket::url;
using hocket::crawl::element_options;
using hocket::crawl::page_elements;
using hocket::crawl::page_links;

namespace {

using texts = std::vector<std::string>;

page_elements elements_of(std::string_view page, element_options wanted, std::string_view charset = "utf-8") {
  page_links links(0, wanted);
  links.begin(charset);
  links.feed(page);
  static_cast<void>(links.finish(*url::parse("http://a/b/c")));
  return links.elements();
}

texts resources_of(std::string_view page) {
  texts found;
  for (const auto& each : elements_of(page, {.resources = true}).resources)
    found.push_back(std::string(name_of(each.kind)) + " " + each.url);
  return found;
}

texts fragments_of(std::string_view page) {
  texts found;
  for (const auto& each : elements_of(page, {.fragments = true}).fragment_links)
    found.push_back(each.url + " " + each.fragment);
  return found;
}

TEST(page_elements, are_resolved_against_the_base) {
  EXPECT_EQ(resources_of("<img src=' x.png '><script src=//h/s.js></script>"),
            (texts{"img http://a/b/x.png", "script http://h/s.js"}));
  EXPECT_EQ(resources_of("<style>a: url(x.png)</style><base href=/d/>"), (texts{"css http://a/d/x.png"}));
}

TEST(page_elements, are_each_once_of_a_kind_and_without_fragment) {
  EXPECT_EQ(resources_of("<img src=x#1><img src=./x><img src=x><iframe src=x>"),
            (texts{"img http://a/b/x", "frame http://a/b/x"}));
}

TEST(page_elements, of_other_schemes_are_left_out) {
  EXPECT_EQ(resources_of("<img src=data:,x><form action=mailto:x><img src='http://'>"), texts{});
}

TEST(page_elements, have_the_fragments_of_links) {
  EXPECT_EQ(fragments_of("<a href=#p><a href=d#q><a href=c#p><a href=e><a href=f#><a href=#TOP><a href='g#a b'>"),
            (texts{"http://a/b/c p", "http://a/b/d q", "http://a/b/g a%20b"}));
}

TEST(page_elements, have_no_fragments_that_only_search_for_text) {
  EXPECT_EQ(fragments_of("<a href='d#:~:text=x'><a href='d#p:~:text=x'>"), (texts{"http://a/b/d p"}));
}

TEST(page_elements, have_places_in_the_pages_encoding_as_utf_8) {
  EXPECT_EQ(elements_of("<p id=\xe4><a name=x><p id=x>", {.fragments = true}, "iso-8859-1").anchors,
            (texts{"\xc3\xa4", "x"}));
}

TEST(page_elements, have_no_place_longer_than_the_limit) {
  const std::string longest(hocket::crawl::element_collector::max_anchor_bytes, 'x');
  EXPECT_EQ(elements_of("<p id=" + longest + "><p id=" + longest + "x>", {.fragments = true}).anchors,
            (texts{longest}));
}

TEST(page_elements, are_only_those_wanted) {
  const std::string page = "<img src=x id=y><a href=#z>";
  const page_elements resources = elements_of(page, {.resources = true});
  EXPECT_TRUE(resources.anchors.empty() && resources.fragment_links.empty());
  const page_elements fragments = elements_of(page, {.fragments = true});
  EXPECT_TRUE(fragments.resources.empty());
  EXPECT_FALSE(elements_of(page, {}).wanted.any());
}

TEST(page_elements, of_the_page_before_are_forgotten) {
  page_links links(0, {.resources = true, .fragments = true});
  const url document = *url::parse("http://a/");
  for (const auto* page : {"<img src=x id=y><a href=#z>", "<p>nothing"}) {
    links.begin();
    links.feed(page);
    static_cast<void>(links.finish(document));
  }
  EXPECT_TRUE(links.elements().resources.empty());
  EXPECT_TRUE(links.elements().anchors.empty());
  EXPECT_TRUE(links.elements().fragment_links.empty());
}

}  // namespace
