#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::url;
using hocket::crawl::host_limits;
using hocket::crawl::scheduler;
using hocket::crawl::scheduler_options;
using hocket::crawl::target;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

target at(std::string_view href, unsigned depth = 0) { return {.url = *url::parse(href), .depth = depth}; }

scheduler with_limits(host_limits limits, bool by_level = false) {
  return scheduler([limits](const url&) { return limits; }, {.by_level = by_level});
}

constexpr host_limits polite{.connections = 1, .delay = 1s};
constexpr host_limits unhurried{.connections = 100};

/// The next URL; "-" if all are done.
coro<std::string> next_of(scheduler& from) {
  auto taken = co_await from.next();
  co_return taken ? taken->url.href() : "-";
}

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

HOCKET_TEST(scheduler, hands_out_what_was_added_in_order) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  EXPECT_EQ(turns.queued(), 3U);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) EXPECT_EQ(co_await next_of(turns), href);
  EXPECT_EQ(turns.queued(), 0U);
  EXPECT_EQ(turns.in_flight(), 3U);
}

HOCKET_TEST(scheduler, is_at_its_end_when_nothing_is_queued_or_under_way) {
  scheduler turns = with_limits(unhurried);
  EXPECT_EQ(co_await next_of(turns), "-");
}

HOCKET_TEST(scheduler, waits_while_a_page_under_way_may_bring_more) {
  scheduler turns = with_limits(unhurried);
  turns.add(at("http://a/1"));
  co_await turns.next();
  auto waiting = create_task(next_of(turns));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  turns.add(at("http://a/2"));
  EXPECT_EQ(co_await waiting, "http://a/2");
}

HOCKET_TEST(scheduler, ends_when_the_last_page_under_way_brought_nothing) {
  scheduler turns = with_limits(unhurried);
  turns.add(at("http://a/1"));
  co_await turns.next();
  auto waiting = create_task(next_of(turns));
  co_await wait_all_tasks_blocked();
  turns.finished(*url::parse("http://a/1"));
  EXPECT_EQ(co_await waiting, "-");
}

HOCKET_TEST(scheduler, takes_hosts_in_turn) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://b/2", "http://c/1"})
    turns.add(at(href));
  std::string order;
  for (int n = 0; n < 6; ++n) order += (co_await next_of(turns)).substr(7) + " ";
  EXPECT_EQ(order, "a/1 b/1 c/1 a/2 b/2 a/3 ");
}

HOCKET_TEST(scheduler, ports_are_hosts_of_their_own) {
  scheduler turns = with_limits({.connections = 1});
  turns.add(at("http://a/1"));
  turns.add(at("http://a:8080/1"));
  EXPECT_EQ(co_await next_of(turns), "http://a/1");
  EXPECT_EQ(co_await next_of(turns), "http://a:8080/1");
}

// ---- politeness

HOCKET_TEST(scheduler, asks_a_host_for_no_more_than_its_connections_at_once) {
  scheduler turns = with_limits({.connections = 2});
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  co_await turns.next();
  co_await turns.next();
  auto third = create_task(next_of(turns));
  co_await hocket::sleep(1h);
  EXPECT_FALSE(third.done());
  turns.finished(*url::parse("http://a/1"));
  EXPECT_EQ(co_await third, "http://a/3");
}

HOCKET_TEST(scheduler, leaves_the_delay_between_the_requests_to_a_host) {
  scheduler turns = with_limits(polite);
  for (int n = 0; n < 5; ++n) turns.add(at(fmt::format("http://example.org/{}", n)));
  const auto begin = now();
  for (int n = 0; n < 5; ++n) {
    const auto taken = co_await turns.next();
    EXPECT_EQ(now() - begin, n * 1s);
    co_await hocket::sleep(200ms);
    turns.finished(taken->url);
  }
}

HOCKET_TEST(scheduler, a_slow_answer_is_waited_for_even_after_the_delay) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://example.org/1"));
  turns.add(at("http://example.org/2"));
  const auto begin = now();
  const auto first = co_await turns.next();
  auto second = create_task(next_of(turns));
  co_await hocket::sleep(10s);
  EXPECT_FALSE(second.done());
  turns.finished(first->url);
  co_await second;
  EXPECT_EQ(now() - begin, 10s);
}

