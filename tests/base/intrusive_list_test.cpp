#include <string>

#include <gtest/gtest.h>

#include <hocket/base/intrusive_list.hpp>

namespace {

struct second_list {};

struct letter : hocket::list_link<>, hocket::list_link<second_list> {
  explicit letter(char which) : which(which) {}
  char which;
};

using letters = hocket::intrusive_list<letter>;

template <class List>
std::string spell(List& list) {
  std::string word;
  list.for_each([&word](letter& each) { word += each.which; });
  return word;
}

class intrusive_list : public testing::Test {
 protected:
  letter a_{'a'}, b_{'b'}, c_{'c'}, d_{'d'};
  letters list_;
};

TEST_F(intrusive_list, keeps_the_order_of_pushes) {
  list_.push_back(b_);
  list_.push_back(c_);
  list_.push_front(a_);
  EXPECT_EQ(spell(list_), "abc");
}

TEST_F(intrusive_list, pops_from_the_front) {
  list_.push_back(a_);
  list_.push_back(b_);
  EXPECT_EQ(&list_.pop_front(), &a_);
  EXPECT_EQ(spell(list_), "b");
}

TEST_F(intrusive_list, counts_its_items) {
  EXPECT_EQ(list_.count(), 0U);
  list_.push_back(a_);
  list_.push_back(b_);
  EXPECT_EQ(list_.count(), 2U);
}

TEST_F(intrusive_list, lets_an_item_leave_from_the_middle) {
  list_.push_back(a_);
  list_.push_back(b_);
  list_.push_back(c_);
  b_.hocket::list_link<>::unlink();
  EXPECT_EQ(spell(list_), "ac");
}

TEST_F(intrusive_list, knows_whether_an_item_is_linked) {
  EXPECT_FALSE(a_.hocket::list_link<>::is_linked());
  list_.push_back(a_);
  EXPECT_TRUE(a_.hocket::list_link<>::is_linked());
  list_.pop_front();
  EXPECT_FALSE(a_.hocket::list_link<>::is_linked());
}

TEST_F(intrusive_list, is_empty_again_when_its_last_item_has_left) {
  list_.push_back(a_);
  EXPECT_FALSE(list_.empty());
  a_.hocket::list_link<>::unlink();
  EXPECT_TRUE(list_.empty());
}

TEST_F(intrusive_list, takes_over_another_list_in_order) {
  letters other;
  list_.push_back(a_);
  other.push_back(b_);
  other.push_back(c_);
  list_.splice_back(other);
  EXPECT_EQ(spell(list_), "abc");
  EXPECT_TRUE(other.empty());
}

TEST_F(intrusive_list, that_gave_all_away_can_be_filled_again) {
  letters other;
  other.push_back(a_);
  list_.splice_back(other);
  other.push_back(b_);
  list_.push_back(c_);
  EXPECT_EQ(spell(other), "b");
  EXPECT_EQ(spell(list_), "ac");
}

TEST_F(intrusive_list, is_not_changed_by_an_empty_one) {
  letters other;
  list_.push_back(a_);
  list_.splice_back(other);
  EXPECT_EQ(spell(list_), "a");
}

TEST_F(intrusive_list, lets_a_visitor_unlink_the_item_that_it_is_given) {
  for (letter* each : {&a_, &b_, &c_, &d_}) list_.push_back(*each);
  list_.for_each([](letter& each) {
    if (each.which == 'a' || each.which == 'c' || each.which == 'd') each.hocket::list_link<>::unlink();
  });
  EXPECT_EQ(spell(list_), "b");
}

TEST_F(intrusive_list, shares_an_item_with_a_list_of_another_tag) {
  hocket::intrusive_list<letter, second_list> reversed;
  for (letter* each : {&a_, &b_, &c_}) {
    list_.push_back(*each);
    reversed.push_front(*each);
  }
  EXPECT_EQ(spell(list_), "abc");
  EXPECT_EQ(spell(reversed), "cba");
}

}  // namespace
