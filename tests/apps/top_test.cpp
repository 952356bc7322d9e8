// What stands behind `hocket top`: made of snapshots that are written down here. The screen itself: top_test.py.

#include <algorithm>
#include <clocale>
#include <limits>

#include <gtest/gtest.h>

#include "../../apps/hocket/cells.hpp"
#include "../../apps/hocket/short_figures.hpp"
#include "../../apps/hocket/top_page.hpp"
#include "../../apps/hocket/top_state.hpp"
#include "../../apps/hocket/top_table.hpp"
#include "../../apps/hocket/top_view.hpp"

namespace {

using namespace hocket::app;
using namespace std::chrono_literals;
namespace inspect = hocket::inspect;
using time_point = std::chrono::steady_clock::time_point;

constexpr time_point noon = time_point(12h);

inspect::task task(inspect::address id, std::string name, std::uint64_t steps) {
  return {.id = id,
          .name = std::move(name),
          .frames = {0},
          .waits_for = inspect::wait{.kind = "sleep"},
          .steps = steps,
          .age = 1h,
          .since = 1s};
}

inspect::snapshot process(std::vector<inspect::task> tasks) {
  inspect::snapshot seen{.places = {{"shop::nap", "/src/shop.cpp", 25}, {"shop::open", "/src/shop.cpp", 90}}};
  std::uint64_t steps = 0;
  for (const inspect::task& each : tasks) steps += each.steps;
  seen.loops.push_back({.id = 1, .running = true, .tasks = std::move(tasks), .turns = 1, .steps = steps});
  return seen;
}

/// Two looks, a time apart.
top_view after(inspect::snapshot first, std::chrono::nanoseconds between, inspect::snapshot second) {
  const top_view before = look(std::move(first), noon, nullptr);
  return look(std::move(second), noon + between, &before);
}

std::vector<std::string> names_of(const top_view& view, const top_order& order) {
  std::vector<std::string> names;
  for (const std::uint32_t row : rows_of(view, order))
    names.push_back(view.seen.loops[view.tasks[row].loop].tasks[view.tasks[row].task].name);
  return names;
}

/// What is shown, without looks.
std::vector<std::string> text_of(const std::vector<screen_line>& page) {
  std::vector<std::string> lines;
  for (const screen_line& line : page) {
    std::string& text = lines.emplace_back();
    for (const text_run& run : line) text += run.text;
  }
  return lines;
}

/// A user before a terminal.
struct user {
  top_view view;
  std::size_t lines = 24;
  std::size_t columns = 80;
  top_state state{};
  top_subject subject{.name = "31337: shop"};
  std::vector<std::uint32_t> rows{};

  std::vector<std::string> sees() {
    rows = rows_of(view, state.order);
    follow_selected(state, view, rows);
    return text_of(page_of(view, rows, state, subject, lines, columns));
  }
  void presses(std::u32string_view keys) {
    for (const char32_t key : keys) {
      static_cast<void>(sees());
      press(state, key, view, rows);
    }
  }
  void presses(char32_t key) { presses(std::u32string_view(&key, 1)); }
  std::size_t rows_shown() {
    static_cast<void>(sees());
    return rows.size();
  }
  std::string selected() {
    static_cast<void>(sees());
    const task_row& row = view.tasks[rows[state.position]];
    return view.seen.loops[row.loop].tasks[row.task].name;
  }
  bool sees(std::string_view text) {
    for (const std::string& line : sees())
      if (line.contains(text)) return true;
    return false;
  }
};

user with_tasks(std::size_t count) {
  std::vector<inspect::task> tasks;
  for (std::size_t n = 0; n < count; ++n) tasks.push_back(task(n + 1, "task " + std::to_string(n), count - n));
  return {.view = after(process({}), 1s, process(std::move(tasks)))};
}

}  // namespace

TEST(top_view, gives_steps_a_second_of_tasks_that_were_there_before) {
  const top_view view = after(process({task(1, "a", 100)}), 2s, process({task(1, "a", 150), task(2, "b", 7)}));
  EXPECT_EQ(view.tasks[0].steps_per_second, 25);
  EXPECT_EQ(view.tasks[1].steps_per_second, std::nullopt);
  EXPECT_EQ(view.all.steps_per_second, 28.5);  // whoever took them
}

