#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <io/stream_pairs.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::incomplete_read_error;
using hocket::limit_overrun_error;
using hocket::loop;
using hocket::stream_reader;
using hocket::testing::connect_in_memory;
using hocket::testing::memory_stream;
using hocket::testing::stream_and_peer;
using hocket::testing::throws;

namespace {

coro<void> send_and_close(byte_stream& to, std::string_view bytes) {
  co_await to.send_all(bytes);
  co_await to.close();
}

/// What `reading` gave, or its error in words.
coro<std::string> told(coro<std::string> reading) {
  try {
    co_return co_await std::move(reading);
  } catch (const incomplete_read_error& error) {
    co_return "incomplete '" + error.partial() + "' of " +
        (error.expected() ? std::to_string(*error.expected()) : "nothing in particular");
  } catch (const limit_overrun_error&) {
    co_return "over the limit";
  } catch (const std::system_error& error) {
    co_return error.code().message();
  }
}

using reads = coro<std::string> (*)(stream_reader& reader);

/// All that the same reads give, whatever pieces the bytes come in: cut once at each place, into single bytes, at random, and
/// not at all.
coro<std::string> whatever_the_cuts(std::string_view bytes, reads read, std::size_t limit = 64) {
  std::vector<hocket::testing::memory_link_options> links{{}, {.cuts = {1}}, {.longest_random_piece = 3}};
  for (std::size_t at = 1; at < bytes.size(); ++at) links.push_back({.cuts = {at, 0}});
  std::string first;
  for (const auto& link : links) {
    auto [reader, writer, peer] = connect_in_memory({.to_client = link}, limit);
    co_await send_and_close(peer, bytes);
    const std::string all = co_await read(reader);
    if (&link == &links.front()) first = all;
    EXPECT_EQ(all, first) << "cut into " << (link.cuts.empty() ? 0 : link.cuts.front());
  }
  co_return first;
}

}  // namespace

HOCKET_TEST(stream_reader, reads_some_bytes_as_soon_as_there_are_any) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("abc");
  EXPECT_EQ(co_await reader.read(100), "abc");
}

HOCKET_TEST(stream_reader, reads_no_more_than_it_is_asked_for_and_keeps_the_rest) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("abcde");
  EXPECT_EQ(co_await reader.read(2), "ab");
  EXPECT_EQ(reader.buffered(), 3U);
  EXPECT_EQ(co_await reader.read(100), "cde");
}

HOCKET_TEST(stream_reader, reads_nothing_without_waiting_if_asked_for_nothing) {
  auto [reader, writer, peer] = connect_in_memory();
  EXPECT_EQ(co_await reader.read(0), "");
  EXPECT_EQ(co_await reader.readexactly(0), "");
}

HOCKET_TEST(stream_reader, reads_everything_up_to_the_end_whatever_the_cuts) {
  const std::string all = co_await whatever_the_cuts(
      "some\nbytes", [](stream_reader& from) -> coro<std::string> { co_return co_await from.read(); });
  EXPECT_EQ(all, "some\nbytes");
}

HOCKET_TEST(stream_reader, is_at_its_end_when_a_read_has_seen_it_and_nothing_is_left) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await send_and_close(peer, "ab");
  EXPECT_FALSE(reader.at_eof());
  EXPECT_EQ(co_await reader.readexactly(2), "ab");
  EXPECT_FALSE(reader.at_eof());  // nobody has looked
  EXPECT_EQ(co_await reader.read(1), "");
  EXPECT_TRUE(reader.at_eof());
  EXPECT_EQ(co_await reader.read(1), "");
  EXPECT_EQ(co_await reader.readline(), "");
}

HOCKET_TEST(stream_reader, asks_for_bytes_only_when_somebody_reads_and_too_few_are_at_hand) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("one\ntwo\n");
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(reader.buffered(), 0U);
  EXPECT_EQ(co_await reader.readline(), "one\n");
  co_await peer.send_all("three\n");
  EXPECT_EQ(co_await reader.readline(), "two\n");
  EXPECT_EQ(reader.buffered(), 0U);
}

HOCKET_TEST(stream_reader, reads_exactly_so_many_bytes_whatever_the_cuts) {
  const std::string all = co_await whatever_the_cuts("abcdefg", [](stream_reader& from) -> coro<std::string> {
    std::string pieces;
    for (const std::size_t count : {3U, 0U, 1U, 2U}) pieces += co_await from.readexactly(count) + "|";
    co_return pieces + co_await told(from.readexactly(9)) + "|" + co_await told(from.readexactly(1));
  });
  EXPECT_EQ(all, "abc||d|ef|incomplete 'g' of 9|incomplete '' of 1");
}

