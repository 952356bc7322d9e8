#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/function.hpp>

using hocket::function;

namespace {

int twice(int n) { return 2 * n; }

TEST(function, calls_a_plain_function) {
  function<int(int)> f(twice);
  EXPECT_EQ(f(21), 42);
}

TEST(function, calls_a_lambda_with_its_state) {
  function<int()> next([n = 0]() mutable { return ++n; });
  next();
  EXPECT_EQ(next(), 2);
}

TEST(function, holds_what_can_only_be_moved) {
  function<int()> f([number = std::make_unique<int>(7)] { return *number; });
  function<int()> moved(std::move(f));
  EXPECT_EQ(moved(), 7);
}

TEST(function, is_empty_once_it_was_moved_from) {
  function<int(int)> f(twice);
  const function<int(int)> moved(std::move(f));
  EXPECT_FALSE(f);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(moved);
}

TEST(function, throws_when_it_is_empty) {
  function<void()> none;
  EXPECT_THROW(none(), std::bad_function_call);
}

TEST(function, moves_a_callable_that_is_too_large_to_be_kept_inside) {
  std::array<int, 100> numbers{};
  numbers.back() = 7;
  function<int()> f([numbers] { return numbers.back(); });
  function<int()> moved(std::move(f));
  EXPECT_EQ(moved(), 7);
}

TEST(function, gives_its_arguments_on_as_they_came) {
  function<std::string(std::string&, std::unique_ptr<int>)> f([](std::string& text, std::unique_ptr<int> number) {
    text += "!";
    return text + std::to_string(*number);
  });
  std::string text = "so";
  EXPECT_EQ(f(text, std::make_unique<int>(7)), "so!7");
  EXPECT_EQ(text, "so!");
}

/// Counts the objects that live.
struct counted {
  explicit counted(int& alive) : alive(&alive) { ++alive; }
  counted(const counted& other) : alive(other.alive) { ++*alive; }
  counted(counted&& other) noexcept : alive(other.alive) { ++*alive; }
  counted& operator=(const counted&) = delete;
  ~counted() { --*alive; }
  int* alive;
};

TEST(function, destroys_what_it_holds_once) {
  int alive = 0;
  {
    function<void()> small([held = counted(alive)] {});
    function<void()> large([held = counted(alive), room = std::array<char, 100>{}] { static_cast<void>(room); });
    function<void()> other(std::move(small));
    other = std::move(large);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(function, drops_what_a_call_returns_if_it_is_to_return_nothing) {
  function<void(int)> f(twice);
  f(1);
}

}  // namespace
