#include <algorithm>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/graph/picture.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::graph::drawing;
using hocket::graph::lay_out;
using hocket::graph::place;
using hocket::graph::svg_of;

namespace {

drawing three_points() {
  return {.points = {{.name = "http://a/", .weight = 0.5, .what = drawing::state::fetched},
                     {.name = "http://a/b/page.html?x", .weight = 0.3, .what = drawing::state::broken},
                     {.name = "h", .weight = 0.2, .urls = 1200, .what = drawing::state::not_fetched}},
          .lines = {{.from = 0, .to = 1, .links = 1}, {.from = 1, .to = 2, .links = 4}}};
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(svg, has_a_circle_with_its_name_for_each_point_and_a_line_for_each_line) {
  const std::string svg = svg_of(three_points(), {{0, 0}, {1, 0}, {1, 2}});
  EXPECT_EQ(count(svg, "<circle "), 3U);
  EXPECT_EQ(count(svg, "<path "), 2U);
  EXPECT_NE(svg.find("<title>http://a/b/page.html?x (broken)</title>"), std::string::npos);
  EXPECT_NE(svg.find("<title>h (1,200 URLs)</title>"), std::string::npos);
  EXPECT_NE(svg.find(">page.html</text>"), std::string::npos);
  EXPECT_NE(svg.find(">a</text>"), std::string::npos);
}

TEST(svg, fits_its_width_and_has_what_was_higher_above) {
  const std::string svg = svg_of(three_points(), {{0, 0}, {1, 0}, {1, 2}});
  EXPECT_NE(svg.find("viewBox=\"0 0 1000 1000\""), std::string::npos);
  EXPECT_NE(svg.find("<path d=\"M280.0 940.0L720.0 940.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("cx=\"720.0\" cy=\"60.0\""), std::string::npos);
}

TEST(svg, is_safe_from_names) {
  drawing picture = three_points();
  picture.points[0].name = "http://a/</title><script>alert(1)</script>\x1b\xff";
  const std::string svg = svg_of(picture, {{0, 0}, {1, 0}, {1, 2}});
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find('\x1b'), std::string::npos);
  EXPECT_EQ(svg.find('\xff'), std::string::npos);
}

TEST(svg, of_nothing_or_of_one_point_is_a_picture) {
  EXPECT_EQ(count(svg_of({}, {}), "<circle "), 0U);
  drawing one;
  one.points = {{.name = "a", .weight = 0, .what = drawing::state::fetched}};
  EXPECT_EQ(count(svg_of(one, {{5, 5}}), "nan"), 0U);
}

bool there_is_sfdp() { return std::system("command -v sfdp >/dev/null") == 0; }

void skip_for_want_of_sfdp() { GTEST_SKIP() << "SKIPPED: there is no sfdp here (scripts/setup peers)"; }

HOCKET_REAL_TIME_TEST(lay_out, gives_each_point_a_place_of_its_own) {
  if (!there_is_sfdp()) co_return skip_for_want_of_sfdp();
  const auto places = co_await lay_out(three_points());
  EXPECT_EQ(places.size(), 3U);
  EXPECT_TRUE(places[0].x != places[1].x || places[0].y != places[1].y);
  EXPECT_TRUE((co_await lay_out({})).empty());
}

/// While it lives there are no programs.
class no_programs {
 public:
  no_programs() : before_(std::getenv("PATH")) { ::setenv("PATH", "/nowhere", 1); }
  ~no_programs() { ::setenv("PATH", before_.c_str(), 1); }
  no_programs(const no_programs&) = delete;

 private:
  std::string before_;
};

HOCKET_REAL_TIME_TEST(lay_out, says_that_there_is_no_sfdp) {
  const no_programs here;
  const auto failed = co_await hocket::as_result(lay_out(three_points()));
  EXPECT_FALSE(failed);
  try {
    if (!failed) std::rethrow_exception(failed.error());
  } catch (const hocket::error& problem) {
    EXPECT_STREQ(problem.what(), "cannot run Graphviz' sfdp, which lays pictures out: No such file or directory");
  }
}

}  // namespace
