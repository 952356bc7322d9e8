#include <cstdint>
#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/server/detail/loop_numbers.hpp>

namespace {

namespace inspect = hocket::inspect;
using hocket::http::detail::loop_numbers;
using numbers = std::vector<std::uint32_t>;

inspect::snapshot loops(std::initializer_list<inspect::address> ids) {
  inspect::snapshot seen;
  for (const inspect::address id : ids) seen.loops.push_back({.id = id});
  return seen;
}

}  // namespace

TEST(loop_numbers, stay_when_others_end_and_are_given_again) {
  loop_numbers given;
  EXPECT_EQ(given.of(loops({10, 20, 30})), (numbers{1, 2, 3}));
  EXPECT_EQ(given.of(loops({20, 30})), (numbers{2, 3}));
  EXPECT_EQ(given.of(loops({20, 30, 40, 50})), (numbers{2, 3, 1, 4}));
  EXPECT_EQ(given.of(loops({50})), numbers{4});
}

TEST(loop_numbers, are_kept_while_a_loop_is_missing_that_may_not_have_ended) {
  loop_numbers given;
  static_cast<void>(given.of(loops({10, 20})));
  inspect::snapshot torn = loops({20, 30});
  torn.torn = true;
  EXPECT_EQ(given.of(torn), (numbers{2, 3}));
  EXPECT_EQ(given.of(loops({10, 20, 30})), (numbers{1, 2, 3}));
}
