#include <string>
#include <typeinfo>

#include <gtest/gtest.h>

#include <hocket/base/wait_kind.hpp>

namespace {

using hocket::detail::class_name;
using hocket::detail::wait_kind;

template <class T, int number>
struct outer {
  struct inner {};
};
enum class color : int { red };
template <color of>
struct painted {};

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
