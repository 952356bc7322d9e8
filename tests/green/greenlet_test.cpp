#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using hocket::invalid_state_error;
using hocket::green::greenlet;
using hocket::green::greenlet_exit;

namespace {

TEST(greenlet, runs_when_it_is_switched_to_and_gives_its_value_at_its_end) {
  greenlet<int> adds([](int n) { return n + 1; });
  EXPECT_FALSE(adds);
  EXPECT_EQ(adds.switch_to(41), 42);
  EXPECT_TRUE(adds.dead());
  EXPECT_THROW(adds.switch_to(1), hocket::invalid_state_error);
}

TEST(greenlet, passes_values_both_ways) {
  greenlet<std::string> echo([](std::string heard) {
    while (heard != "end") heard = greenlet<std::string>::switch_to_parent("<" + heard + ">");
    return std::string("ended");
  });
  EXPECT_EQ(echo.switch_to("a"), "<a>");
  EXPECT_TRUE(echo);
  EXPECT_EQ(echo.switch_to("b"), "<b>");
  EXPECT_EQ(echo.switch_to("end"), "ended");
  EXPECT_TRUE(echo.dead());
}

TEST(greenlet, two_switch_to_each_other) {
  std::vector<int> order;
  std::unique_ptr<greenlet<int>> first;
  std::unique_ptr<greenlet<int>> second;
  first = std::make_unique<greenlet<int>>([&](int) {
    order.push_back(12);
    second->switch_to();
    order.push_back(34);
    return 0;
  });
  second = std::make_unique<greenlet<int>>([&](int) {
    order.push_back(56);
    first->switch_to();
    order.push_back(78);
    return 0;
  });
  first->switch_to();
  EXPECT_EQ(order, (std::vector{12, 56, 34})) << "when the first has ended its parent goes on, and the second never";
  EXPECT_TRUE(first->dead());
  EXPECT_FALSE(second->dead());
}

TEST(greenlet, what_it_throws_goes_to_its_parent) {
  greenlet<int> fails([](int) -> int { throw std::runtime_error("no"); });
  EXPECT_THROW(fails.switch_to(), std::runtime_error);
  EXPECT_TRUE(fails.dead());
}

TEST(greenlet, an_exception_is_thrown_where_it_stands) {
  greenlet<std::string> stands([](std::string) {
    try {
      greenlet<std::string>::switch_to_parent("standing");
    } catch (const std::runtime_error& told) {
      return std::string("caught ") + told.what();
    }
    return std::string("nothing");
  });
  EXPECT_EQ(stands.switch_to(), "standing");
  EXPECT_EQ(stands.throw_in(std::make_exception_ptr(std::runtime_error("it"))), "caught it");
}

TEST(greenlet, one_that_has_not_begun_ends_by_an_exception_at_once) {
  bool ran = false;
  greenlet<int> never([&ran](int) { return ran = true, 0; });
  EXPECT_THROW(never.throw_in(std::make_exception_ptr(std::runtime_error("it"))), std::runtime_error);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(never.dead());
}

TEST(greenlet, dropped_where_it_stands_it_cleans_up) {
  std::string told;
  {
    greenlet<int> stands([&told](int) {
      struct guard {
        std::string& to;
        ~guard() { to += "cleaned up"; }
      } const at_the_end{told};
      return greenlet<int>::switch_to_parent();
    });
    stands.switch_to();
    EXPECT_EQ(told, "");
  }
  EXPECT_EQ(told, "cleaned up");
}

TEST(greenlet, has_the_one_that_made_it_for_a_parent) {
  greenlet<std::string> outer([](std::string) {
    greenlet<std::string> inner([](std::string) {
      greenlet<std::string>::switch_to_parent("from inner");
      return std::string();
    });
    const std::string heard = inner.switch_to();
    return "outer heard '" + heard + "'";
  });
  EXPECT_EQ(outer.switch_to(), "outer heard 'from inner'");
}

HOCKET_TEST(greenlet, does_not_wait_for_the_loop) {
  auto outer = hocket::green::spawn([] {
    greenlet<int> waits([](int) {
      hocket::green::sleep();
      return 0;
    });
    EXPECT_THROW(waits.switch_to(), hocket::invalid_state_error);
    hocket::green::sleep();  // the green thread itself may, as ever
    return true;
  });
  EXPECT_TRUE(co_await outer);
}

TEST(greenlet, outside_of_one_there_is_no_parent) {
  EXPECT_THROW(greenlet<int>::switch_to_parent(), hocket::invalid_state_error);
}

TEST(greenlet, one_that_passes_another_type_is_not_switched_from_in_its_place) {
  greenlet<int> outer([](int n) {
    greenlet<std::string> inner([](std::string text) {
      EXPECT_THROW(greenlet<int>::switch_to_parent(5), invalid_state_error);
      return text + greenlet<std::string>::switch_to_parent("given");
    });
    EXPECT_EQ(inner.switch_to("a"), "given");
    EXPECT_EQ(greenlet<int>::switch_to_parent(n + 1), 7);
    EXPECT_EQ(inner.switch_to("b"), "ab");
    return 3;
  });
  EXPECT_EQ(outer.switch_to(1), 2);
  EXPECT_THROW(greenlet<std::string>::switch_to_parent("nobody"), invalid_state_error);
  EXPECT_EQ(outer.switch_to(7), 3);
}

TEST(greenlet, one_that_is_reached_by_another_type_is_told) {
  std::optional<greenlet<std::string>> inner;
  greenlet<int> outer([&inner](int) {
    inner.emplace([](std::string text) { return text; });
    EXPECT_THROW(greenlet<int>::switch_to_parent(1), invalid_state_error);
    return 4;
  });
  EXPECT_EQ(outer.switch_to(0), 1);
  EXPECT_THROW(inner->switch_to("ends, and goes to its parent"), invalid_state_error);
  EXPECT_TRUE(outer.dead());
}

TEST(greenlet, what_it_throws_goes_to_a_parent_that_passes_another_type_too) {
  greenlet<int> outer([](int) {
    greenlet<std::string> inner([](std::string) -> std::string { throw std::runtime_error("of text"); });
    EXPECT_THROW(inner.switch_to("a"), std::runtime_error);
    return 1;
  });
  EXPECT_EQ(outer.switch_to(0), 1);
}

TEST(greenlet, switches_a_million_times_without_growing) {
  greenlet<int> doubles([](int first) -> int {
    for (int n = first;;) n = greenlet<int>::switch_to_parent(2 * n);
  });
  long sum = 0;
  for (int n = 0; n < 1'000'000; ++n) sum += doubles.switch_to(n) == 2 * n ? 1 : 0;
  EXPECT_EQ(sum, 1'000'000);
}

}  // namespace
