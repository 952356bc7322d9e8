#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <io/stream_pairs.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::stream_writer;
using hocket::testing::connect_in_memory;
using hocket::testing::memory_stream;
using hocket::testing::receive_to_end;
using hocket::testing::throws;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<void> drain(stream_writer& writer) { co_await writer.drain(); }

template <class Work>
coro<std::error_code> error_of(Work work) {
  try {
    co_await std::move(work);
  } catch (const std::system_error& failed) {
    co_return failed.code();
  }
  co_return std::error_code();
}

}  // namespace

HOCKET_TEST(stream_writer, sends_what_is_written_in_one_turn_in_one_piece_without_being_drained) {
  auto [reader, writer, peer] = connect_in_memory();
  writer.write("one ");
  writer.write("two ");
  writer.writelines(std::array{"three ", "four"});
  EXPECT_EQ(writer.write_buffer_size(), 18U);
  EXPECT_EQ((co_await peer.receive()).text(), "one two three four");
  EXPECT_EQ(writer.write_buffer_size(), 0U);
}

HOCKET_TEST(stream_writer, sends_at_once_when_it_is_drained) {
  auto [reader, writer, peer] = connect_in_memory();
  writer.write("now");
  co_await writer.drain();
  EXPECT_EQ(peer.find_layer<memory_stream>()->unread(), 3U);
}

HOCKET_TEST(stream_writer, sends_large_strings_that_are_given_away_in_their_order) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  std::string all;
  for (int n = 0; n < 50; ++n) {
    std::string piece(static_cast<std::size_t>(n % 5 == 0 ? 10'000 : 7), static_cast<char>('a' + n % 26));
    all += piece;
    if (n % 3 == 0)
      writer.write(std::string_view(piece));
    else
      writer.write(std::move(piece));
  }
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), all);
  co_await writer.wait_closed();
}

HOCKET_TEST(stream_writer, sends_a_large_piece_at_once_if_nothing_is_ahead_of_it) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  const std::string large(10'000, 'x');
  writer.write(large);
  EXPECT_EQ(writer.write_buffer_size(), 0U);
  EXPECT_TRUE(peer.has_something_to_read());
  writer.write("small ");
  writer.write(large);
  EXPECT_EQ(writer.write_buffer_size(), 10'006U);
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), large + "small " + large);
}

HOCKET_TEST(stream_writer, keeps_what_the_system_does_not_take_of_a_large_piece) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  const std::string much(16 * 1024 * 1024, 'x');
  writer.write(much);
  EXPECT_GT(writer.write_buffer_size(), 0U);
  EXPECT_LT(writer.write_buffer_size(), much.size());
  writer.write(std::string(10'000, 'y'));
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), much + std::string(10'000, 'y'));
}

HOCKET_TEST(stream_writer, tells_the_error_of_a_large_piece_as_that_of_a_small_one) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  writer.write(std::string(10'000, 'x'));
  peer.abort();  // a reset, as there are unread bytes
  std::error_code error;
  while (!error) {
    writer.write(std::string(10'000, 'x'));
    error = co_await error_of(drain(writer));
  }
  EXPECT_TRUE(error == std::errc::connection_reset || error == std::errc::broken_pipe) << error.message();
}

HOCKET_TEST(stream_writer, that_meets_a_reset_with_a_large_piece_shows_readers_no_orderly_end) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  writer.write(std::string(10'000, 'x'));
  peer.abort();  // a reset, as there are unread bytes
  writer.write(std::string(10'000, 'x'));
  EXPECT_EQ(co_await error_of(reader.read(1)), std::errc::connection_reset);
  EXPECT_EQ(co_await error_of(writer.wait_closed()), std::errc::connection_reset);
}

HOCKET_TEST(stream_writer, drains_without_waiting_below_the_high_water_mark) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 1}});
  writer.write(std::string(64 * 1024, 'x'));
  co_await writer.drain();
  EXPECT_EQ(writer.write_buffer_size(), 64U * 1024);
  writer.abort();
}

HOCKET_TEST(stream_writer, drains_until_the_low_water_mark_is_reached) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 4}});
  writer.set_write_buffer_limits(8, 4);
  writer.write("0123456789");
  auto draining = create_task(drain(writer));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(draining.done());
  std::string received;
  while (received.size() < 10) received += (co_await peer.receive()).text();
  co_await draining;
  EXPECT_LE(writer.write_buffer_size(), 4U);
  EXPECT_EQ(received, "0123456789");
}

