#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/base/function_name.hpp>

using hocket::detail::function_name;

TEST(function_name, is_the_qualified_name_without_types) {
  EXPECT_EQ(function_name("hocket::coro<void> shop::open()"), "shop::open");
  EXPECT_EQ(function_name("int main()"), "main");
  EXPECT_EQ(function_name("coro<T> app::(anonymous namespace)::f(T) const [T = int]"), "app::f");
  EXPECT_EQ(function_name("void shop::till<int (*)(char)>::next(std::pair<int, int>) noexcept"),
            "shop::till<int (*)(char)>::next");
}

TEST(function_name, comes_to_an_end_whatever_it_is_given) {
  for (const std::string_view strange : {"", ")", "(", "]", " [", ">>>>)", "((((", ")(", "a]b)", "{}()", ">)>)>)"})
    EXPECT_LE(function_name(strange).size(), strange.size());
}
