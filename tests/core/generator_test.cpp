#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/generator.hpp>

using hocket::generator;
using hocket::yield_from;

namespace {

using lines = std::vector<std::string>;

/// Notes the end of the scope that it stands in.
class noted {
 public:
  noted(lines& log, std::string text) : log_(log), text_(std::move(text)) {}
  ~noted() { log_.push_back(text_); }
  noted(const noted&) = delete;

 private:
  lines& log_;
  std::string text_;
};

generator<int> up_to(int end) {
  for (int n = 0; n < end; ++n) co_yield n;
}

template <class Out>
std::vector<Out> all_of(generator<Out> source) {
  std::vector<Out> items;
  for (Out& item : source) items.push_back(std::move(item));
  return items;
}

generator<int, std::string> listener(lines& heard) {
  for (int n = 0;; ++n) heard.push_back(co_yield n);
}

/// Yields what it caught.
generator<std::string> catcher() {
  for (std::string answer = "ready";;) {
    try {
      co_yield std::move(answer);
      answer = "nothing";
    } catch (const std::exception& error) {
      answer = error.what();
    }
  }
}

TEST(generator, runs_only_when_asked_for_a_value) {
  lines log;
  auto source = [](lines& log) -> generator<int> {
    log.push_back("begun");
    co_yield 1;
    log.push_back("resumed");
  }(log);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(source.next(), 1);
  EXPECT_EQ(log, (lines{"begun"}));
}

TEST(generator, gives_its_values_in_order_and_then_none_for_ever) {
  auto source = up_to(2);
  EXPECT_EQ(source.next(), 0);
  EXPECT_EQ(source.next(), 1);
  EXPECT_EQ(source.next(), std::nullopt);
  EXPECT_EQ(source.next(), std::nullopt);
  EXPECT_TRUE(source.ended());
}

TEST(generator, is_an_input_range) {
  static_assert(std::ranges::input_range<generator<int>> && std::ranges::view<generator<int>>);
  EXPECT_EQ(all_of(up_to(4)), (std::vector{0, 1, 2, 3}));
  int sum = 0;
  for (const int n : up_to(10) | std::views::filter([](int n) { return n % 2 == 0; })) sum += n;
  EXPECT_EQ(sum, 20);
}

TEST(generator, may_be_left_and_gone_on_with) {
  auto source = up_to(5);
  for (const int n : source)
    if (n == 1) break;
  EXPECT_EQ(source.next(), 2);
}

TEST(generator, moves_what_can_only_be_moved) {
  auto source = []() -> generator<std::unique_ptr<int>> { co_yield std::make_unique<int>(5); }();
  EXPECT_EQ(**source.next(), 5);
}

TEST(generator, keeps_its_own_copy_of_a_variable_that_it_yields) {
  auto source = []() -> generator<std::string> {
    std::string kept = "a long text that has to be allocated somewhere";
    co_yield kept;
    co_yield kept;
  }();
  EXPECT_EQ(source.next(), source.next());
}

TEST(generator, gives_what_is_sent_as_the_value_of_its_yield) {
  lines heard;
  auto source = listener(heard);
  EXPECT_EQ(source.next(), 0);
  EXPECT_EQ(source.send("one"), 1);
  EXPECT_EQ(source.send("two"), 2);
  EXPECT_EQ(heard, (lines{"one", "two"}));
}

TEST(generator, hears_an_empty_value_from_next) {
  lines heard;
  auto source = listener(heard);
  source.next();
  source.next();
  EXPECT_EQ(heard, lines{""});
}

TEST(generator, refuses_a_value_before_its_first_yield) {
  lines heard;
  auto source = listener(heard);
  EXPECT_THROW(source.send("early"), hocket::invalid_state_error);
  EXPECT_EQ(source.next(), 0);
}

TEST(generator, may_catch_what_is_raised_and_go_on) {
  auto source = catcher();
  source.next();
  EXPECT_EQ(source.raise(std::runtime_error("a stone")), "a stone");
  EXPECT_EQ(source.next(), "nothing");
}

TEST(generator, ends_with_what_is_raised_and_not_caught) {
  auto source = up_to(5);
  source.next();
  EXPECT_THROW(source.raise(std::runtime_error("a stone")), std::runtime_error);
  EXPECT_TRUE(source.ended());
  EXPECT_EQ(source.next(), std::nullopt);
}

TEST(generator, ends_without_having_run_by_what_is_raised_before_its_beginning) {
  lines log;
  auto source = [](lines& log) -> generator<int> {
    log.push_back("begun");
    co_yield 1;
  }(log);
  EXPECT_THROW(source.raise(std::runtime_error("a stone")), std::runtime_error);
  EXPECT_EQ(source.next(), std::nullopt);
  EXPECT_TRUE(log.empty());
}

TEST(generator, throws_on_what_is_raised_after_its_end) {
  auto source = up_to(0);
  source.next();
  EXPECT_THROW(source.raise(std::runtime_error("a stone")), std::runtime_error);
}

TEST(generator, throws_what_its_body_throws_once) {
  auto source = []() -> generator<int> {
    co_yield 1;
    throw std::out_of_range("broken");
  }();
  source.next();
  EXPECT_THROW(source.next(), std::out_of_range);
  EXPECT_EQ(source.next(), std::nullopt);
}

TEST(generator, gives_what_it_returned_after_its_end) {
  auto source = []() -> generator<int, void, std::string> {
    co_yield 1;
    co_return "done";
  }();
  EXPECT_THROW(static_cast<void>(source.result()), hocket::invalid_state_error);
  source.next();
  source.next();
  EXPECT_EQ(source.result(), "done");
  EXPECT_THROW(static_cast<void>(source.result()), hocket::invalid_state_error);
}

TEST(generator, made_of_nothing_has_ended) {
  generator<int> source;
  EXPECT_TRUE(source.ended());
  EXPECT_EQ(source.next(), std::nullopt);
  source = up_to(1);
  EXPECT_EQ(source.next(), 0);
}

TEST(generator, runs_its_destructors_when_it_is_closed_at_rest) {
  lines log;
  auto source = [](lines& log) -> generator<int> {
    const noted outer(log, "outer");
    const noted inner(log, "inner");
    co_yield 1;
    log.push_back("not reached");
  }(log);
  source.next();
  source.close();
  EXPECT_EQ(log, (lines{"inner", "outer"}));
  EXPECT_EQ(source.next(), std::nullopt);
}

TEST(generator, refuses_to_be_stepped_or_closed_by_itself) {
  generator<int>* self = nullptr;
  int refused = 0;
  auto source = [](generator<int>*& self, int& refused) -> generator<int> {
    try {
      self->next();
    } catch (const hocket::invalid_state_error&) {
      ++refused;
    }
    try {
      self->close();
    } catch (const hocket::invalid_state_error&) {
      ++refused;
    }
    co_yield 1;
  }(self, refused);
  self = &source;
  EXPECT_EQ(source.next(), 1);
  EXPECT_EQ(refused, 2);
}

// ---- delegation

generator<int, std::string, std::size_t> two_words(lines& heard) {
  heard.push_back(co_yield 1);
  heard.push_back(co_yield 2);
  co_return heard[0].size() + heard[1].size();
}

generator<int, std::string> delegator(lines& heard) {
  const std::size_t length = co_yield yield_from(two_words(heard));
  co_yield static_cast<int>(length);
}

TEST(delegation, passes_values_both_ways_and_gives_what_was_returned) {
  lines heard;
  auto source = delegator(heard);
  EXPECT_EQ(source.next(), 1);
  EXPECT_EQ(source.send("three"), 2);
  EXPECT_EQ(source.send("four"), 9);
  EXPECT_EQ(heard, (lines{"three", "four"}));
}

TEST(delegation, raises_in_the_innermost) {
  auto source = []() -> generator<std::string> {
    bool caught = false;
    try {
      co_yield yield_from(catcher());
    } catch (...) {
      caught = true;
    }
    if (caught) co_yield "the outer one caught it";
  }();
  source.next();
  EXPECT_EQ(source.raise(std::runtime_error("a stone")), "a stone");
}

TEST(delegation, throws_on_to_the_delegator_what_the_innermost_does_not_catch) {
  auto source = []() -> generator<int> {
    try {
      co_yield yield_from(up_to(3));
    } catch (const std::runtime_error&) {
    }
    co_yield 100;
  }();
  source.next();
  EXPECT_EQ(source.raise(std::runtime_error("a stone")), 100);
  EXPECT_EQ(source.next(), std::nullopt);
}

TEST(delegation, to_one_that_has_ended_goes_on_at_once) {
  auto ended = up_to(0);
  ended.next();
  auto source = [](generator<int> first) -> generator<int> {
    co_yield yield_from(std::move(first));
    co_yield 7;
  }(std::move(ended));
  EXPECT_EQ(source.next(), 7);
}

generator<int> delegates_to(generator<int> first) {
  co_yield yield_from(std::move(first));
  co_yield 7;
}

TEST(delegation, to_one_that_was_closed_or_has_thrown_goes_on_at_once) {
  auto closed = up_to(3);
  closed.close();
  EXPECT_EQ(delegates_to(std::move(closed)).next(), 7);
  auto thrown = up_to(3);
  EXPECT_THROW(thrown.raise(std::runtime_error("a stone")), std::runtime_error);
  EXPECT_EQ(delegates_to(std::move(thrown)).next(), 7);
}

TEST(delegation, to_one_that_was_closed_has_no_result) {
  lines heard;
  auto closed = two_words(heard);
  closed.close();
  auto source = [](generator<int, std::string, std::size_t> sub) -> generator<int, std::string> {
    co_yield static_cast<int>(co_yield yield_from(std::move(sub)));
  }(std::move(closed));
  EXPECT_THROW(source.next(), hocket::invalid_state_error);
}

TEST(delegation, takes_over_one_that_has_begun_and_delegates_itself) {
  auto middle = [](generator<int> inner) -> generator<int> {
    co_yield yield_from(std::move(inner));
    co_yield 50;
  }(up_to(3));
  EXPECT_EQ(middle.next(), 0);
  auto source = [](generator<int> middle) -> generator<int> {
    co_yield yield_from(std::move(middle));
    co_yield 60;
  }(std::move(middle));
  EXPECT_EQ(all_of(std::move(source)), (std::vector{1, 2, 50, 60}));
}

TEST(delegation, closes_the_innermost_first) {
  lines log;
  const auto inner = [](lines& log) -> generator<int> {
    const noted end(log, "inner");
    co_yield 1;
  };
  auto source = [](lines& log, generator<int> sub) -> generator<int> {
    const noted end(log, "outer");
    co_yield yield_from(std::move(sub));
  }(log, inner(log));
  source.next();
  source.close();
  EXPECT_EQ(log, (lines{"inner", "outer"}));
}

generator<int> nested(int depth) {
  if (depth > 0) co_yield yield_from(nested(depth - 1));
  co_yield depth;
}

TEST(delegation, costs_the_same_however_deep_it_goes) {
  std::vector<int> expected(1001);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all_of(nested(1000)), expected);
}

TEST(delegation, to_a_million_in_a_row_does_not_grow_the_stack) {
  auto source = []() -> generator<int> {
    for (int n = 0; n < 1'000'000; ++n) co_yield yield_from(up_to(1));
  }();
  int seen = 0;
  while (source.next()) ++seen;
  EXPECT_EQ(seen, 1'000'000);
}

}  // namespace
