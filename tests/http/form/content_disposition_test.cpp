#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <hocket/http/form/content_disposition.hpp>

namespace {

using hocket::http::content_disposition;
using hocket::http::form_disposition;
using hocket::http::parse_content_disposition;
using hocket::http::parse_form_disposition;
using hocket::http::safe_filename;

std::optional<std::string> filename(std::string_view field) {
  const auto parsed = parse_content_disposition(field);
  return parsed ? parsed->filename : "malformed";
}

TEST(content_disposition, of_the_standards_examples_is_read) {
  EXPECT_EQ(parse_content_disposition("Attachment; filename=example.html"),
            (content_disposition{"attachment", "example.html"}));
  EXPECT_EQ(parse_content_disposition("INLINE; FILENAME= \"an example.html\""),
            (content_disposition{"inline", "an example.html"}));
  EXPECT_EQ(filename("attachment; filename*= UTF-8''%e2%82%ac%20rates"), "\xe2\x82\xac rates");
  EXPECT_EQ(filename("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates"), "\xe2\x82\xac rates");
  EXPECT_EQ(filename("attachment; filename*=utf-8'en'%e2%82%ac; filename=\"EURO rates\""), "\xe2\x82\xac");
}

TEST(content_disposition, needs_no_filename) {
  EXPECT_EQ(parse_content_disposition("attachment"), (content_disposition{"attachment", std::nullopt}));
  EXPECT_EQ(parse_content_disposition(" inline ; x=y;"), (content_disposition{"inline", std::nullopt}));
}

TEST(content_disposition, resolves_escapes_in_quotes) {
  EXPECT_EQ(filename("attachment; filename=\"a\\\"b\\\\c;d=e\""), "a\"b\\c;d=e");
}

TEST(content_disposition, knows_two_charsets) {
  EXPECT_EQ(filename("attachment; filename*=ISO-8859-1''%a3%20rates"), "\xc2\xa3 rates");
  EXPECT_EQ(filename("attachment; filename=plain; filename*=koi8-r''%c1"), "plain");
}

TEST(content_disposition, falls_back_where_the_extended_name_is_malformed) {
  for (const std::string name : {"utf-8''%e2%82", "utf-8''%ff", "utf-8''%c0%80", "utf-8''%ed%a0%80", "utf-8''%zz",
                                 "utf-8''%4", "utf-8'%41", "%41", "utf-8''%f4%90%80%80", "utf-8''%e0%80%80"}) {
    EXPECT_EQ(filename("attachment; filename=plain; filename*=" + name), "plain") << name;
  }
}

TEST(content_disposition, that_is_malformed_is_refused) {
  for (const std::string field :
       {"", ";", "\"attachment\"", "attachment; filename", "attachment; filename=", "attachment; filename=\"a",
        "attachment filename=a", "attachment; filename=a b", "attachment; filename=a; filename=b", "attachment; =a",
        "attachment, inline", "attachment; filename=\"a\x01\""}) {
    EXPECT_EQ(parse_content_disposition(field), std::nullopt) << field;
  }
}

TEST(form_disposition, has_a_name_and_perhaps_a_filename) {
  EXPECT_EQ(parse_form_disposition("form-data; name=\"a\""), (form_disposition{"a", std::nullopt}));
  EXPECT_EQ(parse_form_disposition("Form-Data; name=a; filename=\"b.txt\""), (form_disposition{"a", "b.txt"}));
  EXPECT_EQ(parse_form_disposition("form-data; name=\"\"; filename=\"\""), (form_disposition{"", ""}));
}

TEST(form_disposition, is_read_as_browsers_write_it) {
  EXPECT_EQ(parse_form_disposition("form-data; name=\"a%22%0d%0A%41\"; filename=\"C:\\dir\\%22x\""),
            (form_disposition{"a\"\r\n%41", "C:\\dir\\\"x"}));
  EXPECT_EQ(parse_form_disposition("form-data; name=\"\xc3\xa4\""), (form_disposition{"\xc3\xa4", std::nullopt}));
}

TEST(form_disposition, is_read_as_others_write_it_too) {
  EXPECT_EQ(parse_form_disposition("form-data; name=\"a\\\"b\\\\c\""), (form_disposition{"a\"b\\c", std::nullopt}));
  EXPECT_EQ(parse_form_disposition("form-data; name=\"a\"; filename=\"C:\\\""), (form_disposition{"a", "C:\\"}));
}

TEST(form_disposition, passes_over_the_extended_name) {
  EXPECT_EQ(parse_form_disposition("form-data; name=a; filename=b; filename*=utf-8''c"), (form_disposition{"a", "b"}));
}

TEST(form_disposition, that_is_malformed_is_refused) {
  for (const std::string field : {"attachment; name=a", "form-data", "form-data; filename=a", "form-data; name=\"a",
                                  "form-data; name=a; name=b", "form-data; name=\"a\"b"}) {
    EXPECT_EQ(parse_form_disposition(field), std::nullopt) << field;
  }
}

TEST(safe_filename, is_the_last_component) {
  EXPECT_EQ(safe_filename("a.txt"), "a.txt");
  EXPECT_EQ(safe_filename("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_filename("C:\\dir\\a.txt"), "a.txt");
  EXPECT_EQ(safe_filename(std::string("a\0\r\nb", 5)), "ab");
}

TEST(safe_filename, is_not_always_to_be_had) {
  for (const std::string name : {"", "/", "a/", "..", "a/..", "\\.", "\x01", ".\x7f."})
    EXPECT_EQ(safe_filename(name), std::nullopt) << name;
}

}  // namespace
