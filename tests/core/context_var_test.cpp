#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;

namespace {

hocket::context_var<int> number("number");
hocket::context_var<std::string> user("user", "nobody");

hocket::coro<int> read_number() { co_return number.get(0); }

hocket::coro<void> set_number(int to) {
  number.set(to);
  co_return;
}

// ---- values and tokens

HOCKET_TEST(context_var, has_its_default_until_it_is_set) {
  EXPECT_EQ(user.get(), "nobody");
  user.set("ann");
  EXPECT_EQ(user.get(), "ann");
  co_return;
}

HOCKET_TEST(context_var, refuses_to_be_read_if_it_has_neither_value_nor_default) {
  EXPECT_THROW(static_cast<void>(number.get()), hocket::invalid_state_error);
  co_return;
}

HOCKET_TEST(context_var, prefers_the_default_that_the_caller_gives) {
  EXPECT_EQ(user.get("caller's"), "caller's");
  user.set("ann");
  EXPECT_EQ(user.get("caller's"), "ann");
  co_return;
}

HOCKET_TEST(context_var, knows_its_name) {
  EXPECT_EQ(number.name(), "number");
  co_return;
}

HOCKET_TEST(context_var, has_its_value_before_once_a_set_is_undone) {
  number.set(1);
  auto undo = number.set(2);
  number.reset(undo);
  EXPECT_EQ(number.get(), 1);
  co_return;
}

HOCKET_TEST(context_var, has_no_value_once_its_first_set_is_undone) {
  auto undo = user.set("ann");
  user.reset(undo);
  EXPECT_EQ(user.get(), "nobody");
  EXPECT_EQ(user.get("caller's"), "caller's");
  co_return;
}

HOCKET_TEST(context_var, may_be_undone_in_any_order) {
  auto first = number.set(1);
  auto second = number.set(2);
  number.reset(first);
  EXPECT_EQ(number.get(0), 0);
  number.reset(second);
  EXPECT_EQ(number.get(), 1);
  co_return;
}

HOCKET_TEST(context_var, shows_in_a_token_what_it_was_before) {
  const auto first = number.set(1);
  const auto second = number.set(2);
  EXPECT_EQ(first.old_value(), std::nullopt);
  EXPECT_EQ(second.old_value(), 1);
  co_return;
}

HOCKET_TEST(context_var, refuses_a_token_that_was_used) {
  auto undo = number.set(1);
  number.reset(undo);
  EXPECT_THROW(number.reset(undo), hocket::invalid_state_error);
  co_return;
}

HOCKET_TEST(context_var, refuses_the_token_of_another) {
  static hocket::context_var<int> other("other");
  auto undo = number.set(1);
  EXPECT_THROW(other.reset(undo), hocket::invalid_state_error);
  number.reset(undo);
  EXPECT_EQ(number.get(0), 0);
  co_return;
}

HOCKET_TEST(context_var, refuses_a_token_from_another_context) {
  auto undo = number.set(1);
  bool refused = false;
  auto child = [&]() -> hocket::coro<void> {
    try {
      number.reset(undo);
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    }
    co_return;
  };
  co_await hocket::create_task(child());
  EXPECT_TRUE(refused);
  number.reset(undo);
}

HOCKET_TEST(context_var, destroys_a_value_with_the_last_context_that_has_it) {
  static hocket::context_var<std::shared_ptr<int>> held("held");
  auto token = std::make_shared<int>();
  auto keep = [&]() -> hocket::coro<void> {
    held.set(token);
    co_await hocket::sleep(1s);
  };
  auto work = hocket::create_task(keep());
  co_await hocket::sleep(0s);
  EXPECT_EQ(token.use_count(), 2);
  auto copy = work.context();
  co_await work;
  work = {};
  EXPECT_EQ(token.use_count(), 2);
  copy = {};
  EXPECT_EQ(token.use_count(), 1);
}

/// Uses a variable at its end.
struct user_at_its_end {
  std::string& trace;
  ~user_at_its_end() {
    trace += user.get() + ';';
    static std::array<hocket::context_var<int>, 8> others;
    std::vector<hocket::context_var<int>::token> undo;
    for (auto& each : others) undo.push_back(each.set(1));
    for (std::size_t n = 0; n < others.size(); ++n) others[n].reset(undo[n]);
  }
};

TEST(context_var, may_be_used_by_the_destructor_of_a_value_of_its_context) {
  static hocket::context_var<std::shared_ptr<user_at_its_end>> last("last");
  std::string trace;
  const auto set = [&]() -> hocket::coro<void> {
    user.set("ann");
    last.set(std::make_shared<user_at_its_end>(trace));
    co_return;
  };
  const auto main = [&]() -> hocket::coro<void> {
    hocket::create_task(set());
    co_await hocket::sleep(1ms);
    EXPECT_EQ(trace, "nobody;");  // it died with its task, outside of its context
  };
  hocket::run(main());
}

HOCKET_TEST(context_var, may_be_used_by_the_destructor_of_the_value_that_a_reset_takes_out) {
  static hocket::context_var<std::shared_ptr<user_at_its_end>> last("last");
  std::string trace;
  auto undo = last.set(std::make_shared<user_at_its_end>(trace));
  user.set("ann");
  number.set(1);
  last.reset(undo);
  EXPECT_EQ(trace, "ann;");
  EXPECT_EQ(user.get(), "ann");
  EXPECT_EQ(number.get(0), 1);
  co_return;
}

// ---- tasks

HOCKET_TEST(context_var, is_seen_by_tasks_that_are_made_after_it_was_set) {
  number.set(1);
  EXPECT_EQ(co_await hocket::create_task(read_number()), 1);
}

HOCKET_TEST(context_var, is_copied_when_a_task_is_made_and_not_when_it_begins) {
  number.set(1);
  auto work = hocket::create_task(read_number());
  number.set(2);
  EXPECT_EQ(co_await work, 1);
}

HOCKET_TEST(context_var, is_the_tasks_own_affair_from_then_on) {
  number.set(1);
  co_await hocket::create_task(set_number(2));
  EXPECT_EQ(number.get(), 1);
}

HOCKET_TEST(context_var, is_none_of_a_siblings_affairs) {
  std::vector<int> seen;
  auto child = [&seen](int mine) -> hocket::coro<void> {
    number.set(mine);
    co_await hocket::sleep(1s);
    seen.push_back(number.get());
  };
  co_await hocket::gather(child(1), child(2), child(3));
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  EXPECT_EQ(number.get(0), 0);
}

HOCKET_TEST(context_var, is_shared_with_a_coroutine_that_is_awaited) {
  co_await set_number(7);
  EXPECT_EQ(number.get(), 7);
}

HOCKET_TEST(context_var, is_seen_by_the_children_of_a_group_and_of_a_gather) {
  number.set(7);
  int in_group = 0;
  auto child = [&in_group]() -> hocket::coro<void> {
    in_group = number.get();
    co_return;
  };
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_return;
  });
  EXPECT_EQ(in_group, 7);
  EXPECT_EQ(std::get<0>(co_await hocket::gather(read_number())), 7);
}

