#include <gtest/gtest.h>

#include <hocket/inspect/tree_text.hpp>

namespace {

namespace inspect = hocket::inspect;

inspect::task waiting(std::string name, std::uint32_t created, std::vector<std::uint32_t> awaited_by = {}) {
  return {.name = std::move(name),
          .created = created,
          .frames = {created},
          .waits_for = inspect::wait{.kind = "future"},
          .awaited_by = std::move(awaited_by)};
}

inspect::snapshot family() {
  inspect::snapshot seen{.places = {{"grow", "tree.cpp", 7}}};
  seen.loops.push_back(
      {.tasks = {waiting("root", 0), waiting("branch", 0, {0}), waiting("leaf", 0, {1}), waiting("stone", 0)}});
  return seen;
}

}  // namespace

TEST(tree_text, of_one_task_shows_what_it_waits_for_and_nothing_else) {
  const inspect::snapshot seen = family();
  EXPECT_EQ(inspect::tree_text(seen, seen.loops[0], 1),
            "* Task 'branch' (made at tree.cpp:7)\n"
            "  | grow() tree.cpp:7: future\n"
            "  * Task 'leaf' (made at tree.cpp:7)\n"
            "    | grow() tree.cpp:7: future\n");
}

TEST(tree_text, of_one_task_tells_that_it_waits_for_itself) {
  inspect::snapshot seen = family();
  seen.loops[0].tasks[1].awaited_by.push_back(2);
  EXPECT_EQ(inspect::tree_text(seen, seen.loops[0], 2),
            "* Task 'leaf' (made at tree.cpp:7)\n"
            "  | grow() tree.cpp:7: future\n"
            "  * Task 'branch' (made at tree.cpp:7)\n"
            "    | grow() tree.cpp:7: future\n"
            "    * Task 'leaf' (made at tree.cpp:7)\n"
            "      + a circle: it waits for itself\n");
}

TEST(tree_text, tells_of_tasks_that_wait_for_locks_in_a_circle_that_each_waits_for_itself) {
  inspect::snapshot seen = family();
  auto& tasks = seen.loops[0].tasks;
  tasks[2].waits_for = {.kind = "lock", .held_by = 3};
  tasks[3].waits_for = {.kind = "lock", .held_by = 2};
  EXPECT_EQ(inspect::tree_text(seen),
            "* Task 'root' (made at tree.cpp:7)\n"
            "  | grow() tree.cpp:7: future\n"
            "  * Task 'branch' (made at tree.cpp:7)\n"
            "    | grow() tree.cpp:7: future\n"
            "    * Task 'leaf' (made at tree.cpp:7)\n"
            "      | grow() tree.cpp:7: lock held by 'stone'\n"
            "      * Task 'stone' (made at tree.cpp:7)\n"
            "        | grow() tree.cpp:7: lock held by 'leaf'\n"
            "        * Task 'leaf' (made at tree.cpp:7)\n"
            "          + a circle: it waits for itself\n");
}

TEST(tree_text, goes_on_at_the_left_where_it_is_too_deep) {
  inspect::snapshot seen{.places = {{"grow", "tree.cpp", 7}}, .loops = {{}}};
  for (std::uint32_t n = 0; n < 250; ++n)
    seen.loops[0].tasks.push_back(
        waiting("t" + std::to_string(n), 0, n > 0 ? std::vector{n - 1} : std::vector<std::uint32_t>()));
  const std::string tree = inspect::tree_text(seen);
  EXPECT_TRUE(tree.contains("\n" + std::string(200, ' ') + "* Task 't100' (made at tree.cpp:7)\n" +
                            std::string(200, ' ') +
                            "  + goes on below, at the left\n"
                            "* Task 't100' (made at tree.cpp:7)\n"
                            "  | grow() tree.cpp:7: future\n"
                            "  * Task 't101' "))
      << tree;
  EXPECT_TRUE(tree.contains("\n* Task 't200' ")) << tree;
  EXPECT_TRUE(tree.ends_with(" | grow() tree.cpp:7: future\n"));
  seen.loops[0].tasks[0].awaited_by.push_back(249);
  EXPECT_TRUE(inspect::tree_text(seen).ends_with("* Task 't0' (made at tree.cpp:7)\n" + std::string(100, ' ') +
                                                 "  + a circle: it waits for itself\n"));
}

TEST(tree_text, leaves_who_holds_a_lock_and_goes_on_where_it_stands) {
  inspect::snapshot seen = family();
  seen.loops[0].tasks[2].waits_for = {.kind = "lock", .held_by = 3};
  EXPECT_TRUE(
      inspect::tree_text(seen).ends_with("* Task 'leaf' (made at tree.cpp:7)\n"
                                         "      | grow() tree.cpp:7: lock held by 'stone'\n"
                                         "* Task 'stone' (made at tree.cpp:7)\n"
                                         "  | grow() tree.cpp:7: future\n"));
}

TEST(tree_text, tells_of_a_task_that_waits_for_a_lock_of_its_own) {
  inspect::snapshot seen = family();
  seen.loops[0].tasks[3].waits_for = {.kind = "lock", .held_by = 3};
  EXPECT_TRUE(
      inspect::tree_text(seen).ends_with("* Task 'stone' (made at tree.cpp:7)\n"
                                         "  | grow() tree.cpp:7: lock held by 'stone'\n"
                                         "  * Task 'stone' (made at tree.cpp:7)\n"
                                         "    + a circle: it waits for itself\n"));
}
