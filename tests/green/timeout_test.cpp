// What gevent's users expect of its Timeout.

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include <sys/socket.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

#include "pair_of_ends.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

HOCKET_TEST(green_timeout, throws_at_the_wait_once_time_is_up) {
  const auto begin = loop::running().time();
  co_await green::spawn([] {
    green::timeout limit(2s);
    limit.start();
    EXPECT_TRUE(limit.pending());
    EXPECT_THROW(green::sleep(1h), green::timeout_expired);
    EXPECT_FALSE(limit.pending());
    EXPECT_TRUE(limit.expired());
    green::sleep(1s);  // once
  });
  EXPECT_EQ(loop::running().time() - begin, 3s);
}

HOCKET_TEST(green_timeout, throws_at_the_next_wait_if_it_was_over_before) {
  co_await green::spawn([] {
    const auto limit = green::timeout::start_new(0s);
    EXPECT_THROW(
        {
          green::sleep(0s);
          green::sleep(0s);
        },
        green::timeout_expired);
  });
}

HOCKET_TEST(green_timeout, that_is_closed_in_time_never_throws) {
  co_await green::spawn([] {
    green::timeout limit(2s);
    limit.start();
    green::sleep(1s);
    limit.close();
    green::sleep(1h);
    EXPECT_FALSE(limit.expired());
  });
}

HOCKET_TEST(green_timeout, is_closed_by_its_destructor) {
  co_await green::spawn([] {
    {
      const auto limit = green::timeout::start_new(2s);
    }
    green::sleep(1h);
  });
}

HOCKET_TEST(green_timeout, without_a_limit_is_never_over) {
  co_await green::spawn([] {
    const auto limit = green::timeout::start_new(std::nullopt);
    EXPECT_FALSE(limit.limit());
    green::sleep(24h);
    EXPECT_TRUE(limit.pending());
  });
}

HOCKET_TEST(green_timeout, starts_again_from_then_on) {
  co_await green::spawn([] {
    green::timeout limit(2s);
    limit.start();
    EXPECT_THROW(limit.start(), hocket::invalid_state_error);
    EXPECT_THROW(green::sleep(1h), green::timeout_expired);
    limit.close();
    green::sleep(1h);
    limit.start();
    EXPECT_FALSE(limit.expired());
    const auto begin = loop::running().time();
    EXPECT_THROW(green::sleep(1h), green::timeout_expired);
    EXPECT_EQ(loop::running().time() - begin, 2s);
  });
}

HOCKET_TEST(green_timeout, is_told_apart_from_others_that_hold_as_well) {
  co_await green::spawn([] {
    const auto outer = green::timeout::start_new(1s);
    const auto inner = green::timeout::start_new(1h);
    try {
      green::sleep(2h);
      ADD_FAILURE();
    } catch (const green::timeout_expired& late) {
      EXPECT_TRUE(late.is_of(outer));
      EXPECT_FALSE(late.is_of(inner));
    }
    EXPECT_TRUE(inner.pending());
    try {
      green::sleep(2h);
      ADD_FAILURE();
    } catch (const hocket::timeout_error& late) {  // as which it is known elsewhere
      EXPECT_TRUE(dynamic_cast<const green::timeout_expired&>(late).is_of(inner));
    }
  });
}

HOCKET_TEST(green_timeout, throws_for_the_outermost_of_those_that_are_over_at_once) {
  co_await green::spawn([] {
    const auto outer = green::timeout::start_new(1s);
    const auto inner = green::timeout::start_new(1s);
    try {
      green::sleep(2h);
      ADD_FAILURE();
    } catch (const green::timeout_expired& late) {
      EXPECT_TRUE(late.is_of(outer));
    }
    EXPECT_TRUE(inner.expired());
  });
}

HOCKET_TEST(green_timeout, throws_the_error_that_it_was_given) {
  co_await green::spawn([] {
    green::timeout limit(1s, std::make_exception_ptr(std::domain_error("too slow")));
    limit.start();
    EXPECT_THROW(green::sleep(1h), std::domain_error);
  });
}

HOCKET_TEST(green_timeout, holds_through_functions_that_have_limits_of_their_own) {
  co_await green::spawn([] {
    const auto limit = green::timeout::start_new(1s);
    try {
      green::with_timeout(1h, [] { green::sleep(2h); });
      ADD_FAILURE();
    } catch (const green::timeout_expired& late) {
      EXPECT_TRUE(late.is_of(limit));
    }
    EXPECT_THROW(green::with_timeout(1s, [] { green::sleep(2h); }), hocket::timeout_error);
  });
}

