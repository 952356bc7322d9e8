#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/exception_group.hpp>

using hocket::exception_group;

namespace {

template <class... Errors>
exception_group group_of(const Errors&... errors) {
  return exception_group({std::make_exception_ptr(errors)...});
}

struct strange {};

const std::range_error broken("broken");
const std::range_error torn("torn");
const std::out_of_range lost("lost");

/// (broken lost (torn lost) (lost))
exception_group nested() { return group_of(broken, lost, group_of(torn, lost), group_of(lost)); }

/// The tree, as nested parentheses.
std::string shape(const exception_group& group) {
  std::string text;
  for (const std::exception_ptr& each : group.errors()) {
    if (!text.empty()) text += ' ';
    try {
      std::rethrow_exception(each);
    } catch (const exception_group& inner) {
      text += shape(inner);
    } catch (const std::exception& known) {
      text += known.what();
    } catch (...) {
      text += "strange";
    }
  }
  return '(' + text + ')';
}
std::string shape(const std::optional<exception_group>& group) { return group ? shape(*group) : "none"; }

TEST(exception_group, is_split_by_type_with_nesting_and_order_kept) {
  const auto [matching, rest] = nested().split<std::range_error>();
  EXPECT_EQ(shape(matching), "(broken (torn))");
  EXPECT_EQ(shape(rest), "(lost (lost) (lost))");
}

TEST(exception_group, is_split_by_a_base_class_without_taking_groups_for_errors) {
  const auto [matching, rest] = nested().split<std::runtime_error>();  // which an exception_group is as well
  EXPECT_EQ(shape(matching), "(broken (torn))");
  EXPECT_EQ(shape(rest), "(lost (lost) (lost))");
}

TEST(exception_group, that_matches_as_a_whole_leaves_no_rest) {
  const auto [matching, rest] = nested().split<std::exception>();
  EXPECT_EQ(shape(matching), shape(nested()));
  EXPECT_FALSE(rest);
}

TEST(exception_group, of_which_nothing_matches_is_the_rest) {
  const auto [matching, rest] = nested().split<std::bad_alloc>();
  EXPECT_FALSE(matching);
  EXPECT_EQ(shape(rest), shape(nested()));
}

TEST(exception_group, is_split_by_a_predicate_that_is_asked_of_leaves_only) {
  int asked = 0;
  const auto [matching, rest] = nested().split([&asked](const std::exception_ptr&) { return ++asked % 2 == 1; });
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(shape(matching), "(broken (torn) (lost))");
  EXPECT_EQ(shape(rest), "(lost (lost))");
}

TEST(exception_group, keeps_a_nested_group_that_need_not_be_split) {
  const exception_group whole = group_of(group_of(broken), lost);
  EXPECT_EQ(whole.split<std::range_error>().matching->errors().front(), whole.errors().front());
}

TEST(exception_group, gives_the_part_that_matches) {
  EXPECT_EQ(shape(nested().subgroup<std::range_error>()), "(broken (torn))");
  EXPECT_FALSE(nested().subgroup<std::bad_alloc>());
  EXPECT_EQ(shape(nested().subgroup([](const std::exception_ptr&) { return true; })), shape(nested()));
}

TEST(exception_group, visits_the_leaves_of_a_type_in_order) {
  std::string visited;
  const auto count =
      nested().visit<std::exception>([&](const std::exception& each) { visited += each.what() + std::string(" "); });
  EXPECT_EQ(visited, "broken lost torn lost lost ");
  EXPECT_EQ(count, 5U);
}

TEST(exception_group, visits_nothing_of_another_type) {
  EXPECT_EQ(nested().visit<std::bad_alloc>([](const std::bad_alloc&) { FAIL(); }), 0U);
}

TEST(exception_group, visits_exceptions_that_are_no_std_exception) {
  EXPECT_EQ(group_of(broken, strange()).visit<strange>([](const strange&) {}), 1U);
}

TEST(exception_group, lets_out_what_a_visitor_throws) {
  const exception_group group = nested();
  EXPECT_THROW(group.visit<std::range_error>([](const std::range_error&) { throw strange(); }), strange);
}

TEST(exception_group, tells_what_is_in_it) {
  EXPECT_STREQ(group_of(broken).what(), "a task failed: broken");
  EXPECT_STREQ(group_of(broken, strange()).what(), "2 tasks failed: broken; an exception of unknown type");
}

TEST(exception_group, tells_what_is_in_groups_within) {
  EXPECT_STREQ(group_of(group_of(broken, torn), lost).what(), "2 tasks failed: (2 tasks failed: broken; torn); lost");
}

TEST(exception_group, tells_of_the_first_ten_of_many) {
  const exception_group group(std::vector(12, std::make_exception_ptr(broken)));
  EXPECT_TRUE(std::string_view(group.what()).ends_with("broken; and 2 more"));
}

TEST(exception_group, is_handled_piece_by_piece) {
  std::string handled;
  try {
    try {
      throw nested();
    } catch (const exception_group& group) {
      const auto [ranges, rest] = group.split<std::range_error>();
      if (ranges) ranges->visit<std::range_error>([&](const std::range_error& each) { handled += each.what(); });
      if (rest) throw *rest;
    }
  } catch (const exception_group& rest) {
    handled += shape(rest);
  }
  EXPECT_EQ(handled, "brokentorn(lost (lost) (lost))");
}

TEST(exception_group, refuses_to_hold_nothing) {
  EXPECT_THROW(exception_group({}), hocket::invalid_state_error);
  EXPECT_THROW(exception_group({std::exception_ptr()}), hocket::invalid_state_error);
}

TEST(exception_group, does_not_repeat_the_texts_of_groups_a_thousand_deep) {
  std::exception_ptr problem = std::make_exception_ptr(std::runtime_error("broken"));
  for (int depth = 0; depth < 1000; ++depth) problem = std::make_exception_ptr(exception_group({problem}));
  try {
    std::rethrow_exception(problem);
  } catch (const exception_group& group) {
    EXPECT_LT(std::string(group.what()).size(), 300U);
  }
}

}  // namespace
