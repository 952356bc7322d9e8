#include <expected>
#include <string>

#include <gtest/gtest.h>

#include <hocket/http/server/static_path.hpp>

namespace {

using hocket::http::static_path;
using path_or_status = std::expected<std::string, int>;

path_or_status refused(int status) { return std::unexpected(status); }

TEST(static_path, of_the_root_is_empty) { EXPECT_EQ(static_path("/"), ""); }

TEST(static_path, has_no_leading_slash) { EXPECT_EQ(static_path("/a/b.html"), "a/b.html"); }

TEST(static_path, keeps_a_trailing_slash) { EXPECT_EQ(static_path("/a/b/"), "a/b/"); }

TEST(static_path, ends_at_the_query) {
  EXPECT_EQ(static_path("/a?b=/../c"), "a");
  EXPECT_EQ(static_path("/?x"), "");
  EXPECT_EQ(static_path("/a#b"), "a");
}

TEST(static_path, collapses_empty_segments) { EXPECT_EQ(static_path("///a////b//"), "a/b/"); }

TEST(static_path, decodes_escapes_of_either_case) { EXPECT_EQ(static_path("/a%20b%c3%A9%3Fc"), "a b\xc3\xa9?c"); }

TEST(static_path, decodes_once) { EXPECT_EQ(static_path("/%252e%252e/%2541"), "%2e%2e/%41"); }

TEST(static_path, leaves_a_plus_alone) { EXPECT_EQ(static_path("/a+b"), "a+b"); }

TEST(static_path, passes_names_that_merely_contain_dots) {
  EXPECT_EQ(static_path("/.well-known/..a/b../..."), ".well-known/..a/b../...");
}

TEST(static_path, refuses_dot_segments_however_they_are_spelled) {
  for (const std::string target : {"/..", "/../", "/.", "/./", "/a/..", "/a/../b", "/a/./b", "/%2e%2e", "/%2E.",
                                   "/.%2e/etc/passwd", "/a/%2e", "//..", "/..?x", "/%2e%2e%3fx/.."}) {
    EXPECT_EQ(static_path(target), refused(400)) << target;
  }
}

TEST(static_path, refuses_a_slash_in_disguise) {
  for (const std::string target : {"/..%2f", "/..%2Fetc", "/a%2fb", "/%2f", "/%2F%2e%2e", "/..\\", "/a\\b", "/%5c"}) {
    EXPECT_EQ(static_path(target), refused(404)) << target;
  }
}

TEST(static_path, refuses_controls_raw_or_escaped) {
  for (const std::string target : {"/a%00", "/a%00.html", "/%0a", "/%0d%0a", "/%7f", "/a\tb", "/\x01", "/%1f"}) {
    EXPECT_EQ(static_path(target), refused(400)) << target;
  }
  EXPECT_EQ(static_path(std::string_view("/a\0b", 4)), refused(400));
}

TEST(static_path, refuses_malformed_escapes) {
  for (const std::string target : {"/%", "/%4", "/%4/1", "/%zz", "/a%g0", "/a%0g", "/%%", "/%u0041", "/% 1", "/a%2"}) {
    EXPECT_EQ(static_path(target), refused(400)) << target;
  }
}

TEST(static_path, reads_nothing_beyond_its_end) {
  EXPECT_EQ(static_path(std::string_view("/%41").substr(0, 3)), refused(400));
}

TEST(static_path, refuses_targets_that_are_not_in_origin_form) {
  for (const std::string target : {"", "*", "a", "http://host/a", "host:80", "?", "../a", "%2fa"}) {
    EXPECT_EQ(static_path(target), refused(400)) << target;
  }
}

}  // namespace
