#include <optional>
#include <string>
#include <system_error>

#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::buffer;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::timeout_error;
using hocket::wait_for;
using hocket::with_timeout;
using hocket::with_timeout_at;
using hocket::testing::connect_on_loopback;

namespace {

static_assert(sizeof(wait_for(std::declval<hocket::detail::receive_operation>(), 1s)) ==
              sizeof(hocket::detail::receive_operation));

template <class Error, class Work>
coro<bool> throws(Work work) {
  const auto outcome = co_await as_result(std::move(work));
  if (outcome) co_return false;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const Error&) {
    co_return true;
  } catch (...) {
    co_return false;
  }
}

coro<buffer> receive_within(hocket::tcp_socket& from, hocket::delay limit) {
  co_return co_await with_timeout(limit, from.receive());
}

HOCKET_TEST(a_limited_operation, gives_what_it_would_without_a_limit) {
  auto [client, server] = co_await connect_on_loopback();
  co_await with_timeout(1s, client.send_all("in time"));
  EXPECT_EQ((co_await with_timeout(1s, server.receive())).text(), "in time");
  auto late = create_task(receive_within(server, 2s));
  co_await hocket::sleep(1s);
  co_await wait_for(client.send_all("later"), 1s);
  EXPECT_EQ((co_await late).text(), "later");
}

HOCKET_TEST(a_limited_operation, throws_when_its_time_is_up_and_no_earlier) {
  auto [client, server] = co_await connect_on_loopback();
  const auto begin = loop::running().time();
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(5s, server.receive())));
  EXPECT_EQ(loop::running().time() - begin, 5s);
  EXPECT_TRUE(co_await throws<timeout_error>(wait_for(server.receive(), 2s)));
  EXPECT_EQ(loop::running().time() - begin, 7s);
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout_at(begin + 8s, server.receive())));
  EXPECT_EQ(loop::running().time() - begin, 8s);
}

HOCKET_TEST(a_limited_operation, counts_from_when_it_is_awaited) {
  auto [client, server] = co_await connect_on_loopback();
  auto receiving = with_timeout(2s, server.receive());
  co_await hocket::sleep(1h);
  const auto begin = loop::running().time();
  EXPECT_TRUE(co_await throws<timeout_error>(std::move(receiving)));
  EXPECT_EQ(loop::running().time() - begin, 2s);
}

HOCKET_TEST(a_limited_operation, without_a_deadline_waits_as_long_as_it_takes) {
  auto [client, server] = co_await connect_on_loopback();
  auto receiving = create_task(with_timeout_at(std::nullopt, server.receive()));
  co_await hocket::sleep(24h);
  co_await client.send_all("at last");
  EXPECT_EQ((co_await receiving).text(), "at last");
}

HOCKET_TEST(a_limited_operation, loses_no_byte_when_its_time_is_up) {
  auto [client, server] = co_await connect_on_loopback();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(1ms, server.receive())));
  co_await client.send_all("all of it");
  EXPECT_EQ((co_await server.receive()).text(), "all of it");
}

HOCKET_TEST(a_limited_operation, whose_deadline_has_passed_is_tried_once) {
  auto [client, server] = co_await connect_on_loopback();
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(-1s, server.receive())));
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout_at(loop::running().time() - 1h, server.receive())));
}

HOCKET_TEST(a_limited_operation, is_not_even_started_by_wait_for_if_there_is_no_time) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("kept");
  EXPECT_TRUE(co_await throws<timeout_error>(wait_for(server.receive(), 0s)));
  EXPECT_TRUE(co_await throws<timeout_error>(wait_for(server.send_all(""), 0s)));
  EXPECT_EQ((co_await server.receive()).text(), "kept");
}

HOCKET_TEST(a_limited_operation, does_not_take_a_cancellation_for_its_own) {
  auto [client, server] = co_await connect_on_loopback();
  auto receiving = create_task(receive_within(server, 1h));
  co_await hocket::sleep(1s);
  receiving.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(std::move(receiving)));
}

HOCKET_TEST(a_limited_operation, yields_to_a_cancellation_that_comes_in_the_same_turn) {
  auto [client, server] = co_await connect_on_loopback();
  auto receiving = create_task(receive_within(server, 5s));
  co_await hocket::sleep(0s);
  loop::running().call_later(5s, [&] { receiving.cancel(); });
  static_cast<void>(co_await as_result(receiving));
  EXPECT_TRUE(receiving.was_cancelled());
}

HOCKET_TEST(a_limited_operation, is_refused_before_it_starts_when_a_cancellation_is_due) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("kept");
  auto receiving = create_task([](hocket::tcp_socket& from) -> coro<void> {
    hocket::task_base::require_current().cancel();
    static_cast<void>(co_await with_timeout(1s, from.receive()));
  }(server));
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(std::move(receiving)));
  EXPECT_EQ((co_await server.receive()).text(), "kept");
}

HOCKET_TEST(a_limited_operation, leaves_the_report_to_the_outer_limit_if_both_expire_together) {
  auto [client, server] = co_await connect_on_loopback();
  hocket::timeout outer(5s);
  const auto inner_timed_out = [](hocket::tcp_socket& from) -> coro<bool> {
    co_return co_await throws<timeout_error>(with_timeout(5s, from.receive()));
  };
  const auto outcome = co_await as_result(outer.run(inner_timed_out(server)));
  EXPECT_TRUE(outer.expired());
  EXPECT_FALSE(outcome && *outcome);
}