TEST(top_view, knows_that_all_steps_are_new_of_a_task_that_is_younger_than_the_look_before) {
  inspect::task young = task(2, "b", 30);
  young.age = 500ms;
  EXPECT_EQ(after(process({}), 2s, process({young})).tasks[0].steps_per_second, 15);
  EXPECT_EQ(look(process({young}), noon, nullptr).tasks[0].steps_per_second, std::nullopt);
}

TEST(top_view, takes_a_task_for_another_one_where_an_id_was_used_again) {
  inspect::task other_place = task(1, "a", 150);
  other_place.created = 1;
  inspect::task younger = task(1, "a", 150);
  younger.age = 1s;
  const auto rate = [](inspect::task then, inspect::task now) {
    return after(process({std::move(then)}), 2s, process({std::move(now)})).tasks[0].steps_per_second;
  };
  EXPECT_EQ(rate(task(1, "a", 100), task(1, "b", 150)), std::nullopt);
  EXPECT_EQ(rate(task(1, "a", 100), task(1, "a", 50)), std::nullopt);
  EXPECT_EQ(rate(task(1, "a", 100), other_place), std::nullopt);
  EXPECT_EQ(rate(task(1, "a", 100), younger), 75);
}

TEST(top_view, gives_what_a_loop_did_since_the_look_before) {
  inspect::snapshot first = process({});
  inspect::snapshot second = process({});
  first.loops[0].requests = {{"receive", 10, 1, 0}};
  second.loops[0].requests = {{"receive", 20, 3, 2}, {"send", 4, 0, 0}};
  first.loops[0].bytes_received = 1000;
  second.loops[0].bytes_received = 5000;
  second.loops[0].turns = 101;
  first.loops[0].lag[3] = 7;
  second.loops[0].lag[3] = 9;
  second.loops[0].descriptors = 5;
  const top_view view = after(first, 2s, second);
  const loop_row& row = view.loops[0];
  EXPECT_EQ(row.turns_per_second, 50);
  EXPECT_EQ(row.received_per_second, 2000);
  EXPECT_EQ(row.lag[3], 2);
  EXPECT_EQ(row.descriptors, 5);
  ASSERT_EQ(row.operations.size(), 2);
  EXPECT_EQ(row.operations[0].done, 7);
  EXPECT_EQ(row.operations[0].failed, 1);
  EXPECT_EQ(row.operations[1].done, 2);
  EXPECT_EQ(row.operations_per_second(), 9);
}

TEST(top_view, adds_loops_up_and_does_not_mix_them_when_one_goes) {
  inspect::snapshot first = process({task(1, "a", 10)});
  first.loops.push_back({.id = 2, .tasks = {task(9, "z", 10)}, .turns = 5});
  inspect::snapshot second = first;
  second.loops.erase(second.loops.begin());
  second.loops[0].tasks[0].steps = 30;
  second.loops[0].turns = 25;
  EXPECT_EQ(look(first, noon, nullptr).all.tasks(), 2);
  const top_view view = after(first, 2s, second);
  EXPECT_EQ(view.all.tasks(), 1);
  EXPECT_EQ(view.tasks[0].steps_per_second, 10);
  EXPECT_EQ(view.loops[0].turns_per_second, 10);
}

TEST(top_view, keeps_the_slowest_step_of_a_task_and_of_all_that_ever_were) {
  inspect::task slow = task(1, "a", 1);
  slow.state = inspect::task_state::running;
  slow.since = 300ms;
  const top_view first = look(process({slow, task(2, "b", 1)}), noon, nullptr);
  slow.state = inspect::task_state::waiting;
  slow.steps = 2;
  const top_view second = look(process({slow, task(2, "b", 1)}), noon + 1s, &first);
  EXPECT_EQ(second.tasks[0].slowest, 300ms);
  EXPECT_EQ(second.tasks[1].slowest, std::nullopt);
  const top_view third = look(process({}), noon + 2s, &second);
  ASSERT_TRUE(third.slowest);
  EXPECT_EQ(third.slowest->name, "a");
  EXPECT_EQ(third.slowest->function, "shop::nap");
  EXPECT_EQ(third.slowest->lasted, 300ms);
}