HOCKET_TEST(stream_writer, refuses_a_low_mark_above_the_high_one_and_derives_the_one_that_is_not_given) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 1}});
  EXPECT_THROW(writer.set_write_buffer_limits(1, 2), std::invalid_argument);
  writer.set_write_buffer_limits({}, 2);  // high: 8
  writer.write("01234567");
  co_await writer.drain();
  writer.write("8");
  auto draining = create_task(drain(writer));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(draining.done());
  writer.abort();
  co_await draining;
}

HOCKET_TEST(stream_writer, lets_any_number_of_tasks_drain) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 1}});
  writer.set_write_buffer_limits(0);
  writer.write("ab");
  auto first = create_task(drain(writer));
  auto second = create_task(drain(writer));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ((co_await peer.receive()).text(), "a");
  EXPECT_EQ((co_await peer.receive()).text(), "b");
  co_await first;
  co_await second;
}

HOCKET_TEST(stream_writer, sends_what_was_written_though_a_drain_is_cancelled) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 1}});
  writer.set_write_buffer_limits(0);
  writer.write("abc");
  auto draining = create_task(drain(writer));
  co_await wait_all_tasks_blocked();
  draining.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(draining));
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), "abc");
}

HOCKET_TEST(stream_writer, that_only_writes_and_drains_lets_others_run) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  auto [reader, writer] = hocket::open_connection(byte_stream(std::move(client)));
  bool ran = false;
  auto other = create_task([](bool& flag) -> coro<void> {
    flag = true;
    co_return;
  }(ran));
  int rounds = 0;
  for (; rounds < 1000 && !ran; ++rounds) {
    writer.write("x");
    co_await writer.drain();
  }
  EXPECT_LT(rounds, 1000);
  co_await other;
  writer.abort();
}

HOCKET_TEST(stream_writer, tells_the_end_after_what_was_written_and_reading_goes_on) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  EXPECT_TRUE(writer.can_write_eof());
  writer.write("question");
  writer.write_eof();
  EXPECT_THROW(writer.write("more"), hocket::invalid_state_error);
  EXPECT_EQ(co_await receive_to_end(peer), "question");
  co_await peer.send_all("answer");
  co_await peer.close();
  EXPECT_EQ(co_await reader.read(), "answer");
}

HOCKET_TEST(stream_writer, closes_after_everything_was_sent) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 3}});
  writer.write("0123456789");
  writer.close();
  EXPECT_TRUE(writer.is_closing());
  writer.write("dropped");
  EXPECT_EQ(co_await receive_to_end(peer), "0123456789");
  co_await writer.wait_closed();
}

HOCKET_TEST(stream_writer, that_was_closed_may_be_destroyed_before_everything_was_sent) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 3}});
  {
    auto mine = std::move(writer);
    mine.write("0123456789");
    mine.close();
  }
  EXPECT_EQ(co_await receive_to_end(peer), "0123456789");
}

HOCKET_TEST(stream_writer, that_is_destroyed_open_aborts) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 3}});
  {
    auto mine = std::move(writer);
    mine.write("0123456789");
    co_await mine.drain();
  }
  EXPECT_EQ(co_await receive_to_end(peer), "012");
  EXPECT_EQ(co_await reader.read(), "");
}

HOCKET_TEST(stream_writer, drops_what_was_not_sent_when_it_is_aborted) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 3}});
  writer.write("0123456789");
  co_await wait_all_tasks_blocked();
  writer.abort();
  EXPECT_EQ(writer.write_buffer_size(), 0U);
  EXPECT_EQ(co_await receive_to_end(peer), "012");
  co_await writer.wait_closed();
}

HOCKET_TEST(stream_writer, waits_until_it_is_closed_by_whichever_side) {
  auto [reader, writer, peer] = connect_in_memory();
  auto waiting = create_task(writer.wait_closed());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  writer.close();
  co_await waiting;
  co_await writer.wait_closed();
}

HOCKET_TEST(stream_writer, drains_and_waits_with_the_error_that_a_send_had) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.close();
  writer.write("x");
  EXPECT_EQ(co_await error_of(drain(writer)), std::errc::broken_pipe);
  EXPECT_TRUE(writer.is_closing());
  writer.write("ignored");
  EXPECT_EQ(co_await error_of(writer.wait_closed()), std::errc::broken_pipe);
  EXPECT_EQ(co_await error_of(drain(writer)), std::errc::broken_pipe);
  EXPECT_TRUE(co_await throws<std::system_error>(reader.read(1)));
}

HOCKET_TEST(stream_writer, wakes_who_drains_with_the_error) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 1}});
  writer.set_write_buffer_limits(0);
  writer.write("abc");
  auto draining = create_task(error_of(drain(writer)));
  co_await wait_all_tasks_blocked();
  peer.find_layer<memory_stream>()->reset();
  EXPECT_EQ(co_await draining, std::errc::connection_reset);
}