HOCKET_TEST(scheduler, the_delay_is_kept_by_a_host_that_had_nothing_to_do_meanwhile) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://example.org/1"));
  const auto begin = now();
  const auto first = co_await turns.next();
  turns.finished(first->url);
  turns.add(at("http://example.org/2"));
  co_await turns.next();
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(scheduler, one_hosts_delay_does_not_hold_up_another) {
  scheduler turns = with_limits(polite);
  for (const char* href : {"http://a.example/1", "http://a.example/2", "http://b.example/1"}) turns.add(at(href));
  const auto begin = now();
  EXPECT_EQ(co_await next_of(turns), "http://a.example/1");
  EXPECT_EQ(co_await next_of(turns), "http://b.example/1");
  EXPECT_EQ(now(), begin);
}

HOCKET_TEST(scheduler, a_redirect_takes_a_slot_of_its_host) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://example.org/1"));
  turns.add(at("http://example.org/2"));
  const auto begin = now();
  const auto first = co_await turns.next();
  co_await turns.take_slot(*url::parse("http://example.org/moved"));
  EXPECT_EQ(now() - begin, 1s);
  turns.finished(first->url);
  co_await turns.next();
  EXPECT_EQ(now() - begin, 2s);
}

HOCKET_TEST(scheduler, a_slot_of_a_host_without_delay_is_free) {
  scheduler turns = with_limits(unhurried);
  const auto begin = now();
  co_await turns.take_slot(*url::parse("http://127.0.0.1/"));
  EXPECT_EQ(now(), begin);
}

HOCKET_TEST(scheduler, remembers_no_host_whose_slots_are_free) {
  scheduler turns = with_limits(unhurried);
  co_await turns.take_slot(*url::parse("http://a/"));
  EXPECT_TRUE(turns.try_take_slot(*url::parse("http://b/")));
  turns.give_slot_back(*url::parse("http://c/"), hocket::loop::running().time());
  EXPECT_EQ(turns.hosts(), 0U);
}

HOCKET_TEST(scheduler, a_slot_is_taken_at_once_or_not_at_all) {
  scheduler turns = with_limits(polite);
  const url where = *url::parse("http://example.org/");
  EXPECT_TRUE(turns.try_take_slot(where));
  EXPECT_FALSE(turns.try_take_slot(where));
  co_await hocket::sleep(1s);
  EXPECT_TRUE(turns.try_take_slot(where));
}

HOCKET_TEST(scheduler, who_waits_for_a_slot_gets_none_when_waits_are_over) {
  scheduler turns = with_limits({.connections = 1, .delay = 1h});
  const url where = *url::parse("http://example.org/");
  EXPECT_TRUE(co_await turns.take_slot(where));
  const auto begin = now();
  auto waiting = create_task(turns.take_slot(where));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  turns.end_waits();
  EXPECT_FALSE(co_await waiting);
  EXPECT_EQ(now(), begin);
}

HOCKET_TEST(scheduler, nobody_waits_for_a_slot_beyond_his_patience) {
  scheduler turns = with_limits(polite);
  const url where = *url::parse("http://example.org/");
  EXPECT_TRUE(co_await turns.take_slot(where, 0s));
  const auto begin = now();
  EXPECT_FALSE(co_await turns.take_slot(where, 999ms));
  EXPECT_EQ(now(), begin);
  EXPECT_TRUE(co_await turns.take_slot(where, 1s));
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(scheduler, a_url_that_is_put_back_comes_first_when_its_host_has_its_turn) {
  scheduler turns = with_limits(polite);
  for (const char* href : {"http://a/1", "http://a/2", "http://b/1"}) turns.add(at(href));
  const auto begin = now();
  const auto first = co_await turns.next();
  turns.put_back(*first);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://b/1");
  EXPECT_EQ(now(), begin);
  EXPECT_EQ(co_await next_of(turns), "http://a/1");
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(scheduler, a_page_that_is_put_back_waits_for_the_host_to_which_it_has_come) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://a/1"));
  EXPECT_TRUE(turns.try_take_slot(*url::parse("http://b/")));
  auto first = co_await turns.next();
  const auto begin = now();
  target again = *first;
  again.underway = std::make_shared<const hocket::crawl::page_underway>(
      hocket::crawl::page_underway{.place = *url::parse("http://b/2")});
  turns.put_back(again);
  turns.finished(first->url);
  turns.add(at("http://b/1"));
  EXPECT_EQ(co_await next_of(turns), "http://a/1");
  EXPECT_EQ(now() - begin, 1s);
  turns.finished(again.place());
  EXPECT_EQ(co_await next_of(turns), "http://b/1");
  EXPECT_EQ(now() - begin, 2s);
}

HOCKET_TEST(scheduler, nobody_waits_for_a_host_that_wants_to_be_left_alone_for_long) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://b/1"}) turns.add(at(href));
  const auto first = co_await turns.next();
  turns.rest(first->url, 2min);
  turns.finished(first->url);
  turns.add(at("http://a/3"));
  EXPECT_EQ(turns.queued(), 1U);
  EXPECT_EQ(co_await next_of(turns), "http://b/1");
  turns.finished(*url::parse("http://b/1"));
  EXPECT_EQ(co_await next_of(turns), "-");
  std::vector<std::string> left;
  turns.abandon([&left](const target& each) { left.push_back(each.url.href()); });
  EXPECT_EQ(left, (std::vector<std::string>{"http://a/2", "http://a/3"}));
}

