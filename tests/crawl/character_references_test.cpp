#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/crawl/character_references.hpp>

namespace {

using std::string_view_literals::operator""sv;

std::string decoded(std::string_view source) {
  std::string value = "left over";
  hocket::crawl::decode_attribute_value(source, value);
  return value;
}

struct named_reference {
  std::string_view name;
  std::string_view text;
};

constexpr named_reference named_references[] = {
#include <hocket/crawl/character_references.inc>
};

TEST(character_references, leaves_text_without_references_as_it_is) { EXPECT_EQ(decoded("a=b;c d"), "a=b;c d"); }

TEST(character_references, makes_an_empty_value_empty) { EXPECT_EQ(decoded(""), ""); }

TEST(character_references, replaces_names) {
  EXPECT_EQ(decoded("&lt;&amp;&gt;&quot;&apos;&nbsp;&Auml;"), "<&>\"'\u00A0\u00C4");
}

TEST(character_references, replaces_a_name_that_stands_for_two_characters) {
  EXPECT_EQ(decoded("&NotEqualTilde;"), "\u2242\u0338");
}

TEST(character_references, replaces_every_name_of_the_standard) {
  EXPECT_EQ(std::size(named_references), 2231u);
  for (const auto& reference : named_references) EXPECT_EQ(decoded("&" + std::string(reference.name)), reference.text);
}

TEST(character_references, takes_the_longest_name) { EXPECT_EQ(decoded("&notin;&not;in"), "\u2209\u00ACin"); }

TEST(character_references, distinguishes_case_in_names) { EXPECT_EQ(decoded("&AMP;&Amp;&aMP;"), "&&Amp;&aMP;"); }

TEST(character_references, leaves_an_unfinished_name_before_an_equals_sign_or_alphanumeric) {
  EXPECT_EQ(decoded("?x&copy=1&not2&notit;&ampx"), "?x&copy=1&not2&notit;&ampx");
}

TEST(character_references, replaces_an_unfinished_name_before_anything_else) {
  EXPECT_EQ(decoded("&copy &copy-&copy/&copy"), "\u00A9 \u00A9-\u00A9/\u00A9");
}

TEST(character_references, replaces_a_finished_name_before_anything) {
  EXPECT_EQ(decoded("&copy;=&copy;x"), "\u00A9=\u00A9x");
}

TEST(character_references, leaves_unknown_names) {
  EXPECT_EQ(decoded("&nosuch;&x&;& &\xC3\xA9;"), "&nosuch;&x&;& &\xC3\xA9;");
}

TEST(character_references, leaves_names_that_need_their_semicolon) {
  EXPECT_EQ(decoded("&lang &hellip"), "&lang &hellip");
}

TEST(character_references, replaces_numbers) { EXPECT_EQ(decoded("&#65;&#x42;&#X4a;&#97b&#x4Ag"), "ABJabJg"); }

TEST(character_references, leaves_numbers_without_digits) {
  EXPECT_EQ(decoded("&#;&#x;&#xg&#&#x"), "&#;&#x;&#xg&#&#x");
}

TEST(character_references, writes_utf8_of_every_length) {
  EXPECT_EQ(decoded("&#x7F;&#xA0;&#x7FF;&#x800;&#xFFFF;&#x10000;&#x10FFFF;"),
            "\x7F\u00A0\u07FF\u0800\uFFFF\U00010000\U0010FFFF");
}

TEST(character_references, replaces_numbers_of_no_character) {
  EXPECT_EQ(decoded("&#0;&#xD800;&#xDFFF;&#x110000;&#x100000041;"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(character_references, reads_the_second_control_range_as_windows_1252) {
  EXPECT_EQ(decoded("&#128;&#x81;&#x96;&#159;"), "\u20AC\u0081\u2013\u0178");
}

TEST(character_references, keeps_a_carriage_return_that_a_number_stands_for) { EXPECT_EQ(decoded("&#13;\n"), "\r\n"); }

TEST(character_references, joins_the_kinds_of_line_ends) { EXPECT_EQ(decoded("a\r\nb\rc\r\rd\n"), "a\nb\nc\n\nd\n"); }

TEST(character_references, replaces_nul) { EXPECT_EQ(decoded("a\0&amp;\0"sv), "a\uFFFD&\uFFFD"); }

TEST(character_references, at_most_triples_a_value) {
  for (const auto& reference : named_references) EXPECT_LE(reference.text.size(), 3 * (reference.name.size() + 1));
  EXPECT_EQ(decoded(std::string(10, '\0')).size(), 30u);
}

}  // namespace
