#include <deque>
#include <expected>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::gather;
using hocket::return_exceptions;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

template <class T>
hocket::coro<T> give(T value, hocket::duration after) {
  co_await hocket::sleep(after);
  co_return value;
}

hocket::coro<void> fail(const char* why, hocket::duration after) {
  co_await hocket::sleep(after);
  throw std::runtime_error(why);
}

hocket::coro<int> give_at_once(int value) { co_return value; }

hocket::coro<void> fail_at_once(const char* why) {
  throw std::runtime_error(why);
  co_return;
}

/// What an awaitable throws: the text of a std::exception, "cancelled", or "" for nothing.
template <class Awaitable>
hocket::coro<std::string> thrown_by(Awaitable work) {
  try {
    static_cast<void>(co_await std::move(work), 0);
  } catch (const hocket::cancelled&) {
    co_return "cancelled";
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return "";
}

// ---- results

HOCKET_TEST(gather, gives_results_in_the_order_of_the_arguments) {
  const auto [first, second] = co_await gather(give(1, 2s), give(std::string("two"), 1s));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, "two");
}

HOCKET_TEST(gather, runs_all_at_the_same_time) {
  const auto begin = now();
  co_await gather(hocket::sleep(1s), hocket::sleep(3s), hocket::sleep(2s));
  EXPECT_EQ(now() - begin, 3s);
}

HOCKET_TEST(gather, gives_a_monostate_for_nothing) {
  const auto results = co_await gather(give(1, 1s), hocket::sleep(1s));
  static_assert(std::is_same_v<decltype(results), const std::tuple<int, std::monostate>>);
  EXPECT_EQ(std::get<0>(results), 1);
}

HOCKET_TEST(gather, gives_a_vector_for_a_range) {
  std::vector<hocket::coro<int>> works;
  for (int n = 0; n < 5; ++n) works.push_back(give(n, std::chrono::seconds(5 - n)));
  const auto results = co_await gather(std::move(works));
  EXPECT_EQ(results, (std::vector{0, 1, 2, 3, 4}));
}