HOCKET_TEST(stream_writer, has_a_drain_fail_once_the_connection_is_closed) {
  auto [reader, writer, peer] = connect_in_memory();
  writer.close();
  std::error_code error;
  for (int n = 0; n < 3 && !error; ++n) error = co_await error_of(drain(writer));
  EXPECT_EQ(error, std::errc::connection_reset);
}

HOCKET_TEST(stream_writer, knows_the_addresses_and_the_layers_below) {
  auto [reader, writer, peer] = co_await hocket::testing::connect_streams_on_loopback();
  EXPECT_EQ(writer.peer_address(), peer.local_address());
  EXPECT_EQ(writer.local_address(), peer.peer_address());
  EXPECT_EQ(writer.find_layer<memory_stream>(), nullptr);
  auto in_memory = connect_in_memory();
  EXPECT_NE(in_memory.writer.find_layer<memory_stream>(), nullptr);
  EXPECT_TRUE(co_await throws<std::system_error>([](stream_writer& of) -> coro<void> {
    static_cast<void>(of.peer_address());
    co_return;
  }(in_memory.writer)));
}

HOCKET_TEST(stream_writer, that_is_replaced_aborts_what_it_had) {
  auto first = connect_in_memory();
  auto second = connect_in_memory();
  first.writer = std::move(second.writer);
  EXPECT_EQ(co_await receive_to_end(first.peer), "");
  first.writer.write("x");
  EXPECT_EQ((co_await second.peer.receive()).text(), "x");
}

HOCKET_TEST(stream_writer, exchanges_megabytes_both_ways_at_once) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  auto one = hocket::open_connection(byte_stream(std::move(client)));
  auto two = hocket::open_connection(byte_stream(std::move(server)));
  std::string all(3 << 20, '\0');
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = static_cast<char>(n * 31 >> 3);
  auto write = [](stream_writer& to, const std::string& bytes) -> coro<void> {
    for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
      to.write(std::string_view(bytes).substr(at, 10'000));
      co_await to.drain();
      EXPECT_LE(to.write_buffer_size(), 64U * 1024);
    }
    to.write_eof();
  };
  auto there = create_task(write(one.writer, all));
  auto back = create_task(write(two.writer, all));
  auto read_there = create_task(two.reader.read());
  EXPECT_TRUE(co_await one.reader.read() == all);
  EXPECT_TRUE(co_await read_there == all);
  co_await there;
  co_await back;
}

namespace {

/// Shakes hands by a word of each side, then turns every byte to its complement.
class complement final : public hocket::stream_layer {
 public:
  explicit complement(byte_stream below, std::string early) : below_(std::move(below)), early_(std::move(early)) {}

  coro<hocket::buffer> receive() override {
    hocket::buffer received;
    if (early_.empty()) {
      received = co_await below_.receive();
    } else {
      received = hocket::loop::running().io().borrow();
      std::ranges::copy(early_, received.bytes().begin());
      received.truncate(early_.size());
      early_.clear();
    }
    for (char& each : received.bytes()) each = static_cast<char>(~each);
    co_return received;
  }
  coro<void> send(std::span<const std::string_view> pieces) override {
    std::string turned;
    for (const std::string_view piece : pieces)
      for (const char each : piece) turned += static_cast<char>(~each);
    co_await below_.send_all(turned);
  }
  coro<void> shutdown_send() override { co_await below_.shutdown_send(); }
  coro<void> close() override { co_await below_.close(); }
  void abort() noexcept override { below_.abort(); }
  [[nodiscard]] bool has_something_to_read() const noexcept override { return below_.has_something_to_read(); }
  [[nodiscard]] const byte_stream* below() const noexcept override { return &below_; }

 private:
  byte_stream below_;
  std::string early_;
};

class complement_security final : public hocket::stream_security {
 public:
  coro<byte_stream> start_tls(byte_stream under, hocket::start_tls_options options) const override {
    asked_for = options.server_hostname;
    std::string heard = std::move(options.buffered);
    if (!options.server_side) co_await under.send_all("hello");
    while (heard.size() < 5) heard += (co_await under.receive()).text();
    if (heard.substr(0, 5) != "hello") {
      under.abort();
      throw std::system_error(std::make_error_code(std::errc::protocol_error), "no hello");
    }
    if (options.server_side) co_await under.send_all("hello");
    co_return byte_stream(std::make_unique<complement>(std::move(under), heard.substr(5)));
  }
  mutable std::string asked_for;
};

}  // namespace

