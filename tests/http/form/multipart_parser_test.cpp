#include <string>

#include <gtest/gtest.h>
#include <http/form/multipart_events.hpp>

#include <hocket/http/form/multipart_parser.hpp>

namespace {

using hocket::http::multipart_boundary;
using hocket::http::multipart_limits;
using hocket::http::multipart_parser;
using hocket::testing::multipart_events;

constexpr std::string_view form =
    "--AaB03x\r\n"
    "Content-Disposition: form-data; name=\"submit-name\"\r\n"
    "\r\n"
    "Larry\r\n"
    "--AaB03x\r\n"
    "content-disposition:form-data; name=\"files\"; filename=\"file1.txt\"\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "\r\n-\r\n--AaB0\r\r\n--AaB03\r\n\r\n"
    "--AaB03x--\r\n";
constexpr std::string_view events_of_form =
    "[Content-Disposition: form-data; name=\"submit-name\"|]Larry."
    "[content-disposition: form-data; name=\"files\"; filename=\"file1.txt\"|Content-Type: text/plain|]"
    "\r\n-\r\n--AaB0\r\r\n--AaB03\r\n.$";

/// The same whatever the size of the pieces.
std::string events(std::string_view content, multipart_limits limits = {}) {
  const std::string whole = multipart_events("b", content, content.size() + 1, limits);
  for (const unsigned piece : {1U, 2U, 3U, 5U, 8U})
    EXPECT_EQ(multipart_events("b", content, piece, limits), whole) << content;
  return whole;
}

TEST(multipart_parser, tells_of_each_part) { EXPECT_EQ(multipart_events("AaB03x", form, form.size()), events_of_form); }

TEST(multipart_parser, cares_not_how_the_bytes_are_cut) {
  for (std::size_t piece = 1; piece < form.size(); ++piece)
    ASSERT_EQ(multipart_events("AaB03x", form, piece), events_of_form) << piece;
}

TEST(multipart_parser, finds_each_content_that_is_cut_short) {
  for (std::size_t size = 1; size + 2 < form.size(); ++size) {  // the last line end belongs to the epilogue
    const std::string told = multipart_events("AaB03x", form.substr(0, size), 7);
    EXPECT_TRUE(told.ends_with("!the multipart content is cut short")) << size << ": " << told;
  }
}

TEST(multipart_parser, takes_parts_that_are_empty_or_have_no_fields) {
  EXPECT_EQ(events("--b\r\n\r\n\r\n--b--"), "[].$");
  EXPECT_EQ(events("--b\r\nA: b\r\n\r\n\r\n--b--"), "[A: b|].$");
  EXPECT_EQ(events("--b\r\n\r\ntext\r\n--b\r\n\r\n\r\n--b--"), "[]text.[].$");
  EXPECT_EQ(events("--b--"), "$");
}

TEST(multipart_parser, takes_parts_without_a_blank_line_of_their_own_before_the_delimiter) {
  EXPECT_EQ(events("--b\r\nA: b\r\n\r\n--b--"), "[A: b|].$");
  EXPECT_EQ(events("--b\r\nA: b\r\n\r\n--a\r\n--b--"), "[A: b|]--a.$");
  EXPECT_EQ(events("--b\r\nA: b\r\n\r\n-\r\n--b--"), "[A: b|]-.$");
}

TEST(multipart_parser, passes_over_what_stands_before_and_behind) {
  EXPECT_EQ(events("This is the preamble.\r\n--a\r\n-\r\n--b\r\n\r\n1\r\n--b--\r\nepilogue\r\n--b\r\n\r\n2\r\n--b--"),
            "[]1.$");
  EXPECT_EQ(events("x--b\r\n\r\n1\r\n--b--"), "$");
}

TEST(multipart_parser, takes_blanks_behind_a_delimiter) {
  EXPECT_EQ(events("--b \t \r\n\r\n1\r\n--b  \r\n\r\n2\r\n--b--  "), "[]1.[]2.$");
}

TEST(multipart_parser, keeps_every_byte_of_the_data) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  all += std::string(1000, '\r') + std::string(1000, '\n') + std::string(1000, '-') + "--b\n--b\r--b";
  EXPECT_EQ(events("--b\r\n\r\n" + all + "\r\n--b--"), "[]" + all + ".$");
}