HOCKET_TEST(stream_reader, reads_exactly_more_bytes_than_its_limit) {
  auto [reader, writer, peer] = connect_in_memory({}, 4);
  co_await peer.send_all("0123456789");
  EXPECT_EQ(co_await reader.readexactly(10), "0123456789");
}

HOCKET_TEST(stream_reader, reads_lines_whatever_the_cuts) {
  const std::string all =
      co_await whatever_the_cuts("one\n\ntwo\r\nrest", [](stream_reader& from) -> coro<std::string> {
        std::string lines;
        while (true) {
          const std::string line = co_await from.readline();
          if (line.empty()) co_return lines;
          lines += "[" + line + "]";
        }
      });
  EXPECT_EQ(all, "[one\n][\n][two\r\n][rest]");
}

HOCKET_TEST(stream_reader, is_iterated_by_lines) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await send_and_close(peer, "one\ntwo\nthree");
  std::string all;
  auto lines = reader.lines();
  while (auto line = co_await lines.next()) all += "[" + *line + "]";
  EXPECT_EQ(all, "[one\n][two\n][three]");
}

HOCKET_TEST(stream_reader, reads_up_to_a_separator_whatever_the_cuts) {
  const std::string all = co_await whatever_the_cuts("aab|aaab|ab|x", [](stream_reader& from) -> coro<std::string> {
    std::string pieces = co_await from.readuntil("aab|");
    pieces += "," + co_await from.readuntil("aab|");
    co_return pieces + "," + co_await told(from.readuntil("aab|"));
  });
  EXPECT_EQ(all, "aab|,aaab|,incomplete 'ab|x' of nothing in particular");
}

HOCKET_TEST(stream_reader, reads_up_to_the_separator_that_is_complete_first_whatever_the_cuts) {
  const std::string all =
      co_await whatever_the_cuts("one\r\ntwo;three--end", [](stream_reader& from) -> coro<std::string> {
        const std::vector<std::string> separators{"--end", ";", "\r\n", "--"};
        std::string pieces;
        for (int n = 0; n < 4; ++n) pieces += "[" + co_await told(from.readuntil(separators)) + "]";
        co_return pieces;
      });
  EXPECT_EQ(all, "[one\r\n][two;][three--][incomplete 'end' of nothing in particular]");
}

HOCKET_TEST(stream_reader, refuses_separators_that_are_empty) {
  auto [reader, writer, peer] = connect_in_memory();
  EXPECT_TRUE(co_await throws<std::invalid_argument>(reader.readuntil("")));
  EXPECT_TRUE(co_await throws<std::invalid_argument>(reader.readuntil(std::vector<std::string>())));
  const std::vector<std::string> one_is_empty{"a", ""};
  EXPECT_TRUE(co_await throws<std::invalid_argument>(reader.readuntil(one_is_empty)));
}

HOCKET_TEST(stream_reader, keeps_the_bytes_of_a_chunk_over_the_limit) {
  auto [reader, writer, peer] = connect_in_memory({}, 3);
  co_await send_and_close(peer, "abcdef;gh");
  std::size_t consumed = 0;
  try {
    static_cast<void>(co_await reader.readuntil(";"));
  } catch (const limit_overrun_error& error) {
    consumed = error.consumed();
  }
  EXPECT_EQ(consumed, 6U);
  EXPECT_EQ(co_await reader.readexactly(consumed + 1), "abcdef;");
  EXPECT_EQ(co_await reader.read(), "gh");
}

HOCKET_TEST(stream_reader, tells_how_far_it_has_searched_when_it_found_no_separator) {
  auto [reader, writer, peer] = connect_in_memory({}, 3);
  co_await peer.send_all("abcdef");
  std::size_t consumed = 0;
  try {
    static_cast<void>(co_await reader.readuntil("--"));
  } catch (const limit_overrun_error& error) {
    consumed = error.consumed();
  }
  EXPECT_EQ(consumed, 5U);  // the last byte may begin one
  EXPECT_EQ(reader.buffered(), 6U);
}

HOCKET_TEST(stream_reader, takes_a_chunk_exactly_as_long_as_the_limit_whatever_the_cuts) {
  const std::string all = co_await whatever_the_cuts(
      "abc\nabcd\nx",
      [](stream_reader& from) -> coro<std::string> {
        co_return co_await told(from.readuntil()) + "|" + co_await told(from.readuntil());
      },
      3);
  EXPECT_EQ(all, "abc\n|over the limit");
}