HOCKET_TEST(a_limited_operation, may_be_limited_once_more) {
  auto [client, server] = co_await connect_on_loopback();
  const auto begin = loop::running().time();
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(1s, with_timeout(3s, server.receive()))));
  EXPECT_EQ(loop::running().time() - begin, 1s);
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(3s, with_timeout(1s, server.receive()))));
  EXPECT_EQ(loop::running().time() - begin, 2s);
}

HOCKET_TEST(a_limited_operation, ends_with_the_error_of_the_system_before_its_time_is_up) {
  auto [client, server] = co_await connect_on_loopback();
  auto receiving = create_task(receive_within(server, 1h));
  co_await hocket::sleep(1s);
  hocket::testing::reset(client);
  EXPECT_TRUE(co_await throws<std::system_error>(std::move(receiving)));
  auto other = co_await connect_on_loopback();
  auto closed_under_it = create_task(receive_within(other.server, 1h));
  co_await hocket::sleep(1s);
  other.server.close();
  EXPECT_TRUE(co_await throws<std::system_error>(std::move(closed_under_it)));
}

HOCKET_TEST(a_limited_operation, leaves_no_timer_behind) {
  auto [client, server] = co_await connect_on_loopback();
  const auto begin = loop::running().time();
  auto receiving = create_task(receive_within(server, 1h));
  co_await hocket::testing::wait_all_tasks_blocked();
  co_await client.send_all("x");
  static_cast<void>(co_await receiving);
  co_await hocket::sleep(2h);
  EXPECT_EQ(loop::running().time() - begin, 2h);
}

HOCKET_TEST(a_limited_operation, may_be_closed_in_the_turn_in_which_its_time_is_up) {
  for (const bool close_first : {true, false}) {
    auto [client, server] = co_await connect_on_loopback();
    if (close_first) loop::running().call_later(5s, [&server] { server.close(); });
    auto receiving = create_task(receive_within(server, 5s));
    co_await hocket::sleep(0s);
    if (!close_first) loop::running().call_later(5s, [&server] { server.close(); });
    const auto outcome = co_await as_result(std::move(receiving));
    EXPECT_FALSE(outcome);
  }
}

HOCKET_TEST(a_limited_operation, that_sends_ends_while_the_peer_does_not_read) {
  auto [client, server] = co_await connect_on_loopback();
  const std::string much(64U << 20, 'x');
  EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(10s, client.send_all(much))));
}

HOCKET_TEST(a_limited_operation, goes_through_a_byte_stream_and_its_layers) {
  auto [client, server] = co_await connect_on_loopback();
  byte_stream plain(std::move(server));
  auto [here, there] = hocket::testing::memory_streams();
  for (byte_stream* each : {&plain, &here}) {
    const auto begin = loop::running().time();
    EXPECT_TRUE(co_await throws<timeout_error>(with_timeout(5s, each->receive())));
    EXPECT_TRUE(co_await throws<timeout_error>(with_timeout_at(begin + 6s, each->receive())));
    EXPECT_EQ(loop::running().time() - begin, 6s);
    EXPECT_TRUE(co_await throws<timeout_error>(wait_for(each->receive(), 0s)));
    auto receiving = create_task(wait_for(each->receive(), 1h));
    co_await hocket::sleep(1s);
    if (each == &plain)
      co_await with_timeout(1s, client.send_all("bytes"));
    else
      co_await with_timeout(1s, there.send_all("bytes"));
    EXPECT_EQ((co_await receiving).text(), "bytes");
  }
}

HOCKET_TEST(a_limited_operation, is_still_told_as_an_error_that_is_not_thrown) {
  auto [client, server] = co_await connect_on_loopback();
  hocket::testing::reset(client);
  const auto received = co_await hocket::as_expected(with_timeout(1s, server.receive()));
  EXPECT_FALSE(received);
}

HOCKET_TEST(a_limited_operation, is_one_of_many_that_expire_and_complete_in_any_order) {
  constexpr int count = 200;
  std::vector<hocket::testing::connected_sockets> pairs;
  for (int i = 0; i < count; ++i) pairs.push_back(co_await connect_on_loopback());
  std::vector<hocket::task<buffer>> receiving;
  for (int i = 0; i < count; ++i)
    receiving.push_back(
        create_task(receive_within(pairs[static_cast<std::size_t>(i)].server, 1ms * (1 + i * 7919 % 100))));
  co_await hocket::sleep(50ms + 500us);
  for (auto& each : pairs) co_await each.client.send_all("x");
  int in_time = 0;
  for (int i = 0; i < count; ++i) {
    const auto outcome = co_await as_result(std::move(receiving[static_cast<std::size_t>(i)]));
    const bool had_time = 1 + i * 7919 % 100 > 50;
    EXPECT_EQ(outcome.has_value(), had_time) << i;
    in_time += outcome.has_value() ? 1 : 0;
  }
  EXPECT_EQ(in_time, count / 2);
}

TEST(a_limited_operation_without_memory, fails_before_it_starts) {
  const auto scenario = []() -> coro<void> {
    auto [client, server] = co_await connect_on_loopback();
    const auto first = co_await as_result(with_timeout(1ms, server.receive()));
    co_await client.send_all("kept");
    EXPECT_EQ((co_await server.receive()).text(), "kept");
    if (!first) std::rethrow_exception(first.error());
  };
  try {
    static_cast<void>(hocket::testing::fail_each_allocation([&]() -> coro<void> {
      try {
        co_await scenario();
      } catch (const timeout_error&) {
      }
    }));
  } catch (const hocket::error& problem) {
    ADD_FAILURE() << problem.what();
  }
}

}  // namespace