HOCKET_TEST(scheduler, hands_over_what_waits_for_a_host_that_is_set_aside) {
  std::vector<std::string> told;
  scheduler_options how;
  how.on_set_aside = [&](const url& host, hocket::time_point until) {
    told.push_back(fmt::format("{} {}", host.host_with_port(), (until.time_since_epoch() - now()) / 1min));
  };
  how.on_waiting = [&](const target& each) { told.push_back(each.url.href()); };
  scheduler turns([](const url&) { return unhurried; }, std::move(how));
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  auto first = co_await turns.next();
  const auto second = co_await turns.next();
  ++first->attempts;
  turns.add_again(*first, 10s, true);
  turns.finished(first->url);
  turns.rest(first->url, 2min);
  turns.add(at("http://a/4"));
  EXPECT_EQ(told, (std::vector<std::string>{"a 2", "http://a/3", "http://a/1", "a 2", "http://a/4"}));
  turns.finished(second->url);
  EXPECT_EQ(co_await next_of(turns), "-");
  std::vector<std::string> left;
  turns.abandon([&left](const target& each) { left.push_back(each.url.href()); });
  EXPECT_EQ(left, (std::vector<std::string>{"http://a/1"}));
}

HOCKET_TEST(scheduler, says_when_the_rest_of_a_host_that_was_set_aside_is_over) {
  std::vector<hocket::duration> told;
  scheduler_options how;
  const auto begin = now();
  how.on_come_back = [&] { told.push_back(now() - begin); };
  how.on_waiting = [](const target&) {};
  how.on_set_aside = [](const url&, hocket::time_point) {};
  scheduler turns([](const url&) { return unhurried; }, std::move(how));
  for (const char* href : {"http://a/1", "http://b/1", "http://c/1"}) turns.add(at(href));
  for (int n = 0; n < 3; ++n) co_await turns.next();
  turns.rest(*url::parse("http://a/"), 2min);  // is under way for longer than that
  turns.rest(*url::parse("http://b/"), 3min);
  turns.finished(*url::parse("http://b/1"));
  turns.rest(*url::parse("http://c/"), 10s);  // is not set aside
  turns.rest(*url::parse("http://d/"), 2min);
  turns.rest(*url::parse("http://d/"), 4min);
  co_await hocket::sleep(1h);
  EXPECT_EQ(told, (std::vector<hocket::duration>{2min, 3min, 4min}));
}

HOCKET_TEST(scheduler, what_is_dropped_of_a_host_that_was_set_aside_is_dropped_whenever_it_comes) {
  std::vector<std::string> told;
  scheduler_options how;
  how.on_waiting = [&](const target& each) { told.push_back(each.url.href()); };
  how.on_set_aside = [](const url&, hocket::time_point) {};
  scheduler turns([](const url&) { return unhurried; }, std::move(how));
  turns.add_again(at("http://a/1"), 10s, false);
  turns.rest(*url::parse("http://a/"), 2min);
  EXPECT_EQ(co_await next_of(turns), "-");
  EXPECT_EQ(told, std::vector<std::string>{"http://a/1"});
  EXPECT_EQ(turns.queued() + turns.aside(), 0U);
}