HOCKET_TEST(stream_reader, drops_a_line_over_the_limit) {
  auto [reader, writer, peer] = connect_in_memory({}, 3);
  co_await peer.send_all("abcdef\ngh\n");
  EXPECT_TRUE(co_await throws<limit_overrun_error>(reader.readline()));
  EXPECT_EQ(co_await reader.readline(), "gh\n");
}

HOCKET_TEST(stream_reader, drops_all_that_is_at_hand_of_a_line_over_the_limit_that_has_not_ended) {
  auto [reader, writer, peer] = connect_in_memory({}, 3);
  co_await peer.send_all("abcdef");
  EXPECT_TRUE(co_await throws<limit_overrun_error>(reader.readline()));
  EXPECT_EQ(reader.buffered(), 0U);
  co_await peer.send_all("g\n");
  EXPECT_EQ(co_await reader.readline(), "g\n");
}

HOCKET_TEST(stream_reader, refuses_a_second_reader) {
  auto [reader, writer, peer] = connect_in_memory();
  auto first = create_task(reader.readline());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_TRUE(co_await throws<hocket::invalid_state_error>(reader.read(1)));
  co_await peer.send_all("for the first\n");
  EXPECT_EQ(co_await first, "for the first\n");
}

HOCKET_TEST(stream_reader, has_an_error_for_every_read_after_the_one_that_saw_it) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("partial");
  peer.find_layer<memory_stream>()->reset();
  EXPECT_EQ(co_await told(reader.readline()), std::make_error_code(std::errc::connection_reset).message());
  EXPECT_EQ(co_await told(reader.read(1)), std::make_error_code(std::errc::connection_reset).message());
  EXPECT_TRUE(writer.is_closing());
}

HOCKET_TEST(stream_reader, reads_the_end_once_the_writer_has_closed) {
  auto [reader, writer, peer] = connect_in_memory();
  auto waiting = create_task(reader.read(1));
  co_await hocket::testing::wait_all_tasks_blocked();
  writer.close();
  EXPECT_EQ(co_await waiting, "");
  EXPECT_EQ(co_await reader.read(1), "");
}

HOCKET_TEST(stream_reader, reads_what_was_at_hand_after_the_writer_has_aborted_and_then_the_end) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("ab");
  EXPECT_EQ(co_await reader.read(1), "a");
  writer.abort();
  EXPECT_EQ(co_await reader.read(1), "b");
  EXPECT_EQ(co_await reader.read(1), "");
}

HOCKET_TEST(stream_reader, loses_no_byte_when_a_read_is_cancelled) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  co_await peer.send_all("half a ");
  for (int n = 0; n < 3; ++n) {
    auto reading = create_task(n == 0 ? reader.readline() : n == 1 ? reader.readexactly(100) : reader.read());
    co_await hocket::testing::wait_all_tasks_blocked();
    reading.cancel();
    EXPECT_TRUE(co_await hocket::testing::ends_cancelled(reading));
  }
  co_await peer.send_all("line\n");
  EXPECT_EQ(co_await reader.readline(), "half a line\n");
}

HOCKET_TEST(stream_reader, goes_on_after_a_read_that_timed_out) {
  auto [reader, writer, peer] = connect_in_memory({.to_client = {.delay = 10s}});
  co_await peer.send_all("late\n");
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(reader.readline(), 1s)));
  EXPECT_EQ(co_await reader.readline(), "late\n");
}

HOCKET_TEST(stream_reader, may_be_moved_while_it_is_read) {
  auto [reader, writer, peer] = connect_in_memory();
  auto reading = create_task(reader.readline());
  co_await hocket::testing::wait_all_tasks_blocked();
  auto moved = std::move(reader);
  co_await peer.send_all("a\nb\n");
  EXPECT_EQ(co_await reading, "a\n");
  EXPECT_EQ(co_await moved.readline(), "b\n");
}

HOCKET_TEST(stream_reader, at_rest_holds_no_receive_buffer) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  co_await peer.send_all("abc");
  EXPECT_EQ(co_await reader.read(1), "a");
  EXPECT_EQ(loop::running().io().lent_buffers(), 0U);
}

HOCKET_TEST(stream_reader, refuses_a_limit_of_nothing) {
  auto [client, server] = hocket::testing::memory_streams();
  EXPECT_THROW(static_cast<void>(hocket::open_connection(std::move(client), 0)), std::invalid_argument);
  co_return;
}