HOCKET_TEST(context_var, is_what_the_given_context_says) {
  hocket::context other;
  other.run([] { number.set(9); });
  number.set(1);
  EXPECT_EQ(co_await hocket::create_task(read_number(), {.context = &other}), 9);
}

HOCKET_TEST(context_var, can_be_read_in_the_context_of_a_task) {
  auto work = hocket::create_task(set_number(5));
  co_await work;
  EXPECT_EQ(work.context().run([] { return number.get(); }), 5);
}

// ---- callbacks

HOCKET_TEST(context_var, is_in_a_callback_as_it_was_when_that_was_scheduled) {
  std::string seen;
  const auto note = [&seen] { seen += std::to_string(number.get(0)); };
  number.set(1);
  hocket::loop::running().call_soon(note);
  number.set(2);
  hocket::loop::running().call_later(1s, note);
  number.set(3);
  hocket::loop::running().call_at(hocket::loop::running().time() + 2s, note);
  number.set(4);
  co_await hocket::sleep(3s);
  EXPECT_EQ(seen, "123");
}

HOCKET_TEST(context_var, is_a_callbacks_own_affair) {
  number.set(1);
  hocket::loop::running().call_soon([] { number.set(2); });
  co_await hocket::sleep(1s);
  EXPECT_EQ(number.get(), 1);
}