HOCKET_TEST(scheduler, knows_how_many_are_set_aside) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3", "http://b/1"}) turns.add(at(href));
  const auto first = co_await turns.next();
  turns.rest(first->url, 2min);
  turns.add(at("http://a/4"));
  turns.put_back(*first);
  turns.finished(first->url);
  EXPECT_EQ(turns.aside(), 4U);
  EXPECT_EQ(turns.queued(), 1U);
  co_await hocket::sleep(2min);
  EXPECT_EQ(turns.aside(), 0U);
  EXPECT_EQ(turns.queued(), 5U);
  turns.rest(first->url, 2min);
  turns.abandon_new([](const target&) {});
  EXPECT_EQ(turns.aside() + turns.queued(), 0U);
}

HOCKET_TEST(scheduler, counts_pages_that_were_redirected_and_wait) {
  scheduler turns = with_limits(polite);
  hocket::crawl::page_underway redirected{.place = *url::parse("http://b/")};
  redirected.redirects.push_back({302, *url::parse("http://a/")});
  target page = at("http://a/");
  page.underway = std::make_shared<const hocket::crawl::page_underway>(std::move(redirected));
  for (std::size_t n = 0; n < scheduler::most_redirected; ++n) {
    EXPECT_TRUE(turns.may_wait_elsewhere());
    turns.put_back(page);
    turns.add(at("http://b/1"));
  }
  EXPECT_FALSE(turns.may_wait_elsewhere());
  turns.rest(*url::parse("http://b/"), 10s);
  EXPECT_EQ(co_await next_of(turns), "http://a/");
  EXPECT_TRUE(turns.may_wait_elsewhere());
  turns.abandon([](const target&) {});
  for (std::size_t n = 0; n < scheduler::most_redirected; ++n) turns.add(page);
  EXPECT_FALSE(turns.may_wait_elsewhere());
}

HOCKET_TEST(scheduler, tells_how_long_a_host_rests_in_all) {
  scheduler turns = with_limits(unhurried);
  const url host = *url::parse("http://a/");
  EXPECT_EQ(turns.rest(host, 2min), 2min);
  EXPECT_EQ(turns.rest(host, 10s), 2min);
  EXPECT_EQ(turns.rest(host, 3min), 3min);
  co_return;
}

HOCKET_TEST(scheduler, a_host_that_has_rested_for_long_takes_part_again) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://b/1"}) turns.add(at(href));
  const auto first = co_await turns.next();
  turns.rest(first->url, 2min);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://b/1");  // takes longer than that
  const auto begin = now();
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
  EXPECT_EQ(now() - begin, 2min);
  turns.finished(*url::parse("http://a/2"));
  turns.finished(*url::parse("http://b/1"));
  EXPECT_EQ(co_await next_of(turns), "-");
}

HOCKET_TEST(scheduler, abandon_new_leaves_what_is_to_be_tried_again) {
  scheduler turns = with_limits(unhurried, true);
  for (const char* href : {"http://a/again", "http://a/new"}) turns.add(at(href));
  turns.add(at("http://a/deeper", 1));
  auto first = co_await turns.next();
  ++first->attempts;
  turns.add_again(*first, 10s, false);
  turns.finished(first->url);
  std::vector<std::string> left;
  turns.abandon_new([&left](const target& each) { left.push_back(each.url.href()); });
  EXPECT_EQ(left, (std::vector<std::string>{"http://a/new", "http://a/deeper"}));
  EXPECT_EQ(co_await next_of(turns), "http://a/again");
}

HOCKET_TEST(scheduler, asks_for_the_limits_of_a_host_once) {
  int asked = 0;
  scheduler turns([&asked](const url&) {
    ++asked;
    return unhurried;
  });
  for (int n = 0; n < 5; ++n) turns.add(at(fmt::format("http://a/{}", n)));
  EXPECT_EQ(asked, 1);
  co_return;
}

// ---- trying again

HOCKET_TEST(scheduler, a_postponed_url_comes_after_its_delay_and_before_the_rest) {
  scheduler turns = with_limits({.connections = 1});
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3", "http://a/4"}) turns.add(at(href));
  auto first = co_await turns.next();
  ++first->attempts;
  turns.add_again(*first, 10s, false);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
  co_await hocket::sleep(11s);
  turns.finished(*url::parse("http://a/2"));
  const auto again = co_await turns.next();
  EXPECT_EQ(again->url.href(), "http://a/1");
  EXPECT_EQ(again->attempts, 1U);
}