TEST(top_view, does_not_take_for_slow_what_it_has_stopped_itself) {
  inspect::task stopped = task(1, "a", 1);
  stopped.state = inspect::task_state::running;
  stopped.since = 3ms;
  inspect::snapshot seen = process({stopped});
  seen.stopped = 4ms;
  EXPECT_EQ(look(seen, noon, nullptr).tasks[0].slowest, std::nullopt);
  seen.stopped = 1ms;
  EXPECT_EQ(look(seen, noon, nullptr).tasks[0].slowest, 2ms);
}

TEST(top_view, takes_how_long_a_step_took_from_samples) {
  inspect::task sampled = task(1, "a", 3);
  sampled.longest_step = 40ms;
  const top_view view = look(process({sampled}), noon, nullptr);
  EXPECT_EQ(view.tasks[0].slowest, 40ms);
  EXPECT_EQ(view.slowest.value().lasted, 40ms);
  sampled.state = inspect::task_state::running;
  sampled.since = 70ms;
  EXPECT_EQ(look(process({sampled}), noon, nullptr).tasks[0].slowest, 70ms);
}

TEST(top_view, gives_the_share_of_time_in_steps_and_their_mean_where_it_is_counted) {
  inspect::task then = task(1, "a", 10);
  then.spent = 1s;
  inspect::task now = task(1, "a", 14);
  now.spent = 2s;
  const top_view view = after(process({then}), 2s, process({now}));
  EXPECT_EQ(view.tasks[0].busy, 0.5);
  EXPECT_EQ(view.tasks[0].slowest, 250ms);
}

TEST(top_view, takes_what_samples_tell_where_time_is_not_counted) {
  inspect::task sampled = task(1, "a", 10);
  sampled.load = 0.25;
  inspect::task counted = task(2, "b", 10);
  counted.spent = 1s;
  counted.load = 0.25;
  const top_view view = after(process({sampled, counted}), 2s, process({sampled, counted}));
  EXPECT_EQ(view.tasks[0].busy, 0.25);
  EXPECT_EQ(view.tasks[1].busy, 0);
}

TEST(top_view, bears_figures_that_make_no_sense) {
  inspect::task then = task(1, "a", 0);
  then.spent = std::chrono::nanoseconds::min();
  inspect::task now = task(1, "a", 1);
  now.spent = std::chrono::nanoseconds::max();
  now.steps = std::numeric_limits<std::uint64_t>::max();
  inspect::snapshot seen = process({now});
  seen.loops[0].lag.fill(std::numeric_limits<std::uint64_t>::max());
  user before{.view = after(process({then}), 1ns, seen), .lines = 50, .columns = 200};
  EXPECT_TRUE(before.sees("SLOWEST"));
  then.spent = 2s;
  now.spent = 1s;
  EXPECT_EQ(after(process({then}), 1s, process({now})).tasks[0].busy, 0);
}

TEST(top_table, begins_with_the_largest_figure_and_with_a_and_the_other_way_round) {
  const top_view view = after(process({task(1, "b", 0), task(2, "c", 0), task(3, "a", 0)}), 1s,
                              process({task(4, "d", 99), task(1, "b", 5), task(2, "c", 9), task(3, "a", 5)}));
  using names = std::vector<std::string>;
  EXPECT_EQ(names_of(view, {}), (names{"c", "b", "a", "d"}));  // of "d" the rate is not known
  EXPECT_EQ(names_of(view, {.reversed = true}), (names{"b", "a", "c", "d"}));
  EXPECT_EQ(names_of(view, {.by = top_column::name}), (names{"a", "b", "c", "d"}));
  EXPECT_EQ(names_of(view, {.by = top_column::name, .reversed = true}), (names{"d", "c", "b", "a"}));
  EXPECT_EQ(names_of(view, {.by = top_column::steps}), (names{"d", "c", "b", "a"}));
}

TEST(top_table, begins_with_the_busiest_task_and_where_two_are_as_busy_with_that_of_more_steps) {
  inspect::task busy = task(1, "busy", 1);
  busy.load = 0.5;
  inspect::task idle = task(2, "idle", 1);
  inspect::task lively = task(3, "lively", 9);
  idle.load = lively.load = 0;
  const top_view view =
      after(process({task(2, "idle", 0), task(1, "busy", 0), task(3, "lively", 0)}), 1s, process({idle, busy, lively}));
  using names = std::vector<std::string>;
  EXPECT_EQ(names_of(view, {}), (names{"busy", "lively", "idle"}));
  EXPECT_EQ(names_of(view, {.reversed = true}), (names{"idle", "lively", "busy"}));
}

