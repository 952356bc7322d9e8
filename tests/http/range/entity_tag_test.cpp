#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/range/entity_tag.hpp>

namespace {

using hocket::http::entity_tag;
using hocket::http::entity_tag_list;
using hocket::http::format_entity_tag;
using hocket::http::parse_entity_tag;
using hocket::http::parse_entity_tags;
using hocket::http::strong_match;
using hocket::http::weak_match;

TEST(entity_tag, of_the_standards_examples_is_read_and_written) {
  EXPECT_EQ(parse_entity_tag("\"xyzzy\""), (entity_tag{"xyzzy", false}));
  EXPECT_EQ(parse_entity_tag(" W/\"xyzzy\" "), (entity_tag{"xyzzy", true}));
  EXPECT_EQ(parse_entity_tag("\"\""), (entity_tag{"", false}));
  EXPECT_EQ(parse_entity_tag("\"a,\\\xc3\xa4\""), (entity_tag{"a,\\\xc3\xa4", false}));  // a backslash is no escape
  EXPECT_EQ(format_entity_tag({"xyzzy", true}), "W/\"xyzzy\"");
  EXPECT_EQ(format_entity_tag({"", false}), "\"\"");
  EXPECT_THROW(static_cast<void>(format_entity_tag({"a\"b", false})), hocket::error);
}

TEST(entity_tag, that_is_malformed_is_refused) {
  for (const std::string field :
       {"", "xyzzy", "\"xyzzy", "w/\"x\"", "W\"x\"", "W/x", "\"a b\"", "\"a\"b", "\"a\x7f\"", "\"a\", \"b\"", "*"})
    EXPECT_EQ(parse_entity_tag(field), std::nullopt) << field;
}

TEST(entity_tag, is_compared_as_the_standards_table_says) {
  const entity_tag weak_1{"1", true};
  const entity_tag weak_2{"2", true};
  const entity_tag strong_1{"1", false};
  EXPECT_FALSE(strong_match(weak_1, weak_1));
  EXPECT_TRUE(weak_match(weak_1, weak_1));
  EXPECT_FALSE(weak_match(weak_1, weak_2));
  EXPECT_FALSE(strong_match(weak_1, strong_1));
  EXPECT_TRUE(weak_match(weak_1, strong_1));
  EXPECT_TRUE(strong_match(strong_1, strong_1));
}

TEST(entity_tag, may_stand_in_a_list) {
  EXPECT_EQ(parse_entity_tags("*"), (entity_tag_list{true, {}}));
  EXPECT_EQ(parse_entity_tags("\"a,b\",, W/\"c\" ,"), (entity_tag_list{false, {{"a,b", false}, {"c", true}}}));
  for (const std::string field : {"", ",", "\"a\" \"b\"", "\"a\", *", "a"})
    EXPECT_EQ(parse_entity_tags(field), std::nullopt) << field;
}

}  // namespace