HOCKET_TEST(scheduler, waits_for_a_postponed_url_when_it_is_the_last) {
  scheduler turns = with_limits(unhurried);
  turns.add(at("http://a/1"));
  const auto begin = now();
  const auto first = co_await turns.next();
  turns.add_again(*first, 10s, false);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://a/1");
  EXPECT_EQ(now() - begin, 10s);
}

HOCKET_TEST(scheduler, postponed_urls_come_in_the_order_of_their_times) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  std::vector<target> taken;
  for (int n = 0; n < 3; ++n) taken.push_back(*co_await turns.next());
  const hocket::duration delays[] = {30s, 10s, 20s};
  for (std::size_t n = 0; n < 3; ++n) {
    turns.add_again(taken[n], delays[n], false);
    turns.finished(taken[n].url);
  }
  std::string order;
  for (int n = 0; n < 3; ++n) order += (co_await next_of(turns)).back();
  EXPECT_EQ(order, "231");
}

HOCKET_TEST(scheduler, a_host_that_asks_for_rest_gets_it_for_all_its_urls) {
  scheduler turns = with_limits(unhurried);
  for (const char* href : {"http://a/1", "http://a/2", "http://b/1"}) turns.add(at(href));
  const auto first = co_await turns.next();
  const auto begin = now();
  turns.add_again(*first, 30s, true);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://b/1");
  EXPECT_EQ(co_await next_of(turns), "http://a/1");
  EXPECT_EQ(now() - begin, 30s);
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
}

HOCKET_TEST(scheduler, two_answers_that_ask_for_rest_give_the_longer_one) {
  scheduler turns = with_limits(unhurried);
  turns.add(at("http://a/1"));
  turns.add(at("http://a/2"));
  const auto first = co_await turns.next();
  const auto second = co_await turns.next();
  const auto begin = now();
  turns.add_again(*first, 30s, true);
  turns.finished(first->url);
  turns.add_again(*second, 5s, true);
  turns.finished(second->url);
  co_await turns.next();
  EXPECT_EQ(now() - begin, 30s);
}

// ---- by level

HOCKET_TEST(scheduler, by_level_hands_out_lesser_depths_first) {
  scheduler turns = with_limits(unhurried, true);
  for (const unsigned depth : {0U, 1U, 2U, 1U, 0U}) turns.add(at(fmt::format("http://a/{}", depth), depth));
  std::vector<unsigned> depths;
  for (int n = 0; n < 5; ++n) {
    const auto taken = co_await turns.next();
    depths.push_back(taken->depth);
    turns.finished(taken->url);
  }
  EXPECT_EQ(depths, (std::vector<unsigned>{0, 0, 1, 1, 2}));
}

HOCKET_TEST(scheduler, by_level_waits_until_the_level_before_is_finished) {
  scheduler turns = with_limits(unhurried, true);
  turns.add(at("http://a/0", 0));
  turns.add(at("http://a/1", 1));
  const auto first = co_await turns.next();
  auto second = create_task(next_of(turns));
  co_await hocket::sleep(1h);
  EXPECT_FALSE(second.done());
  EXPECT_EQ(turns.queued(), 1U);
  turns.finished(first->url);
  EXPECT_EQ(co_await second, "http://a/1");
}

HOCKET_TEST(scheduler, by_level_waits_for_what_is_tried_again) {
  scheduler turns = with_limits(unhurried, true);
  turns.add(at("http://a/0", 0));
  turns.add(at("http://a/1", 1));
  const auto first = co_await turns.next();
  turns.add_again(*first, 10s, false);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://a/0");
}

HOCKET_TEST(scheduler, by_level_passes_over_empty_levels) {
  scheduler turns = with_limits(unhurried, true);
  turns.add(at("http://a/7", 7));
  EXPECT_EQ(co_await next_of(turns), "http://a/7");
}

// ---- ending early

HOCKET_TEST(scheduler, abandon_visits_everything_that_nobody_took) {
  scheduler turns = with_limits(polite, true);
  for (const char* href : {"http://a/taken", "http://a/waiting", "http://a/postponed"}) turns.add(at(href));
  turns.add(at("http://a/deeper", 1));
  const auto first = co_await turns.next();
  turns.add_again(at("http://a/again"), 10s, false);
  std::vector<std::string> left;
  turns.abandon([&left](const target& each) { left.push_back(each.url.href()); });
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left,
            (std::vector<std::string>{"http://a/again", "http://a/deeper", "http://a/postponed", "http://a/waiting"}));
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "-");
}