TEST(top_table, filters_by_name_by_what_a_task_does_and_by_where) {
  inspect::task busy = task(2, "page", 0);
  busy.activity = "GET http://a/B";
  busy.frames = {1};
  const top_view view = look(process({task(1, "Nap", 0), busy}), noon, nullptr);
  using names = std::vector<std::string>;
  EXPECT_EQ(names_of(view, {.filter = "nap"}), names{"Nap"});
  EXPECT_EQ(names_of(view, {.filter = "get HTTP"}), names{"page"});
  EXPECT_EQ(names_of(view, {.filter = "shop::open"}), names{"page"});
  EXPECT_EQ(names_of(view, {.filter = "sleep"}), (names{"Nap", "page"}));
  EXPECT_EQ(names_of(view, {.filter = "elsewhere"}), names{});
}

TEST(top_table, leaves_out_columns_of_which_nothing_is_known) {
  const auto titles = [](const top_view& view) {
    std::string all;
    for (const placed_column& each : columns_for(view, 300)) all.append(title_of(each.which)).append(" ");
    return all;
  };
  inspect::task known = task(1, "a", 0);
  inspect::snapshot seen = process({known});
  EXPECT_EQ(titles(look(seen, noon, nullptr)), "TASK NAME STATE STEPS/S STEPS AGE SINCE DOES IN ");
  known.spent = 1s;
  seen = process({known});
  seen.loops.push_back({.id = 2});
  EXPECT_EQ(titles(after(seen, 1s, seen)), "LOOP TASK NAME STATE CPU% STEPS/S STEPS AGE SINCE DOES IN ");
}

TEST(top_table, fills_the_width_that_there_is_and_keeps_names_longest) {
  const top_view view = look(process({task(1, "a", 0)}), noon, nullptr);
  for (std::size_t width = 0; width < 300; ++width) {
    const std::vector<placed_column> columns = columns_for(view, width);
    ASSERT_FALSE(columns.empty());
    EXPECT_EQ(std::ranges::count(columns, top_column::name, &placed_column::which), 1);
    std::size_t taken = columns.size() - 1;
    for (const placed_column& each : columns) taken += each.width;
    EXPECT_EQ(taken, width);
  }
}

TEST(top_page, fits_into_every_size) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  user before = with_tasks(100);
  before.view.seen.loops[0].tasks[0].name = "日本語の名前がとても長いので切られる";
  before.subject.problem = "process 31337 is traced";
  for (const std::u32string& keys :
       {std::u32string(), std::u32string(U"/ab"), std::u32string{key_enter, key_tab}, std::u32string(U"h")}) {
    before.state = {};
    before.presses(keys);
    for (before.lines = 0; before.lines < 60; ++before.lines)
      for (before.columns = 0; before.columns < 210; before.columns += before.columns < 30 ? 1 : 17) {
        const std::vector<std::string> seen = before.sees();
        ASSERT_LE(seen.size(), before.lines);
        for (const std::string& line : seen) ASSERT_LE(columns_of(line), before.columns);
      }
  }
}

TEST(top_page, shows_the_lag_as_bars_and_where_most_of_it_lies) {
  inspect::snapshot seen = process({});
  seen.loops[0].lag[2] = 98;
  seen.loops[0].lag[10] = 1;
  seen.loops[0].lag[22] = 1;
  user before{.view = after(process({}), 1s, seen)};
  before.subject.has_blocks = false;
  EXPECT_TRUE(before.sees("lag   1us ..8.......2...........2. 4.2s   half < 4us, 99 % < 1ms, all < 4.2s"));
}

TEST(top_page, sums_up_what_tasks_and_loops_do) {
  inspect::snapshot first = process({task(1, "a", 0)});
  inspect::snapshot second = process({task(1, "a", 1000)});
  second.loops[0].requests = {{"receive", 20, 3, 2}};
  second.loops[0].bytes_sent = 1'234'567;
  second.loops[0].timers = 17;
  second.loops[0].ready = 4;
  user before{.view = after(first, 1s, second)};
  const std::vector<std::string> lines = before.sees();
  EXPECT_EQ(lines[1], "tasks 1: 0 running, 0 ready, 1 waiting; 1000 steps/s");
  EXPECT_EQ(lines[3], "1          1      4    1000       0     25      17         0    0      0   1.2M");
  EXPECT_EQ(lines[4], "ops   receive 25/s (3/s failed)");
}

