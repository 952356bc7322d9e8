#include <string>

#include <gtest/gtest.h>

#include <hocket/http/media_type.hpp>

namespace {

using hocket::http::media_type;
using hocket::http::media_type_for_path;
using hocket::http::parse_media_type;

TEST(media_type, of_a_file_follows_its_extension) {
  EXPECT_EQ(media_type_for_path("a/index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_for_path("photo.jpg"), "image/jpeg");
  EXPECT_EQ(media_type_for_path("module.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type_for_path("face.woff2"), "font/woff2");
}

TEST(media_type, of_a_file_ignores_the_case_of_the_extension) { EXPECT_EQ(media_type_for_path("A.PNG"), "image/png"); }

TEST(media_type, of_a_file_follows_the_last_extension) {
  EXPECT_EQ(media_type_for_path("archive.tar.gz"), "application/gzip");
}

TEST(media_type, of_a_file_is_not_found_in_the_name_of_its_folder) {
  EXPECT_EQ(media_type_for_path("site.html/README"), "application/octet-stream");
}

TEST(media_type, of_a_file_without_a_known_extension_is_octets) {
  for (const std::string path : {"", "/", "README", "a.unknown", "a.", ".html", "dir/.png", "a.htmlhtmlhtmlhtml"}) {
    EXPECT_EQ(media_type_for_path(path), "application/octet-stream") << path;
  }
}

TEST(media_type, in_a_field_has_its_essence_in_lower_case_and_its_charset_as_written) {
  EXPECT_EQ(parse_media_type("Text/HTML; Charset=UTF-8"), (media_type{"text/html", "UTF-8"}));
}

TEST(media_type, in_a_field_may_quote_its_charset) {
  EXPECT_EQ(parse_media_type("text/html; charset=\"UTF-8\""), (media_type{"text/html", "UTF-8"}));
  EXPECT_EQ(parse_media_type("text/html;charset=\"u\\tf-8\";x=y"), (media_type{"text/html", "utf-8"}));
}

TEST(media_type, in_a_field_needs_no_charset) {
  EXPECT_EQ(parse_media_type(" image/svg+xml "), (media_type{"image/svg+xml", ""}));
}

TEST(media_type, in_a_field_has_the_first_charset_that_is_not_empty) {
  EXPECT_EQ(parse_media_type("text/html; charset=; charset=a; charset=b").charset, "a");
}

TEST(media_type, in_a_field_has_its_charset_found_among_other_parameters) {
  EXPECT_EQ(parse_media_type("multipart/x; boundary=\"a;charset=no\"; flag ; ;charset = \tyes ;q=1").charset, "yes");
}

TEST(media_type, in_a_field_survives_a_quote_that_never_closes) {
  EXPECT_EQ(parse_media_type("text/html; charset=\"utf-8"), (media_type{"text/html", "utf-8"}));
  EXPECT_EQ(parse_media_type("text/html; charset=\"utf-8\\"), (media_type{"text/html", "utf-8\\"}));
}

TEST(media_type, in_a_field_that_is_malformed_has_no_essence) {
  for (const std::string field : {"", "text", "text/", "/html", "te xt/html", "text/html/x", "text/ht ml", ";", "*"}) {
    EXPECT_EQ(parse_media_type(field), media_type{}) << field;
  }
}

}  // namespace
