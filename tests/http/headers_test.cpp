#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/headers.hpp>

namespace {

using hocket::http::headers;

std::string in_lines(const headers& fields) {
  std::string text;
  for (const auto [name, value] : fields) text.append(name).append(": ").append(value).append("\n");
  return text;
}

static_assert(std::forward_iterator<headers::iterator>);

TEST(headers, finds_a_field_whatever_the_case_of_its_name) {
  const headers fields{{"Content-Type", "text/html"}};
  EXPECT_EQ(fields.get("cONTENT-tYPE"), "text/html");
}

TEST(headers, does_not_find_a_field_by_the_beginning_of_its_name) {
  const headers fields{{"Content-Type", "text/html"}};
  EXPECT_FALSE(fields.contains("Content"));
}

TEST(headers, distinguishes_letters_from_what_lies_32_away_from_them) {
  const headers fields{{"^", "caret"}};
  EXPECT_FALSE(fields.contains("~"));
}

TEST(headers, gives_the_first_of_several_values) {
  const headers fields{{"Vary", "accept"}, {"vary", "cookie"}};
  EXPECT_EQ(fields.get("Vary"), "accept");
}

TEST(headers, gives_all_values_of_a_name_in_order) {
  const headers fields{{"Set-Cookie", "a=1"}, {"Server", "x"}, {"set-cookie", "b=2"}};
  EXPECT_EQ(fields.get_all("Set-Cookie"), (std::vector<std::string_view>{"a=1", "b=2"}));
}

TEST(headers, iterates_in_the_order_of_addition_and_keeps_the_case_of_names) {
  headers fields;
  fields.add("B", "2");
  fields.add("a", "1");
  EXPECT_EQ(in_lines(fields), "B: 2\na: 1\n");
}

TEST(headers, add_drops_the_whitespace_around_a_value) {
  headers fields;
  fields.add("X", " \t a b \t");
  EXPECT_EQ(fields.get("X"), "a b");
}

TEST(headers, add_takes_an_empty_value) {
  const headers fields{{"X", ""}};
  EXPECT_EQ(fields.get("X"), "");
}

TEST(headers, add_refuses_names_that_are_no_tokens) {
  headers fields;
  for (const std::string name : {"", "a b", "a:", "a\r\n", "a\"", "\xc3\xa4", "(a)"}) {
    EXPECT_THROW(fields.add(name, "x"), hocket::error) << name;
  }
  EXPECT_THROW(fields.add(std::string_view("a\0b", 3), "x"), hocket::error);
  EXPECT_TRUE(fields.empty());
}

TEST(headers, add_refuses_values_that_would_break_the_line) {
  headers fields;
  for (const std::string_view value : {"a\r\nInjected: 1", "a\nb", "a\rb", "a\x7f", "\x01"}) {
    EXPECT_THROW(fields.add("X", value), hocket::error) << value;
  }
  EXPECT_THROW(fields.add("X", std::string_view("a\0b", 3)), hocket::error);
  EXPECT_TRUE(fields.empty());
}

TEST(headers, add_takes_bytes_beyond_ascii_in_values) {
  const headers fields{{"X", "gr\xc3\xbc\xc3\x9f dich"}};
  EXPECT_EQ(fields.get("X"), "gr\xc3\xbc\xc3\x9f dich");
}

TEST(headers, set_replaces_the_first_and_removes_the_others) {
  headers fields{{"A", "1"}, {"X", "old"}, {"B", "2"}, {"x", "older"}, {"C", "3"}};
  fields.set("x", "a new and longer value");
  EXPECT_EQ(in_lines(fields), "A: 1\nX: a new and longer value\nB: 2\nC: 3\n");
}

TEST(headers, set_appends_a_name_that_is_new) {
  headers fields{{"A", "1"}};
  fields.set("B", "2");
  EXPECT_EQ(in_lines(fields), "A: 1\nB: 2\n");
}

TEST(headers, set_gives_an_empty_value_its_text_without_disturbing_the_next_field) {
  headers fields{{"A", ""}, {"B", "2"}};
  fields.set("A", "1");
  EXPECT_EQ(in_lines(fields), "A: 1\nB: 2\n");
}

TEST(headers, set_refuses_what_add_refuses) {
  headers fields{{"A", "1"}};
  EXPECT_THROW(fields.set("A", "2\r\n"), hocket::error);
  EXPECT_EQ(fields.get("A"), "1");
}

TEST(headers, set_a_million_times_does_not_grow) {
  headers fields{{"A", "1"}, {"B", "2"}};
  const auto* before = fields.get("A")->data();
  for (int n = 0; n < 1'000'000; ++n) fields.set("A", n % 2 == 0 ? "12" : "1");
  EXPECT_EQ(fields.get("A")->data(), before);
}

TEST(headers, remove_takes_all_fields_of_the_name_and_counts_them) {
  headers fields{{"X", "1"}, {"A", "2"}, {"x", "3"}, {"B", "4"}};
  EXPECT_EQ(fields.remove("X"), 2u);
  EXPECT_EQ(in_lines(fields), "A: 2\nB: 4\n");
}

TEST(headers, accept_views_of_themselves) {
  headers fields{{"Location", std::string(100, 'l')}};
  for (int n = 0; n < 50; ++n) fields.add("Referer", *fields.get("Location"));
  fields.set("Location", fields.get("Referer")->substr(1));
  EXPECT_EQ(fields.get("Location"), std::string(99, 'l'));
  EXPECT_EQ(fields.get_all("Referer").back(), std::string(100, 'l'));
}

TEST(headers, clear_keeps_the_memory) {
  headers fields{{"Name", std::string(1000, 'x')}};
  const auto* before = fields.get("Name")->data();
  fields.clear();
  EXPECT_TRUE(fields.empty());
  fields.add("Name", std::string(1000, 'y'));
  EXPECT_EQ(fields.get("Name")->data(), before);
}

TEST(headers, finds_a_token_in_any_element_of_any_list) {
  const headers fields{{"Connection", "keep-alive, X-Hop"}, {"connection", " ,Close ,"}};
  EXPECT_TRUE(fields.contains_token("Connection", "close"));
  EXPECT_TRUE(fields.contains_token("Connection", "x-hop"));
}

TEST(headers, does_not_find_a_token_inside_another) {
  const headers fields{{"Connection", "closed, not-close"}};
  EXPECT_FALSE(fields.contains_token("Connection", "close"));
}

TEST(headers, copies_are_independent) {
  headers fields{{"A", "1"}};
  const auto copy = fields;
  fields.set("A", "2");
  EXPECT_EQ(copy.get("A"), "1");
}

}  // namespace