HOCKET_TEST(context_var, is_passed_on_by_what_a_callback_schedules) {
  int seen = 0;
  hocket::loop::running().call_soon([&seen] {
    number.set(2);
    hocket::loop::running().call_soon([&seen] { seen = number.get(); });
  });
  co_await hocket::sleep(1s);
  EXPECT_EQ(seen, 2);
}

HOCKET_TEST(context_var, is_in_a_done_callback_as_it_was_when_that_was_added) {
  std::string seen;
  number.set(1);
  auto work = hocket::create_task(set_number(9));
  number.set(2);
  work.add_done_callback([&seen] { seen += std::to_string(number.get()); });
  number.set(3);
  work.add_done_callback([&seen](const hocket::task<void>&) { seen += std::to_string(number.get()); });
  hocket::future<int> answer;
  answer.add_done_callback([&seen] { seen += std::to_string(number.get()); });
  number.set(4);
  answer.set_result(7);
  co_await hocket::sleep(1s);
  EXPECT_EQ(seen, "323");  // the future ended first
}

HOCKET_TEST(context_var, is_in_a_callback_from_another_thread_as_it_was_there) {
  int seen = 0;
  number.set(1);
  std::thread([&seen, &loop = hocket::loop::running()] {
    number.set(8);
    loop.call_soon_threadsafe([&seen] { seen = number.get(0); });
    number.set(9);
  }).join();
  co_await hocket::sleep(1s);
  EXPECT_EQ(seen, 8);
  EXPECT_EQ(number.get(), 1);
}

HOCKET_TEST(context_var, is_for_the_exception_handler_what_it_was_for_the_task) {
  int seen = 0;
  bool in_a_task = true;
  hocket::loop::running().set_exception_handler([&](const hocket::exception_context&) {
    seen = number.get(0);
    in_a_task = static_cast<bool>(hocket::current_task());
  });
  auto fail = []() -> hocket::coro<void> {
    number.set(6);
    throw std::runtime_error("broken");
    co_return;
  };
  hocket::create_task(fail());
  co_await hocket::sleep(1s);
  hocket::loop::running().set_exception_handler({});
  EXPECT_EQ(seen, 6);
  EXPECT_FALSE(in_a_task);
}

// ---- contexts

HOCKET_TEST(context, keeps_what_is_set_while_something_runs_in_it) {
  hocket::context other = hocket::copy_context();
  other.run([] { number.set(5); });
  EXPECT_EQ(number.get(0), 0);
  EXPECT_EQ(other.run([] { return number.get(); }), 5);
  co_return;
}

HOCKET_TEST(context, is_left_when_what_runs_in_it_throws) {
  hocket::context other;
  number.set(1);
  EXPECT_THROW(other.run([] {
    number.set(2);
    throw std::runtime_error("broken");
  }),
               std::runtime_error);
  EXPECT_EQ(number.get(), 1);
  co_return;
}

HOCKET_TEST(context, is_given_to_what_is_scheduled_in_it) {
  hocket::context other;
  int seen = 0;
  other.run([&seen] {
    number.set(5);
    hocket::loop::running().call_soon([&seen] { seen = number.get(0); });
  });
  auto work = other.run([] { return hocket::create_task(read_number()); });
  EXPECT_EQ(co_await work, 5);
  EXPECT_EQ(seen, 5);
}

}  // namespace