HOCKET_TEST(scheduler, a_cancelled_wait_takes_nothing) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://a/1"));
  turns.add(at("http://a/2"));
  const auto first = co_await turns.next();
  auto waiting = create_task(next_of(turns));
  co_await wait_all_tasks_blocked();
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  EXPECT_EQ(turns.queued(), 1U);
  turns.finished(first->url);
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
}

HOCKET_TEST(scheduler, may_go_while_hosts_rest) {
  {
    scheduler turns = with_limits(polite);
    turns.add(at("http://a/1"));
    turns.add(at("http://a/2"));
    const auto first = co_await turns.next();
    turns.add_again(*first, 5s, false);
    turns.finished(first->url);
  }
  co_await hocket::sleep(1min);  // no timer of it is left
}

// ---- order

HOCKET_TEST(scheduler, depth_first_hands_out_what_was_found_last) {
  scheduler turns([](const url&) { return unhurried; }, {.order = hocket::crawl::crawl_order::depth_first});
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  std::string order;
  for (int n = 0; n < 3; ++n) order += (co_await next_of(turns)).back();
  EXPECT_EQ(order, "321");
}

HOCKET_TEST(scheduler, hands_out_a_hosts_urls_by_priority_and_then_in_order) {
  scheduler turns = with_limits(unhurried);
  for (const auto& [href, priority] :
       {std::pair{"http://a/1", 0}, {"http://a/2", 1}, {"http://a/3", -1}, {"http://a/4", 1}, {"http://a/5", 0}}) {
    target next = at(href);
    next.priority = priority;
    turns.add(std::move(next));
  }
  std::string order;
  for (int n = 0; n < 5; ++n) order += (co_await next_of(turns)).back();
  EXPECT_EQ(order, "24153");
  EXPECT_EQ(turns.queued(), 0U);
}

HOCKET_TEST(scheduler, a_priority_that_comes_and_goes_leaves_the_others) {
  scheduler turns = with_limits(unhurried);
  std::string order;
  for (const int priority : {0, 1, -1, 0, 2}) {
    for (const int each : {priority, 0}) {
      target next = at(fmt::format("http://a/{}", each));
      next.priority = each;
      turns.add(std::move(next));
    }
    order += (co_await next_of(turns)).substr(9) + " ";
  }
  for (int n = 0; n < 5; ++n) order += (co_await next_of(turns)).substr(9) + " ";
  EXPECT_EQ(order, "0 1 0 0 2 0 0 0 0 -1 ");
}

// ---- hosts that are slow, and hosts that have gone

HOCKET_TEST(scheduler, a_host_that_answers_slowly_gets_twice_the_time_of_its_answers) {
  scheduler turns = with_limits({.connections = 1, .delay = 1s, .adaptive = true});
  for (int n = 0; n < 4; ++n) turns.add(at(fmt::format("http://example.org/{}", n)));
  std::vector<hocket::duration> times;
  for (int n = 0; n < 4; ++n) {
    const auto taken = co_await turns.next();
    times.push_back(now());
    co_await hocket::sleep(n == 0 ? 100ms : 5s);
    turns.answered(taken->url, hocket::loop::running().time() - (n == 0 ? 100ms : 5s));
    turns.finished(taken->url);
  }
  EXPECT_EQ(times[1] - times[0], 1s);
  EXPECT_EQ(times[2] - times[1],
            5s);  // (3 * 0.1 + 5) / 4 is 1.325 s on average of late, twice that less than the answer took
  EXPECT_EQ(times[3] - times[2], 5s);
}

HOCKET_TEST(scheduler, the_time_of_answers_counts_up_to_a_minute) {
  scheduler turns = with_limits({.connections = 2, .delay = 1s, .adaptive = true});
  for (int n = 0; n < 3; ++n) turns.add(at(fmt::format("http://example.org/{}", n)));
  const auto begin = now();
  const auto first = co_await turns.next();
  turns.answered(first->url, hocket::loop::running().time() - 1h);
  turns.finished(first->url);
  co_await turns.next();
  EXPECT_EQ(now() - begin, 1s);  // its slot was reserved before
  co_await turns.next();
  EXPECT_EQ(now() - begin, 61s);
}