TEST(top_page, tells_what_was_used_in_tasks_beside_them_and_by_other_threads) {
  inspect::snapshot seen = process({});
  seen.loops[0].load = {.in_steps = 0.5, .beside = 0.1};
  seen.loops.push_back({.id = 2, .load = inspect::loop_load{.in_steps = 0.2}});
  seen.sampled = {.length = 2s, .samples = 390, .load = 0.9};
  user before{.view = look(seen, noon, nullptr)};
  EXPECT_TRUE(before.sees("cpu   90.0%: tasks 70.0%, loops 10.0%, other threads 10.0%   sampled 195/s"));
  before.presses(U"l");
  EXPECT_TRUE(before.sees("cpu   60.0%: tasks 50.0%, loops 10.0%   sampled 195/s"));
}

TEST(top_page, marks_tasks_in_a_deadlock) {
  inspect::snapshot seen = process({task(1, "alice", 0), task(2, "bob", 0), task(3, "dave", 0)});
  seen.loops[0].deadlocks.push_back({.tasks = {0, 1}, .circle = {0, 1}});
  inspect::loop before_it = seen.loops[0];
  before_it.deadlocks.clear();
  seen.loops.insert(seen.loops.begin(), before_it);
  user before{.view = look(seen, noon, nullptr), .columns = 100};
  const std::vector<std::string> lines = before.sees();
  EXPECT_EQ(lines[1], "tasks 6: 0 running, 0 ready, 6 waiting (2 deadlocked)");
  std::string states;
  for (const std::uint32_t row : before.rows)
    states += cell_text(before.view, before.view.tasks[row], {top_column::state, 8}) + "|";
  EXPECT_EQ(states, "waiting |waiting |waiting |deadlock|deadlock|waiting |");
}

TEST(top_page, says_why_a_look_failed) {
  user before = with_tasks(1);
  before.subject.problem = "process 31337 is traced";
  EXPECT_EQ(before.sees().back(), "process 31337 is traced");
}

TEST(top_page, names_chosen_by_a_process_command_nothing) {
  user before{.view = look(process({task(1, "\x1b[2Jgone\n", 0)}), noon, nullptr)};
  EXPECT_TRUE(before.sees("\uFFFD[2Jgone\uFFFD"));
}

TEST(top_state, follows_the_selected_task_to_wherever_it_is_sorted) {
  user before = with_tasks(5);
  before.presses(U"j");
  EXPECT_EQ(before.selected(), "task 1");
  before.presses(U">r");  // by steps, the fewest first
  EXPECT_EQ(before.selected(), "task 1");
  before.presses(key_down);
  EXPECT_EQ(before.selected(), "task 0");
}

TEST(top_state, keeps_the_selected_task_in_sight) {
  user before = with_tasks(100);
  before.presses(key_end);
  EXPECT_EQ(before.selected(), "task 99");
  EXPECT_TRUE(before.sees("task 99 "));
  before.lines = 12;
  EXPECT_TRUE(before.sees("task 99 "));
  before.presses(key_page_up);
  EXPECT_TRUE(before.sees(before.selected() + " "));
  before.presses(key_home);
  EXPECT_EQ(before.selected(), "task 0");
}

TEST(top_state, filters_while_one_types) {
  user before = with_tasks(5);
  before.presses(U"/task 3");
  EXPECT_EQ(before.rows_shown(), 1);
  before.presses(key_backspace);
  EXPECT_EQ(before.rows_shown(), 5);
  before.presses(U"q3");  // no keys now
  EXPECT_EQ(before.rows_shown(), 0);
  EXPECT_TRUE(before.sees("no task matches"));
  before.presses(key_escape);
  EXPECT_EQ(before.rows_shown(), 5);
  EXPECT_FALSE(before.state.quit);
}

