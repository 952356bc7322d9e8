#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/result.hpp>

namespace {

using hocket::result;

std::exception_ptr problem() { return std::make_exception_ptr(std::runtime_error("broken")); }

TEST(result, is_empty_at_first) {
  const result<int> outcome;
  EXPECT_FALSE(outcome.has_value());
  EXPECT_FALSE(outcome.has_error());
}

TEST(result, gives_its_value_away) {
  result<std::unique_ptr<int>> outcome;
  outcome.set_value(std::make_unique<int>(7));
  EXPECT_EQ(*outcome.take(), 7);
}

TEST(result, shows_its_value_without_giving_it_away) {
  result<std::string> outcome;
  outcome.set_value("seven");
  EXPECT_EQ(&outcome.look(), &outcome.look());
  EXPECT_EQ(outcome.take(), "seven");
}

TEST(result, refers_to_what_it_was_given_if_it_holds_a_reference) {
  int number = 7;
  result<int&> outcome;
  outcome.set_value(number);
  EXPECT_EQ(&outcome.take(), &number);
}

TEST(result, throws_its_error_from_take) {
  result<int> outcome;
  outcome.set_error(problem());
  EXPECT_THROW(outcome.take(), std::runtime_error);
}

TEST(result, throws_its_error_from_look_each_time) {
  result<void> outcome;
  outcome.set_error(problem());
  EXPECT_THROW(outcome.look(), std::runtime_error);
  EXPECT_THROW(outcome.look(), std::runtime_error);
}

TEST(result, drops_its_value_for_an_error) {
  auto value = std::make_shared<int>(7);
  result<std::shared_ptr<int>> outcome;
  outcome.set_value(value);
  outcome.set_error(problem());
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_TRUE(outcome.has_error());
  EXPECT_FALSE(outcome.has_value());
}

TEST(result, destroys_the_value_that_it_holds) {
  auto value = std::make_shared<int>(7);
  {
    result<std::shared_ptr<int>> outcome;
    outcome.set_value(value);
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(result, takes_over_a_value) {
  result<std::string> from;
  from.set_value("seven");
  result<std::string> to;
  to.take_over(from);
  EXPECT_EQ(to.take(), "seven");
}

TEST(result, takes_over_an_error) {
  result<std::string> from;
  from.set_error(problem());
  result<std::string> to;
  to.take_over(from);
  EXPECT_THROW(to.take(), std::runtime_error);
}

TEST(result, takes_over_a_reference) {
  int number = 7;
  result<int&> from;
  from.set_value(number);
  result<int&> to;
  to.take_over(from);
  EXPECT_EQ(&to.take(), &number);
}

}  // namespace