HOCKET_TEST(scheduler, forgets_a_host_when_nothing_is_left_of_it_and_its_rest_is_over) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://example.org/1"));
  const auto taken = co_await turns.next();
  turns.finished(taken->url);
  co_await turns.take_slot(*url::parse("http://redirected.example/"));
  EXPECT_EQ(turns.hosts(), 2U);
  co_await hocket::sleep(2s);
  EXPECT_EQ(turns.hosts(), 0U);
}

HOCKET_TEST(scheduler, a_slot_that_was_given_back_is_free_at_once) {
  scheduler turns = with_limits(polite);
  turns.add(at("http://a/1"));
  turns.add(at("http://a/2"));
  const auto begin = now();
  const auto first = co_await turns.next();
  turns.give_slot_back(first->url, hocket::loop::running().time());
  turns.finished(first->url);
  co_await turns.next();
  EXPECT_EQ(now(), begin);
}

HOCKET_TEST(scheduler, a_slot_that_was_given_back_ends_no_rest_that_was_asked_for) {
  scheduler turns = with_limits({.connections = 2, .delay = 1s});
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  const auto first = co_await turns.next();
  const auto second = co_await turns.next();
  const auto begin = now();
  turns.add_again(*first, 30s, true);
  turns.finished(first->url);
  turns.give_slot_back(second->url, hocket::loop::running().time());
  turns.finished(second->url);
  co_await turns.next();
  EXPECT_EQ(now() - begin, 30s);
}

HOCKET_TEST(scheduler, a_slot_that_was_given_back_too_late_leaves_the_next_ones_to_those_who_have_them) {
  scheduler turns = with_limits({.connections = 3, .delay = 1s});
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  const auto first = co_await turns.next();
  const auto begin = hocket::loop::running().time();
  co_await turns.next();
  co_await hocket::sleep(500ms);
  turns.give_slot_back(first->url, begin);
  turns.finished(first->url);
  co_await turns.next();
  EXPECT_EQ(hocket::loop::running().time() - begin, 2s);
}

HOCKET_TEST(scheduler, limits_that_have_changed_hold_from_now_on) {
  host_limits limits = unhurried;
  scheduler turns([&limits](const url&) { return limits; });
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) turns.add(at(href));
  const auto begin = now();
  co_await turns.next();
  limits = {.connections = 2, .delay = 10s};
  turns.renew_limits(*url::parse("http://a/"));
  co_await turns.next();
  EXPECT_EQ(now() - begin, 10s);
}

HOCKET_TEST(scheduler, tells_which_hosts_want_to_be_left_alone_still) {
  scheduler turns = with_limits({.connections = 1, .delay = 5s});
  for (const char* href : {"http://asked/", "http://short/", "http://long:81/"}) turns.add(at(href));
  for (int n = 0; n < 3; ++n) co_await turns.next();
  turns.rest(*url::parse("http://short/"), 10s);
  turns.rest(*url::parse("http://long:81/"), 1h);
  const auto names = [&turns] {
    std::vector<std::string> all;
    for (const auto& each : turns.resting()) all.push_back(each.host.href());
    std::ranges::sort(all);
    return all;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"http://long:81/", "http://short/"}));
  turns.abandon([](const target&) {});
  for (const char* href : {"http://asked/", "http://short/", "http://long:81/"}) turns.finished(*url::parse(href));
  co_await hocket::sleep(10s);
  EXPECT_EQ(names(), (std::vector<std::string>{"http://long:81/"}));
  EXPECT_EQ(turns.resting().front().until.time_since_epoch() - now(), 1h - 10s);
}

// ---- hosts at one address

scheduler two_at_an_address(host_limits limits = unhurried) {
  return scheduler([limits](const url&) { return limits; }, {.per_address = 2});
}

/// Takes the next URL, whose host is found at this address.
coro<std::string> next_at(scheduler& from, std::string address) {
  auto taken = co_await from.next();
  if (from.wants_address(taken->url)) from.found_at(taken->url, address);
  co_return taken->url.href();
}

coro<bool> has_nothing_for_now(scheduler& from) {
  auto waiting = create_task(next_of(from));
  co_await wait_all_tasks_blocked();
  const bool nothing = !waiting.done();
  waiting.cancel();
  static_cast<void>(co_await hocket::as_result(waiting));
  co_return nothing;
}