HOCKET_TEST(stream_writer, tells_how_much_of_a_large_write_is_left) {
  auto [reader, writer, peer] = connect_in_memory();
  std::string large(1 << 20, 'a');
  for (const bool in_pieces : {false, true}) {
    if (in_pieces) {
      writer.write(large.substr(0, 10'000));
      writer.write(large.substr(0, 700'000));
      writer.write(large.substr(710'000));
    } else {
      writer.write(large);
    }
    EXPECT_EQ(writer.write_buffer_size(), large.size());
    auto draining = create_task(drain(writer));
    std::size_t received = 0;
    while (received < large.size()) {
      co_await wait_all_tasks_blocked();
      const std::size_t left = writer.write_buffer_size();
      EXPECT_LE(received + left, large.size());
      EXPECT_GE(received + left + 2 * 64 * 1024, large.size());
      EXPECT_EQ(draining.done(), left <= 16 * 1024) << left;
      received += (co_await peer.receive()).size();
    }
    co_await draining;
  }
}

HOCKET_TEST(stream_writer, starts_tls_with_the_bytes_that_the_reader_holds) {
  auto [reader, writer, peer] = connect_in_memory();
  const auto security = std::make_shared<complement_security>();
  writer.write("STARTTLS\n");
  co_await peer.send_all("go ahead\nhello\x97");  // the last one is a secure 'h'
  EXPECT_EQ(co_await reader.readline(), "go ahead\n");
  co_await writer.start_tls(security, {.server_hostname = "example.org"});
  EXPECT_EQ(security->asked_for, "example.org");
  EXPECT_NE(writer.find_layer<complement>(), nullptr);
  co_await peer.send_all("\x96");
  EXPECT_EQ(co_await reader.readexactly(2), "hi");
  writer.write("hi");
  co_await writer.drain();
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), "STARTTLS\nhello\x97\x96");
}

HOCKET_TEST(stream_writer, sends_what_is_written_during_a_handshake_after_it) {
  auto [reader, writer, peer] = connect_in_memory();
  auto upgrading = create_task(writer.start_tls(std::make_shared<complement_security>()));
  co_await wait_all_tasks_blocked();
  writer.write("hi");
  co_await writer.drain();
  co_await peer.send_all("hello");
  co_await upgrading;
  writer.close();
  EXPECT_EQ(co_await receive_to_end(peer), "hello\x97\x96");
}

HOCKET_TEST(stream_writer, is_lost_when_the_handshake_fails) {
  auto [reader, writer, peer] = connect_in_memory();
  co_await peer.send_all("what?");
  EXPECT_EQ(co_await error_of(writer.start_tls(std::make_shared<complement_security>())), std::errc::protocol_error);
  EXPECT_TRUE(writer.is_closing());
  EXPECT_EQ(co_await error_of(drain(writer)), std::errc::protocol_error);
}

HOCKET_TEST(stream_writer, is_lost_when_the_handshake_is_cancelled) {
  auto [reader, writer, peer] = connect_in_memory();
  auto upgrading = create_task(writer.start_tls(std::make_shared<complement_security>()));
  co_await wait_all_tasks_blocked();
  upgrading.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(upgrading));
  EXPECT_EQ(co_await error_of(writer.wait_closed()), std::errc::operation_canceled);
}

HOCKET_TEST(stream_writer, that_is_aborted_during_a_handshake_ends_it) {
  auto [reader, writer, peer] = connect_in_memory();
  auto upgrading = create_task(writer.start_tls(std::make_shared<complement_security>()));
  co_await wait_all_tasks_blocked();
  writer.abort();
  EXPECT_EQ(co_await error_of(std::move(upgrading)), std::errc::operation_canceled);
  EXPECT_EQ(co_await reader.read(1), "");
  EXPECT_EQ(co_await receive_to_end(peer), "hello");
}

HOCKET_TEST(stream_writer, that_gives_up_before_a_handshake_has_lost_nothing) {
  auto [reader, writer, peer] = connect_in_memory({.to_server = {.capacity = 10}});
  co_await peer.send_all("line\nearly");
  EXPECT_EQ(co_await reader.readline(), "line\n");
  writer.write("more than the peer has room for");
  const auto given_up =
      co_await as_result(hocket::wait_for(writer.start_tls(std::make_shared<complement_security>()), 1s));
  EXPECT_FALSE(given_up);
  EXPECT_FALSE(writer.is_closing());
  EXPECT_EQ(co_await reader.readexactly(5), "early");
}

HOCKET_TEST(stream_writer, refuses_to_start_tls_while_somebody_reads) {
  auto [reader, writer, peer] = connect_in_memory();
  auto reading = create_task(reader.read(1));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await throws<hocket::invalid_state_error>(writer.start_tls(std::make_shared<complement_security>())));
  writer.close();
  co_await reading;
}
