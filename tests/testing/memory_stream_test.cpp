#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::testing::memory_stream;
using hocket::testing::memory_streams;

namespace {

coro<std::string> receive_to_end(byte_stream& from) {
  std::string all;
  while (auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

/// The pieces in which bytes come, each in brackets, and how they end.
coro<std::string> pieces_of(byte_stream& from) {
  std::string all;
  for (;;) {
    auto piece = co_await hocket::as_expected(from.receive());
    if (!piece) co_return all + piece.error().message();
    if (piece->empty()) co_return all + "end";
    all.append("[").append(piece->text()).append("]");
  }
}

coro<std::error_code> error_of_receive(byte_stream& from) {
  co_return (co_await hocket::as_expected(from.receive())).error();
}

coro<std::error_code> error_of_send(byte_stream& to, std::string_view bytes) {
  const auto sent = co_await hocket::as_expected(to.send_all(bytes));
  co_return sent ? std::error_code() : sent.error();
}

coro<void> send(byte_stream& to, std::string_view bytes) { co_await to.send_all(bytes); }

}  // namespace

HOCKET_TEST(memory_stream, carries_bytes_both_ways_until_the_end) {
  auto [client, server] = memory_streams();
  co_await client.send_all("question");
  co_await client.shutdown_send();
  EXPECT_EQ(co_await receive_to_end(server), "question");
  const std::array<std::string_view, 2> pieces{"ans", "wer"};
  co_await server.send_all(pieces);
  co_await server.close();
  EXPECT_EQ(co_await receive_to_end(client), "answer");
}

HOCKET_TEST(memory_stream, asks_nothing_of_the_system) {
  auto [client, server] = memory_streams();
  const auto before = loop::running().io().completed();
  co_await client.send_all("x");
  EXPECT_EQ((co_await server.receive()).text(), "x");
  EXPECT_EQ(loop::running().io().completed(), before);
}

HOCKET_TEST(memory_stream, holds_up_who_sends_more_than_it_has_room_for) {
  auto [client, server] = memory_streams({.to_server = {.capacity = 4}});
  auto sending = create_task(send(client, "abcdef"));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  EXPECT_EQ(server.find_layer<memory_stream>()->unread(), 4U);
  EXPECT_EQ((co_await server.receive()).text(), "abcd");
  EXPECT_EQ((co_await server.receive()).text(), "ef");
  co_await sending;
}

HOCKET_TEST(memory_stream, cuts_where_its_script_says) {
  auto [client, server] = memory_streams({.to_server = {.cuts = {2, 1, 0}}});
  co_await client.send_all("abcdef");
  co_await client.close();
  EXPECT_EQ(co_await pieces_of(server), "[ab][c][def]end");
}

HOCKET_TEST(memory_stream, cuts_at_the_same_places_whatever_the_bytes_were_sent_as) {
  auto [client, server] = memory_streams({.to_server = {.cuts = {3}}});
  co_await client.send_all("ab");
  EXPECT_EQ((co_await server.receive()).text(), "ab");
  co_await client.send_all("cdefg");
  co_await client.close();
  EXPECT_EQ(co_await pieces_of(server), "[c][def][g]end");
}

HOCKET_TEST(memory_stream, cuts_at_random_the_same_way_for_the_same_seed) {
  std::vector<std::string> runs;
  for (int run = 0; run < 2; ++run) {
    loop::running().random() = hocket::random_source(7);
    auto [client, server] = memory_streams({.to_server = {.longest_random_piece = 3}});
    co_await client.send_all("abcdefghijklmnop");
    co_await client.close();
    runs.push_back(co_await pieces_of(server));
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NE(runs[0], "[abcdefghijklmnop]end");
}

HOCKET_TEST(memory_stream, delays_bytes_and_the_end_on_the_clock_of_the_loop) {
  auto [client, server] = memory_streams({.to_server = {.delay = 5s}});
  const auto begin = loop::running().time();
  co_await client.send_all("late");
  co_await hocket::sleep(1s);
  co_await client.close();
  EXPECT_EQ((co_await server.receive()).text(), "late");
  EXPECT_EQ(loop::running().time() - begin, 5s);
  EXPECT_TRUE((co_await server.receive()).empty());
  EXPECT_EQ(loop::running().time() - begin, 6s);
}

HOCKET_TEST(memory_stream, ends_without_warning_after_so_many_bytes) {
  auto [client, server] = memory_streams({.to_server = {.end_after = 3}});
  co_await client.send_all("abcdef");
  EXPECT_EQ(co_await pieces_of(server), "[abc]end");
  co_await client.send_all("vanishes");
}

HOCKET_TEST(memory_stream, is_reset_both_ways_after_so_many_bytes) {
  auto [client, server] = memory_streams({.to_server = {.reset_after = 3}});
  EXPECT_EQ(co_await error_of_send(client, "abcdef"), std::errc::connection_reset);
  EXPECT_EQ((co_await server.receive()).text(), "abc");
  EXPECT_EQ(co_await error_of_receive(server), std::errc::connection_reset);
  EXPECT_EQ(co_await error_of_send(server, "x"), std::errc::connection_reset);
  EXPECT_EQ(co_await error_of_receive(client), std::errc::connection_reset);
}

HOCKET_TEST(memory_stream, fails_the_call_that_its_script_names_and_no_other) {
  auto [client, server] = memory_streams({.to_server = {.fail_receive = {.at = 2, .error = std::errc::timed_out},
                                                        .fail_send = {.at = 2, .error = std::errc::network_down}}});
  co_await client.send_all("a");
  EXPECT_EQ(co_await error_of_send(client, "b"), std::errc::network_down);
  EXPECT_EQ((co_await server.receive()).text(), "a");
  co_await client.send_all("c");
  EXPECT_EQ(co_await error_of_receive(server), std::errc::timed_out);
  EXPECT_EQ((co_await server.receive()).text(), "c");
}

HOCKET_TEST(memory_stream, can_be_reset_by_hand) {
  auto [client, server] = memory_streams();
  co_await client.send_all("kept");
  client.find_layer<memory_stream>()->reset();
  EXPECT_EQ((co_await server.receive()).text(), "kept");
  EXPECT_EQ(co_await error_of_receive(server), std::errc::connection_reset);
}

HOCKET_TEST(memory_stream, refuses_what_is_sent_to_an_end_that_is_gone) {
  auto [client, server] = memory_streams();
  co_await server.close();
  EXPECT_EQ(co_await error_of_send(client, "x"), std::errc::broken_pipe);
}

HOCKET_TEST(memory_stream, that_is_closed_with_bytes_unread_resets_its_peer) {
  auto [client, server] = memory_streams();
  co_await client.send_all("unread");
  co_await server.send_all("sent before");
  co_await server.close();
  EXPECT_EQ((co_await client.receive()).text(), "sent before");
  EXPECT_EQ(co_await error_of_receive(client), std::errc::connection_reset);
}

HOCKET_TEST(memory_stream, that_is_aborted_ends_what_is_under_way_on_it) {
  auto [client, server] = memory_streams({.to_server = {.capacity = 1}});
  auto receiving = create_task(error_of_receive(client));
  auto sending = create_task(error_of_send(client, "ab"));
  co_await hocket::testing::wait_all_tasks_blocked();
  client.abort();
  EXPECT_EQ(co_await receiving, std::errc::operation_canceled);
  EXPECT_EQ(co_await sending, std::errc::operation_canceled);
}

HOCKET_TEST(memory_stream, loses_no_byte_when_a_receive_is_cancelled) {
  auto [client, server] = memory_streams();
  auto receiving = create_task(error_of_receive(server));
  co_await hocket::testing::wait_all_tasks_blocked();
  co_await client.send_all("kept");
  receiving.cancel();
  static_cast<void>(co_await hocket::as_result(std::move(receiving)));
  EXPECT_EQ((co_await server.receive()).text(), "kept");
}
