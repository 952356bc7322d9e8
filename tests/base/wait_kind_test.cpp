#include <string>
#include <typeinfo>

#include <gtest/gtest.h>

#include <hocket/base/wait_kind.hpp>

namespace shop {

int count(int from) { return from; }
template <class Value>
Value count_as(Value from) {
  return from;
}

}  // namespace shop

namespace {

using hocket::detail::class_name;
using hocket::detail::function_argument;
using hocket::detail::wait_kind;

template <class T, int number>
struct outer {
  struct inner {};
};
enum class color : int { red };
template <color of>
struct painted {};

template <auto Function>
struct calls {};

int count_here(int from) { return from; }

}  // namespace

TEST(class_name, leaves_out_arguments_of_templates_and_the_librarys_namespaces) {
  EXPECT_EQ(class_name("N6hocket6detail15sleep_operationE"), "sleep_operation");
  EXPECT_EQ(class_name("N6hocket11basic_queueIiSt5dequeIiSaIiEEE6getterE"), "basic_queue::getter");
  EXPECT_EQ(class_name("3top"), "top");
  EXPECT_EQ(class_name(typeid(outer<std::string, 7>::inner).name()), "outer::inner");
  const auto lambda = [](int) {};
  const auto other = [] {};
  EXPECT_EQ(class_name(typeid(outer<decltype(lambda), 7>::inner).name()), "outer::inner");
  EXPECT_EQ(class_name(typeid(outer<outer<decltype(other), 1>, 7>::inner).name()), "outer::inner");
  EXPECT_EQ(class_name(typeid(outer<outer<int (*)(char), -1>, 123>::inner).name()), "outer::inner");
}

TEST(class_name, is_that_of_the_function_in_which_the_class_is) {
  EXPECT_EQ(class_name("ZN3foo3barEvE5local"), "foo::bar");
  EXPECT_EQ(class_name("Z3barvE5local"), "bar");
  EXPECT_EQ(class_name("ZN3foo3barIiEEvT_E5local"), "foo::bar");
  EXPECT_EQ(class_name("ZNK6hocket8any_taskawEvE7awaiter"), "any_task");
}

TEST(class_name, gives_back_what_it_does_not_understand) {
  for (const char* strange : {"", "N", "NE", "N6hock", "N99999999999999999999xE", "ZN3foo3ba", "Z", "N3fooI", "N3fooIL",
                              "N3fooIS", "N3fooI3ba", "iiii"})
    EXPECT_EQ(class_name(strange), strange);
  EXPECT_FALSE(class_name(typeid(painted<color::red>).name()).empty());
}

TEST(function_argument, is_the_function_that_a_class_template_was_given) {
  EXPECT_EQ(function_argument(typeid(calls<&shop::count>).name()), "shop::count");
  EXPECT_EQ(function_argument(typeid(calls<&shop::count_as<int>>).name()), "shop::count_as");
  EXPECT_EQ(function_argument(typeid(calls<&count_here>).name()), "count_here");
  EXPECT_EQ(function_argument(typeid(calls<calls<&shop::count>{}>).name()), "shop::count");
  EXPECT_EQ(function_argument("1cIXadL_Z5countiEEE"), "count");
  EXPECT_EQ(function_argument("1cIXadL_ZL5countiEEE"), "count");
}

TEST(function_argument, is_nothing_where_there_is_none_or_it_is_not_understood) {
  for (const char* strange :
       {"", "6simple", "1cIXadL_Z", "1cIXadL_ZN", "1cIXadL_Z9", "1cIXadL_ZN9count", "1cIXadL_ZplEE", "1cIXadL_ZN3fooI"})
    EXPECT_EQ(function_argument(strange), "") << strange;
}

TEST(wait_kind, is_what_the_function_is_called_that_one_awaits) {
  EXPECT_EQ(wait_kind("N6hocket6detail15sleep_operationE"), "sleep");
  EXPECT_EQ(wait_kind("N6hocket6detail17receive_operationE"), "receive");
  EXPECT_EQ(wait_kind("N6hocket6detail16accept_operationINS_10tcp_socketEEE"), "accept");
  EXPECT_EQ(wait_kind("N6hocket4taskIiE12take_awaiterE"), "task");
  EXPECT_EQ(wait_kind("N6hocket6futureIvE7awaiterE"), "future");
  EXPECT_EQ(wait_kind("ZNK6hocket8any_taskawEvE7awaiter"), "task");
  EXPECT_EQ(wait_kind("N6hocket4lock6waiterE"), "lock");
  EXPECT_EQ(wait_kind("N6hocket11basic_queueIiSt5dequeIiSaIiEEE6putterE"), "queue put");
}