HOCKET_TEST(gather, of_nothing_gives_nothing_at_once) {
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_TRUE((co_await gather(std::vector<hocket::coro<int>>{})).empty());
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(gather, gives_results_that_can_only_be_moved) {
  auto make = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  const auto results = co_await gather(make(), make());
  EXPECT_EQ(*std::get<1>(results), 7);
}

HOCKET_TEST(gather, gives_a_tuple_of_one_though_that_one_is_a_pair) {
  const auto results = co_await gather(give(std::pair(1, 2), 1s));
  static_assert(std::is_same_v<decltype(results), const std::tuple<std::pair<int, int>>>);
  EXPECT_EQ(std::get<0>(results), std::pair(1, 2));
}

HOCKET_TEST(gather, gives_a_tuple_of_one_outcome_though_that_one_is_a_pair) {
  const auto outcomes = co_await gather(return_exceptions, give(std::pair(1, 2), 1s));
  EXPECT_EQ(std::get<0>(outcomes).value(), std::pair(1, 2));
}

HOCKET_TEST(gather, leaves_tasks_their_results) {
  auto work = hocket::create_task(give(std::string("seven"), 1s));
  const auto results = co_await gather(work, work);
  EXPECT_EQ(std::get<1>(results), "seven");
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(gather, of_finished_tasks_returns_at_once) {
  auto work = hocket::create_task(give(7, 0s));
  co_await work;
  const std::vector works(3, work);
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ((co_await gather(works)).size(), 3U);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(gather, may_refer_to_the_callers_frame) {
  int sum = 0;
  auto add = [&sum](int n) -> hocket::coro<void> {
    co_await hocket::sleep(std::chrono::seconds(n));
    sum += n;
  };
  co_await gather(add(1), add(2), add(3));
  EXPECT_EQ(sum, 6);
}

// ---- errors

HOCKET_TEST(gather, of_coroutines_throws_the_first_error_when_all_have_ended) {
  bool other_ended = false;
  auto other = [&other_ended]() -> hocket::coro<void> {
    co_await hocket::sleep(5s);
    other_ended = true;
  };
  const auto begin = now();
  EXPECT_EQ(co_await thrown_by(gather(other(), fail("later", 2s), fail("first", 1s))), "first");
  EXPECT_TRUE(other_ended);
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(gather, of_tasks_throws_the_first_error_at_once) {
  auto other = hocket::create_task(hocket::sleep(5s));
  const auto begin = now();
  EXPECT_EQ(co_await thrown_by(gather(other, hocket::create_task(fail("first", 1s)))), "first");
  EXPECT_EQ(now() - begin, 1s);
  EXPECT_FALSE(other.done());
  co_await other;
}

HOCKET_TEST(gather, of_tasks_consumes_the_errors_that_come_later) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  EXPECT_EQ(co_await thrown_by(gather(hocket::create_task(fail("first", 1s)), hocket::create_task(fail("later", 2s)))),
            "first");
  co_await hocket::sleep(5s);
  EXPECT_EQ(told, 0);
  hocket::loop::running().set_exception_handler({});
}

HOCKET_TEST(gather, of_coroutines_consumes_the_errors_that_it_does_not_throw) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  EXPECT_EQ(co_await thrown_by(gather(fail("first", 1s), fail("later", 2s))), "first");
  EXPECT_EQ(told, 0);
  hocket::loop::running().set_exception_handler({});
}

HOCKET_TEST(gather, throws_cancelled_if_a_child_was_cancelled) {
  auto victim = hocket::create_task(hocket::sleep(1h));
  hocket::loop::running().call_later(1s, [&victim] { victim.cancel(); });
  EXPECT_EQ(co_await thrown_by(gather(victim, hocket::create_task(hocket::sleep(5s)))), "cancelled");
  EXPECT_EQ(hocket::current_task().cancelling(), 0U);
}

HOCKET_TEST(gather, gives_errors_as_results_if_asked_to) {
  const auto [good, bad] = co_await gather(return_exceptions, give(7, 1s), fail("broken", 2s));
  EXPECT_EQ(good.value(), 7);
  EXPECT_THROW(std::rethrow_exception(bad.error()), std::runtime_error);
}

HOCKET_TEST(gather, gives_cancellations_of_children_as_results_if_asked_to) {
  auto victim = hocket::create_task(hocket::sleep(1h));
  victim.cancel();
  const std::vector works{victim, hocket::create_task(hocket::sleep(1s))};
  const auto outcomes = co_await gather(return_exceptions, works);
  EXPECT_TRUE(hocket::is_cancelled(outcomes[0].error()));
  EXPECT_TRUE(outcomes[1].has_value());
}

// ---- cancellation

HOCKET_TEST(gather, cancels_all_when_it_is_cancelled_and_waits_until_they_have_ended) {
  std::string trace;
  auto child = [&trace](char name) -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(1s);
    trace += name;
    std::rethrow_exception(outcome.error());
  };
  auto work = hocket::create_task(gather(child('a'), child('b')));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(gather, of_tasks_waits_until_they_have_ended_when_it_is_cancelled) {
  bool cleaned_up = false;
  auto child = [&cleaned_up]() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    co_await hocket::sleep(1s);
    cleaned_up = true;
  };
  auto work = hocket::create_task(gather(hocket::create_task(child()), hocket::create_task(hocket::sleep(1h))));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_TRUE(cleaned_up);
}

HOCKET_TEST(gather, throws_cancelled_when_it_is_cancelled_even_if_errors_are_results) {
  auto work = hocket::create_task(gather(return_exceptions, hocket::sleep(1h), fail("broken", 1s)));
  co_await hocket::sleep(2s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(gather, throws_cancelled_when_it_is_cancelled_even_if_its_children_swallow_it) {
  auto stubborn = []() -> hocket::coro<int> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    co_return 7;
  };
  auto work = hocket::create_task(gather(stubborn(), stubborn()));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(gather, is_deaf_once_it_has_passed_a_cancellation_on) {
  auto child = []() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    co_await hocket::sleep(5s);
  };
  auto work = hocket::create_task(gather(child(), child()));
  co_await wait_all_tasks_blocked();
  const auto begin = now();
  work.cancel();
  co_await hocket::sleep(1s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(now() - begin, 5s);
}

TEST(gather, ends_with_all_its_children_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    int alive = 0;
    auto child = [&alive](int seconds) -> hocket::coro<int> {
      ++alive;
      const auto outcome = co_await hocket::as_result(hocket::sleep(std::chrono::seconds(seconds)));
      if (!outcome) co_await hocket::sleep(1s);
      --alive;
      if (!outcome) std::rethrow_exception(outcome.error());
      co_return seconds;
    };
    auto nested = [&]() -> hocket::coro<int> {
      const auto [a, b] = co_await gather(child(1), child(2));
      co_return a + b;
    };
    const auto outcome = co_await hocket::as_result(gather(child(3), nested(), child(1)));
    EXPECT_EQ(alive, 0);
    if (!outcome) std::rethrow_exception(outcome.error());
  });
  EXPECT_GE(report.runs, 7U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

HOCKET_TEST(gather, of_futures_throws_the_first_error_at_once) {
  hocket::future<int> never;
  hocket::future<int> broken;
  auto work = hocket::create_task(hocket::gather(never, broken));
  co_await hocket::sleep(0s);
  broken.set_exception(std::runtime_error("broken"));
  EXPECT_THROW(co_await work, std::runtime_error);
  EXPECT_FALSE(never.done());
}

HOCKET_TEST(gather, of_tasks_of_several_types_waits_for_their_ends) {
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  std::vector<hocket::any_task> all{hocket::create_task(seven()), hocket::create_task(hocket::sleep(1s))};
  co_await hocket::gather(all);
  EXPECT_TRUE(all[0].done() && all[1].done());
}

// ---- turns

HOCKET_TEST(gather, begins_its_coroutines_in_the_next_turn_in_order) {
  std::string trace;
  auto child = [&trace](char name) -> hocket::coro<void> {
    trace += name;
    co_return;
  };
  hocket::loop::running().call_soon([&trace] { trace += '|'; });
  auto work = hocket::create_task(gather(child('a'), child('b')));
  trace += '.';
  co_await work;
  EXPECT_EQ(trace, ".|ab");
}

HOCKET_TEST(gather, of_coroutines_that_need_not_wait_takes_three_turns) {
  const auto turn = hocket::loop::running().counters().turns;
  co_await gather(give_at_once(1), give_at_once(2));
  EXPECT_EQ(hocket::loop::running().counters().turns - turn, 3U);
}

HOCKET_TEST(gather, wakes_two_turns_after_the_last_coroutine_ended) {
  std::uint64_t ended = 0;
  auto child = [&ended]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ended = hocket::loop::running().counters().turns;
  };
  co_await gather(child(), give_at_once(1));
  EXPECT_EQ(hocket::loop::running().counters().turns - ended, 2U);
}

HOCKET_TEST(gather, makes_no_task_known_of_a_coroutine_that_need_not_wait) {
  std::size_t known = 0;
  auto child = [&known]() -> hocket::coro<void> {
    known = hocket::all_tasks().size();
    co_return;
  };
  const auto before = hocket::all_tasks().size();
  co_await gather(give_at_once(1), child());
  EXPECT_EQ(known, before);
}

// ---- ranges

/// Gives `give_at_once(0)`, `give_at_once(1)` and so on, each once.
class coroutines_made_on_the_way {
 public:
  class iterator {
   public:
    using value_type = hocket::coro<int>;
    using difference_type = std::ptrdiff_t;
    iterator() noexcept = default;
    explicit iterator(int at) noexcept : at_(at) {}
    HOCKET_CORO_WRAPPER hocket::coro<int> operator*() const { return give_at_once(at_); }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    void operator++(int) noexcept { ++at_; }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    int at_ = 0;
  };
  [[nodiscard]] iterator begin() const noexcept { return iterator(0); }
  [[nodiscard]] iterator end() const noexcept { return iterator(4); }
};

HOCKET_TEST(gather, takes_a_range_that_makes_coroutines_on_the_way) {
  const auto made = co_await gather(coroutines_made_on_the_way{});
  EXPECT_EQ(made, (std::vector{0, 1, 2, 3}));
}

HOCKET_TEST(gather, takes_containers_other_than_a_vector) {
  std::deque<hocket::coro<int>> deque;
  deque.push_back(give(1, 2s));
  deque.push_back(give(2, 1s));
  const auto from_deque = co_await gather(std::move(deque));
  EXPECT_EQ(from_deque, (std::vector{1, 2}));
  std::list<hocket::coro<int>> list;
  list.push_back(give(3, 1s));
  const auto from_list = co_await gather(return_exceptions, std::move(list));
  EXPECT_EQ(from_list, (std::vector{std::expected<int, std::exception_ptr>(3)}));
}

HOCKET_TEST(gather, moves_coroutines_out_of_a_view_of_somebodys_container) {
  std::vector<hocket::coro<int>> works;
  for (int n = 0; n < 3; ++n) works.push_back(give_at_once(n));
  const auto results = co_await gather(works | std::views::drop(1));
  EXPECT_EQ(results, (std::vector{1, 2}));
  EXPECT_TRUE(works[0]);
  EXPECT_FALSE(works[1]);
}

HOCKET_TEST(gather, leaves_tasks_in_a_view_where_they_are) {
  const std::vector works{hocket::create_task(give(1, 1s)), hocket::create_task(give(2, 1s))};
  const auto results = co_await gather(works | std::views::reverse);
  EXPECT_EQ(results, (std::vector{2, 1}));
  EXPECT_EQ(works[0].result(), 1);
}

HOCKET_TEST(gather, takes_a_range_of_operations) {
  const auto begin = now();
  auto lengths = {1, 3, 2};
  co_await gather(lengths | std::views::transform([](int n) { return hocket::sleep(std::chrono::seconds(n)); }));
  EXPECT_EQ(now() - begin, 3s);
}

HOCKET_TEST(gather, of_an_empty_range_of_anything_returns_at_once) {
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_TRUE((co_await gather(std::vector<hocket::task<int>>{})).empty());
  EXPECT_TRUE((co_await gather(return_exceptions, std::vector<hocket::coro<int>>{})).empty());
  co_await gather(std::vector<hocket::coro<void>>{});
  co_await gather();
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(gather, gives_move_only_results_of_a_range) {
  auto make = [](int n) -> hocket::coro<std::unique_ptr<int>> {
    co_await hocket::sleep(1s);
    co_return std::make_unique<int>(n);
  };
  std::vector<hocket::coro<std::unique_ptr<int>>> works;
  for (int n = 0; n < 3; ++n) works.push_back(make(n));
  const auto results = co_await gather(std::move(works));
  EXPECT_EQ(*results[2], 2);
}

HOCKET_TEST(gather, gives_the_value_of_a_coroutine_that_gives_a_reference) {
  int number = 7;
  auto refer = [&number]() -> hocket::coro<int&> { co_return number; };
  const auto results = co_await gather(refer(), give_at_once(1));
  number = 8;
  EXPECT_EQ(results, std::tuple(7, 1));
}

HOCKET_TEST(gather, may_mix_tasks_and_coroutines) {
  auto work = hocket::create_task(give(1, 2s));
  EXPECT_EQ(co_await gather(work, give(2, 1s)), std::tuple(1, 2));
  EXPECT_EQ(work.result(), 1);
}

HOCKET_TEST(gather, waits_for_all_if_tasks_and_coroutines_are_mixed) {
  auto work = hocket::create_task(fail("first", 1s));
  const auto begin = now();
  EXPECT_EQ(co_await thrown_by(gather(work, hocket::sleep(5s))), "first");
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(gather, cancels_tasks_and_coroutines_that_are_mixed) {
  auto work = hocket::create_task(hocket::sleep(1h));
  auto both = hocket::create_task(gather(work, hocket::sleep(1h)));
  co_await wait_all_tasks_blocked();
  both.cancel();
  EXPECT_TRUE(co_await ends_cancelled(both));
  EXPECT_TRUE(work.was_cancelled());
}

// ---- errors, once more

/// Throws when it is moved for the n-th time.
struct throws_when_moved {
  int left;
  explicit throws_when_moved(int moves) noexcept : left(moves) {}
  throws_when_moved(throws_when_moved&& other) : left(other.left - 1) {
    if (left <= 0) throw std::runtime_error("cannot be moved");
  }
};

HOCKET_TEST(gather, takes_a_value_that_cannot_be_moved_for_an_error) {
  auto make = [](int moves, hocket::duration after) -> hocket::coro<throws_when_moved> {
    if (after > 0s) co_await hocket::sleep(after);
    co_return throws_when_moved(moves);
  };
  for (int moves = 1; moves <= 4; ++moves) {
    EXPECT_EQ(co_await thrown_by(gather(make(moves, 0s), hocket::sleep(1s))), "cannot be moved");
    EXPECT_EQ(co_await thrown_by(gather(make(moves, 1s), hocket::sleep(1s))), "cannot be moved");
  }
}

HOCKET_TEST(gather, throws_the_error_of_a_first_step_before_one_that_comes_later) {
  EXPECT_EQ(co_await thrown_by(gather(fail("later", 1s), fail_at_once("at once"))), "at once");
}

HOCKET_TEST(gather, of_coroutines_throws_cancelled_if_one_of_them_ended_so_first) {
  auto give_up = []() -> hocket::coro<void> {
    hocket::current_task().cancel();
    co_await hocket::sleep(1h);
  };
  EXPECT_EQ(co_await thrown_by(gather(give_up(), fail("later", 1s))), "cancelled");
  EXPECT_EQ(hocket::current_task().cancelling(), 0U);
}

// ---- cancellation, once more

HOCKET_TEST(gather, cancelled_before_its_coroutines_have_begun_runs_none_of_them) {
  bool ran = false;
  auto child = [&ran]() -> hocket::coro<void> {
    ran = true;
    co_return;
  };
  auto work = hocket::create_task(gather(child(), child()));
  hocket::loop::running().call_soon([&work] { work.cancel(); });  // it has begun to wait, they have not begun
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_FALSE(ran);
}

HOCKET_TEST(gather, that_a_child_cancels_in_its_first_step_cancels_all_and_begins_no_other) {
  std::string trace;
  hocket::task<std::tuple<std::monostate, int, int>> work;
  auto waits = [&trace]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    trace += 'a';
    std::rethrow_exception(outcome.error());
  };
  auto cancels = [&]() -> hocket::coro<int> {
    work.cancel();
    trace += std::to_string(hocket::current_task().cancelling());
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    trace += 'b';
    std::rethrow_exception(outcome.error());
  };
  auto comes_late = [&trace]() -> hocket::coro<int> {
    trace += 'c';
    co_return 1;
  };
  const auto begin = now();
  work = hocket::create_task(gather(waits(), cancels(), comes_late()));
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "1ab");
  EXPECT_EQ(now(), begin);
  work = {};
}

HOCKET_TEST(gather, that_a_child_cancels_as_it_ends_in_its_first_step_is_cancelled) {
  hocket::task<std::tuple<int, std::monostate>> work;
  auto cancels = [&]() -> hocket::coro<int> {
    work.cancel();
    co_return 1;
  };
  work = hocket::create_task(gather(cancels(), hocket::sleep(1h)));
  EXPECT_TRUE(co_await ends_cancelled(work));
  work = {};
}

HOCKET_TEST(gather, cancelled_when_all_have_ended_but_it_has_not_heard_of_it_throws_cancelled) {
  std::string trace;
  auto child = [&trace]() -> hocket::coro<int> {
    trace += "ended ";
    co_return 1;
  };
  hocket::task<std::tuple<int, int>> work = hocket::create_task(gather(child(), child()));
  co_await hocket::sleep(0s);
  co_await hocket::sleep(0s);
  EXPECT_EQ(trace, "ended ended ");
  EXPECT_FALSE(work.done());
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(gather, cancelled_while_some_have_ended_and_some_wait_cancels_those_that_wait) {
  bool interrupted = false;
  auto waits = [&interrupted]() -> hocket::coro<int> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    interrupted = !outcome.has_value();
    co_return 2;
  };
  auto work = hocket::create_task(gather(return_exceptions, give_at_once(1), waits(), fail("broken", 1s)));
  co_await hocket::sleep(2s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_TRUE(interrupted);
}

HOCKET_TEST(gather, inside_a_gather_passes_a_cancellation_on) {
  int interrupted = 0;
  auto waits = [&interrupted]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    ++interrupted;
    std::rethrow_exception(outcome.error());
  };
  auto work = hocket::create_task(gather(gather(waits(), waits()), gather(waits(), waits())));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(interrupted, 4);
}

}  // namespace