HOCKET_TEST(green_timeout, gives_way_to_a_limit_around_it) {
  co_await green::spawn([] {
    bool is_expired = true;
    EXPECT_THROW(green::with_timeout(1s,
                                     [&is_expired] {
                                       const auto limit = green::timeout::start_new(1h);
                                       try {
                                         green::sleep(2h);
                                       } catch (const hocket::cancelled&) {
                                         is_expired = limit.expired();
                                         throw;
                                       }
                                     }),
                 hocket::timeout_error);
    EXPECT_FALSE(is_expired);
  });
}

HOCKET_TEST(green_timeout, leaves_a_cancellation_one_even_if_time_is_up_as_well) {
  auto limited = green::spawn([] {
    const auto limit = green::timeout::start_new(1s);
    green::sleep(1h);
  });
  loop::running().call_later(1s, [&limited] { limited.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(limited));
}

HOCKET_TEST(green_timeout, waits_for_the_end_of_a_shield) {
  const auto begin = loop::running().time();
  co_await green::spawn([] {
    const auto limit = green::timeout::start_new(1s);
    hocket::cancel_scope shield({.shield = true});
    green::with_scope(shield, [] { green::sleep(5s); });
    EXPECT_THROW(green::sleep(1h), green::timeout_expired);
  });
  EXPECT_EQ(loop::running().time() - begin, 5s);
}

HOCKET_TEST(green_timeout, holds_within_a_shield_in_which_it_was_started) {
  co_await green::spawn([] {
    const auto outer = green::timeout::start_new(1s);
    hocket::cancel_scope shield({.shield = true});
    green::with_scope(shield, [] {
      const auto inner = green::timeout::start_new(2s);
      try {
        green::sleep(1h);
        ADD_FAILURE();
      } catch (const green::timeout_expired& late) {
        EXPECT_TRUE(late.is_of(inner));
      }
    });
    EXPECT_THROW(green::sleep(1h), green::timeout_expired);
  });
}

HOCKET_TEST(green_timeout, started_when_an_outer_one_was_over_leaves_a_cancellation_one_as_well) {
  auto limited = green::spawn([] {
    const auto outer = green::timeout::start_new(1s);
    hocket::cancel_scope shield({.shield = true});
    green::with_scope(shield, [] { green::sleep(2s); });
    const auto inner = green::timeout::start_new(3s);
    EXPECT_THROW(green::sleep(0s), green::timeout_expired);  // the outer one's
    green::sleep(1h);
  });
  loop::running().call_later(5s, [&limited] { limited.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(limited));
}

HOCKET_TEST(green_timeout, ends_a_call_of_the_c_library_and_is_thrown_by_the_next_wait) {
  green::patch_all();
  co_await green::spawn([] {
    const pair_of_ends ends;
    const auto limit = green::timeout::start_new(1s);
    char byte = 0;
    EXPECT_EQ(::recv(ends.here, &byte, 1, 0), -1);
    EXPECT_EQ(errno, ECANCELED);
    EXPECT_THROW(green::sleep(0s), green::timeout_expired);
  });
}

HOCKET_TEST(green_timeout, closed_after_such_a_call_is_not_thrown_any_more) {
  green::patch_all();
  co_await green::spawn([] {
    const pair_of_ends ends;
    green::timeout limit(1s);
    limit.start();
    char byte = 0;
    EXPECT_EQ(::recv(ends.here, &byte, 1, 0), -1);
    limit.close();
    EXPECT_TRUE(limit.expired());
    green::sleep(1s);
    EXPECT_EQ(::send(ends.there, "x", 1, 0), 1);
    EXPECT_EQ(::recv(ends.here, &byte, 1, 0), 1);
  });
}

TEST(green_timeout, is_for_green_threads) {
  green::timeout limit(1s);
  EXPECT_THROW(limit.start(), hocket::invalid_state_error);
}

TEST(green_timeout, closed_before_one_that_was_started_later_ends_the_program) {
  const auto program = [] {
    hocket::run(green::run([] {
      green::timeout first(1s);
      green::timeout second(1s);
      first.start();
      second.start();
      first.close();
    }));
  };
  EXPECT_DEATH(program(), "must be left in the reverse order of entering");
}

coro<void> limited_scenario() {
  auto limited = green::spawn([] {
    const auto outer = green::timeout::start_new(3s);
    try {
      const auto inner = green::timeout::start_new(1s);
      green::sleep(2s);
    } catch (const green::timeout_expired&) {
      green::with_timeout(1h, [] { green::sleep(1h); });
    }
  });
  try {
    co_await limited;
  } catch (const hocket::timeout_error&) {
  }
}

TEST(green_timeout, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend())
    for (const auto how : {hocket::testing::cancel_by::task, hocket::testing::cancel_by::scope}) {
      const auto report = hocket::testing::cancel_at_every_suspension(&limited_scenario, {.backend = backend}, how);
      EXPECT_GT(report.cancelled, 1U);
      EXPECT_TRUE(report.none()) << report.to_string();
    }
}

}  // namespace