TEST(multipart_parser, refuses_what_can_be_read_in_two_ways) {
  EXPECT_EQ(events("--b\n\n1\n--b--"), "!a delimiter is followed by what does not belong to it");
  EXPECT_EQ(events("--b\r\n\r\n1\r\n--bc\r\n--b--"), "[]1.!a delimiter is followed by what does not belong to it");
  EXPECT_EQ(events("--b\r\n\r\n1\r\n--b-\r\n--b--"), "[]1.!a delimiter is followed by what does not belong to it");
  EXPECT_EQ(events("--b\rx"), "!a delimiter does not end in CRLF");
  EXPECT_EQ(events("--b\r\nno field\r\n\r\n"), "!the head of a part has a line that is no field");
  EXPECT_EQ(events("--b\r\nA : b\r\n\r\n"), "!the head of a part has a line that is no field");
  EXPECT_EQ(events("--b\r\nA: b\r\n folded\r\n\r\n"), "!the head of a part has a line that is no field");
  EXPECT_EQ(events("--b\r\nA: b\nC: d\r\n\r\n"), "!a field of a part has a control character");
  EXPECT_EQ(events(std::string("--b\r\nA: \0\r\n\r\n", 13)), "!a field of a part has a control character");
}

TEST(multipart_parser, has_limits) {
  const std::string_view two = "--b\r\nA: 1\r\nB: 2\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--";
  EXPECT_EQ(events(two, {.parts = 2, .fields_per_part = 2, .head_bytes = 14, .total_bytes = two.size()}),
            "[A: 1|B: 2|]1.[]2.$");
  EXPECT_EQ(events(two, {.parts = 1}), "[A: 1|B: 2|]1.!there are too many parts");
  EXPECT_EQ(events(two, {.fields_per_part = 1}), "!a part has too many fields");
  EXPECT_EQ(events(two, {.head_bytes = 13}), "!the head of a part is too large");
  EXPECT_TRUE(
      multipart_events("b", two, 1, {.total_bytes = two.size() - 1}).ends_with("!the multipart content is too large"));
  EXPECT_TRUE(
      multipart_events("b", two, 99, {.total_bytes = two.size() - 1}).ends_with("!the multipart content is too large"));
  EXPECT_EQ(events("--b" + std::string(257, ' ') + "\r\n"), "!a delimiter is too long");
}

TEST(multipart_parser, bounds_what_it_passes_over) {
  const std::string before(100, 'x');
  EXPECT_EQ(events(before + "\r\n--b--", {.preamble_bytes = 100}), "$");
  EXPECT_EQ(events(before + "xxx\r\n--b--", {.preamble_bytes = 100}), "!too much stands before the first part");
  EXPECT_EQ(events("--b--" + before, {.epilogue_bytes = 100}), "$");
  EXPECT_TRUE(events("--b--" + before, {.epilogue_bytes = 99}).ends_with("!too much follows the last part"));
}

TEST(multipart_parser, needs_a_boundary) {
  EXPECT_THROW(multipart_parser(""), hocket::error);
  EXPECT_THROW(multipart_parser("a "), hocket::error);
  EXPECT_THROW(multipart_parser("a\r\n"), hocket::error);
  EXPECT_THROW(multipart_parser(std::string(71, 'a')), hocket::error);
  EXPECT_NO_THROW(multipart_parser(std::string(70, 'a')));
}

TEST(multipart_boundary, stands_in_the_content_type) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=AaB03x"), "AaB03x");
  EXPECT_EQ(multipart_boundary("Multipart/Mixed;charset=utf-8 ; Boundary=\"a b:c\" ;"), "a b:c");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'a')), std::string(70, 'a'));
}

TEST(multipart_boundary, that_is_none_is_refused) {
  for (const std::string field :
       {"multipart/form-data", "text/plain; boundary=a", "multipart/; boundary=a",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a ",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\"\xc3\xa4\"", "", "multipart/form-data boundary=a",
        "multipart/form-data; boundary=a b"}) {
    EXPECT_EQ(multipart_boundary(field), std::nullopt) << field;
  }
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')), std::nullopt);
}

}  // namespace