HOCKET_TEST(scheduler, hosts_at_one_address_share_what_may_be_under_way_there) {
  scheduler turns = two_at_an_address();
  for (const char* href : {"http://a/1", "http://b/1"}) turns.add(at(href));
  EXPECT_EQ(co_await next_at(turns, "192.0.2.1"), "http://a/1");
  EXPECT_EQ(co_await next_at(turns, "192.0.2.1"), "http://b/1");
  for (const char* href : {"http://a/2", "http://b/2", "http://c/1"}) turns.add(at(href));
  EXPECT_EQ(co_await next_at(turns, "192.0.2.2"), "http://c/1");
  EXPECT_TRUE(co_await has_nothing_for_now(turns));
  turns.finished(*url::parse("http://c/1"));
  EXPECT_TRUE(co_await has_nothing_for_now(turns));
  turns.finished(*url::parse("http://b/1"));
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
  EXPECT_TRUE(co_await has_nothing_for_now(turns));
  turns.finished(*url::parse("http://a/1"));
  EXPECT_EQ(co_await next_of(turns), "http://b/2");
  for (const char* href : {"http://a/2", "http://b/2"}) turns.finished(*url::parse(href));
  EXPECT_EQ(co_await next_of(turns), "-");
  EXPECT_EQ(turns.hosts(), 0U);
}

HOCKET_TEST(scheduler, an_address_is_crowded_while_hosts_that_were_found_there_have_too_much_under_way) {
  scheduler turns = two_at_an_address();
  for (const char* href : {"http://a/1", "http://a/2", "http://b/1"}) turns.add(at(href));
  for (int n = 0; n < 3; ++n) co_await turns.next();
  for (const char* href : {"http://a/", "http://b/"}) {
    EXPECT_TRUE(turns.wants_address(*url::parse(href)));
    EXPECT_FALSE(turns.is_crowded(*url::parse(href)));
    turns.found_at(*url::parse(href), "192.0.2.1");
    EXPECT_FALSE(turns.wants_address(*url::parse(href)));
  }
  EXPECT_TRUE(turns.is_crowded(*url::parse("http://a/")));
  turns.put_back(at("http://b/1"));
  turns.finished(*url::parse("http://b/1"));
  EXPECT_FALSE(turns.is_crowded(*url::parse("http://a/")));
  EXPECT_TRUE(co_await has_nothing_for_now(turns));
  turns.finished(*url::parse("http://a/1"));
  EXPECT_EQ(co_await next_of(turns), "http://b/1");
}

HOCKET_TEST(scheduler, a_host_that_is_let_in_at_an_address_and_rests_lets_another_one_in) {
  scheduler turns = two_at_an_address();
  const auto begin = now();
  for (const char* href : {"http://a/1", "http://b/1", "http://c/1"}) turns.add(at(href));
  for (int n = 0; n < 3; ++n) co_await next_at(turns, "192.0.2.1");
  for (const char* href : {"http://a/2", "http://b/2"}) turns.add(at(href));
  for (const char* href : {"http://c/1", "http://b/1"}) turns.finished(*url::parse(href));  // "a" is let in
  turns.rest(*url::parse("http://a/"), 10s);
  EXPECT_EQ(co_await next_of(turns), "http://b/2");
  turns.finished(*url::parse("http://a/1"));
  EXPECT_EQ(co_await next_of(turns), "http://a/2");
  EXPECT_EQ(now() - begin, 10s);
}

HOCKET_TEST(scheduler, what_waits_for_an_address_is_given_up_with_the_rest) {
  scheduler turns = two_at_an_address();
  for (const char* href : {"http://a/1", "http://b/1"}) turns.add(at(href));
  for (int n = 0; n < 2; ++n) co_await next_at(turns, "192.0.2.1");
  for (const char* href : {"http://a/2", "http://b/2"}) turns.add(at(href));
  std::vector<std::string> left;
  turns.abandon([&left](const target& each) { left.push_back(each.url.href()); });
  EXPECT_EQ(left.size(), 2U);
  for (const char* href : {"http://a/1", "http://b/1"}) turns.finished(*url::parse(href));
  EXPECT_EQ(co_await next_of(turns), "-");
  turns.add(at("http://a/3"));
  EXPECT_EQ(co_await next_at(turns, "192.0.2.1"), "http://a/3");
}

}  // namespace
