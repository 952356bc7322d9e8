#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/link_extractor.hpp>

using hocket::crawl::link_extractor;

namespace {

using texts = std::vector<std::string>;

class recorder final : public hocket::crawl::element_observer {
 public:
  void on_resource(hocket::crawl::resource_kind kind, std::string_view url) override {
    found.push_back(std::string(name_of(kind)) + " " + std::string(url));
  }
  void on_anchor(std::string_view name) override { found.push_back("#" + std::string(name)); }

  texts found;
};

/// What is found in a page that comes in pieces of this size: links too, as "a".
texts elements_of(std::string_view page, std::size_t piece_size) {
  recorder observer;
  link_extractor extractor(&observer);
  while (!page.empty()) {
    const std::string piece(page.substr(0, piece_size));
    page.remove_prefix(piece.size());
    std::string_view bytes = piece;
    while (const auto link = extractor.next(bytes)) observer.found.push_back("a " + std::string(link->href));
  }
  return observer.found;
}

texts elements_of(std::string_view page) {
  const texts whole = elements_of(page, page.size() + 1);
  for (const std::size_t size : {1, 2, 3, 7}) EXPECT_EQ(elements_of(page, size), whole) << "in pieces of " << size;
  return whole;
}

TEST(observed_elements, are_all_that_refer_to_something) {
  EXPECT_EQ(
      elements_of(
          "<img src=a><img srcset='b 1x, c 2x' src=d><input type=image src=e formaction=f><svg><image href=g /></svg>"),
      (texts{"img a", "img d", "srcset b", "srcset c", "img e", "form f", "img g"}));
  EXPECT_EQ(elements_of("<video src=a poster=b><source src=c srcset=d><track src=e></video><audio src=f></audio>"),
            (texts{"media a", "media b", "media c", "srcset d", "media e", "media f"}));
  EXPECT_EQ(
      elements_of(
          "<script src=a>'<img src=no>'</script><link rel=stylesheet href=b><iframe src=c></iframe><frame src=d>"),
      (texts{"script a", "link b", "frame c", "frame d"}));
  EXPECT_EQ(elements_of(
                "<object data=a></object><embed src=b><form action='c?x&amp;y'><button formaction=d></button></form>"),
            (texts{"object a", "object b", "form c?x&y", "form d"}));
  EXPECT_EQ(elements_of("<meta http-equiv=Refresh content='0; url=a'><meta name=x content='0; url=no'>"),
            (texts{"refresh a"}));
}

TEST(observed_elements, have_the_urls_of_styles) {
  EXPECT_EQ(
      elements_of(
          "<style>@import 'a'; b { c: url(d) } /* </p> */</style><p style='e: url(f)'><style></style><b>url(no)</b>"),
      (texts{"import a", "css d", "css f"}));
  EXPECT_EQ(elements_of("<style>a: url(</sty)</style>"), (texts{"css </sty"}));
}

TEST(observed_elements, have_the_places_that_fragments_name) {
  EXPECT_EQ(elements_of("<p id=a><a name='b&amp;c' id=d href=e>x</a><h1 ID=\"f\"><img name=no><p id=''><a id=g>"),
            (texts{"#a", "#d", "#b&c", "a e", "#f", "#g"}));
}

TEST(observed_elements, are_no_servers_to_connect_to) {
  EXPECT_EQ(elements_of("<link rel='preconnect' href=a><link rel='x DNS-Prefetch' href=b><link rel=preload href=c>"),
            (texts{"link c"}));
}

TEST(observed_elements, leave_links_as_they_are) {
  EXPECT_EQ(elements_of("<a href=a>x</a><area href=b><a>y</a><b><a href=c rel=nofollow></b><base href=d>"),
            (texts{"a a", "a b", "a c"}));
}

TEST(observed_elements, are_none_in_comments_end_tags_and_raw_text) {
  EXPECT_EQ(elements_of("<!-- <img src=a> --></p id=b><textarea><img src=c></textarea><title><p id=d></title>"),
            texts{});
}

TEST(observed_elements, of_a_new_document_begin_anew) {
  recorder observer;
  link_extractor extractor(&observer);
  std::string_view first = "<style>a: url(b)";
  static_cast<void>(extractor.next(first));
  extractor.reset();
  std::string_view second = "</style><p>url(c)<style>d: url(e)</style>";
  static_cast<void>(extractor.next(second));
  EXPECT_EQ(observer.found, (texts{"css e"}));
}

TEST(observed_elements, look_at_a_style_up_to_a_limit) {
  const std::string filler(link_extractor::max_style_bytes, ' ');
  EXPECT_EQ(elements_of("<style>a: url(b);" + filler + "url(c)</style><img src=d>", 1 << 16),
            (texts{"css b", "img d"}));
}

}  // namespace