TEST(top_state, shows_the_chain_of_the_selected_task_and_says_when_that_has_ended) {
  user before = with_tasks(3);
  before.view.seen.loops[0].tasks[2].awaited_by = {1};
  before.presses(U"j");
  before.presses(key_enter);
  EXPECT_TRUE(before.sees("* Task 'task 1' (made at /src/shop.cpp:25)"));
  EXPECT_TRUE(before.sees("  * Task 'task 2' (made at"));
  EXPECT_FALSE(before.sees("* Task 'task 0'"));
  before.view = look(process({task(1, "task 0", 3)}), noon + 2s, &before.view);
  EXPECT_TRUE(before.sees("It has ended"));
  EXPECT_TRUE(before.sees("* Task 'task 1'"));
  before.presses(key_escape);
  EXPECT_FALSE(before.sees("It has ended"));
}

TEST(top_state, wraps_lines_of_a_chain_and_moves_in_it) {
  user before = with_tasks(1);
  before.columns = 30;
  for (std::uint32_t n = 0; n < 50; ++n) before.view.seen.loops[0].tasks[0].frames.push_back(1);
  before.presses(key_enter);
  EXPECT_TRUE(before.sees("* Task 'task 0' (made at "));
  EXPECT_TRUE(before.sees("       /src/shop.cpp:25)"));
  before.columns = 20;
  EXPECT_TRUE(before.sees("     /src/shop.cpp:2"));  // where no blank is
  EXPECT_TRUE(before.sees("     5)"));
  before.presses(key_tab);
  before.presses(key_end);
  EXPECT_FALSE(before.sees("* Task 'task 0'"));
  EXPECT_TRUE(before.sees("shop::open()"));
}

TEST(top_state, shows_one_loop_at_a_time) {
  inspect::snapshot seen = process({task(1, "a", 10)});
  seen.loops.push_back({.id = 2, .tasks = {task(9, "z", 10)}});
  user before{.view = look(seen, noon, nullptr)};
  EXPECT_EQ(before.rows_shown(), 2);
  before.presses(U"l");
  EXPECT_EQ(before.selected(), "a");
  before.presses(U"l");
  EXPECT_EQ(before.selected(), "z");
  before.presses(U"l");
  EXPECT_EQ(before.rows_shown(), 2);
  before.presses(U"ll");
  before.view = look(process({task(1, "a", 10)}), noon + 1s, &before.view);  // loop 2 is gone
  static_cast<void>(before.sees());
  EXPECT_EQ(before.rows_shown(), 1);
}

TEST(top_state, pauses_changes_the_interval_and_quits) {
  user before = with_tasks(1);
  before.presses(U"p");
  EXPECT_TRUE(before.state.paused);
  EXPECT_TRUE(before.sees("paused"));
  before.presses(U" -");
  EXPECT_FALSE(before.state.paused);
  EXPECT_TRUE(before.sees("every 500ms"));
  before.presses(U"-----+");
  EXPECT_TRUE(before.sees("every 200ms"));
  before.presses(U"h");
  before.presses(key_resized);
  EXPECT_TRUE(before.sees("any key goes back"));
  before.presses(U"q");
  EXPECT_FALSE(before.state.quit);
  before.presses(U"q");
  EXPECT_TRUE(before.state.quit);
}

TEST(cells, cut_and_fill_by_what_a_terminal_shows) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(columns_of("a日本e\u0301"), 6);
  EXPECT_EQ(cut("日本語", 5), "日本");
  EXPECT_EQ(padded("日本語", 5), "日本 ");
  EXPECT_EQ(right_aligned("日", 4), "  日");
  EXPECT_EQ(leading_bytes("日本語", 5), 6);
  ASSERT_NE(std::setlocale(LC_CTYPE, "C"), nullptr);
  EXPECT_EQ(cut("日本", 5), "??");
}

TEST(short_figures, have_at_most_six_columns) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(1.54), "1.5");
  EXPECT_EQ(short_count(9.96), "10");
  EXPECT_EQ(short_count(99'999), "99999");
  EXPECT_EQ(short_count(123'456), "123k");
  EXPECT_EQ(short_count(1'260'000), "1.3M");
  EXPECT_EQ(short_count(999'999'999), "1G");
  EXPECT_EQ(short_size(1'500), "1.5k");
  EXPECT_EQ(short_time(850ns), "850ns");
  EXPECT_EQ(short_time(4'100us), "4.1ms");
  EXPECT_EQ(short_time(999'999us), "1s");
  EXPECT_EQ(short_time(312s), "5m12s");
  EXPECT_EQ(short_time(184min), "3h04m");
  EXPECT_EQ(short_time(300h), "12d");
  EXPECT_EQ(short_time(-5s), "0ns");
}
