#include <array>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/pipe.hpp>
#include <hocket/loop/backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::buffer;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;

namespace {

struct connected_streams {
  byte_stream client;
  byte_stream server;
};

coro<connected_streams> connect_streams() {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  co_return connected_streams{byte_stream(std::move(client)), byte_stream(std::move(server))};
}

coro<std::string> receive_to_end(byte_stream& from) {
  std::string all;
  while (auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

/// Turns every byte that passes to its bitwise complement.
class complement_layer : public hocket::stream_layer {
 public:
  explicit complement_layer(byte_stream below) : below_(std::move(below)) {}

  coro<buffer> receive() override {
    buffer received = co_await below_.receive();
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
};

byte_stream complemented(byte_stream below) {
  return byte_stream(std::make_unique<complement_layer>(std::move(below)));
}

}  // namespace

HOCKET_TEST(byte_stream, carries_bytes_of_a_socket_until_the_end) {
  auto [client, server] = co_await connect_streams();
  co_await client.send_all("hello, ");
  co_await client.send_all("world");
  co_await client.close();
  EXPECT_FALSE(client.is_open());
  EXPECT_EQ(co_await receive_to_end(server), "hello, world");
}

HOCKET_TEST(byte_stream, sends_pieces_one_after_the_other) {
  auto [client, server] = co_await connect_streams();
  const std::array<std::string_view, 4> pieces{"a", "", "bc", "def"};
  co_await client.send_all(pieces);
  co_await client.close();
  EXPECT_EQ(co_await receive_to_end(server), "abcdef");
}

HOCKET_TEST(byte_stream, sends_more_pieces_than_the_system_takes_at_once_while_the_peer_is_slow) {
  auto [client, server] = co_await connect_streams();
  std::vector<std::string> texts;
  std::vector<std::string_view> pieces;
  std::string all;
  for (int n = 0; n < 5000; ++n)
    texts.push_back(std::string(static_cast<std::size_t>(n % 6000), static_cast<char>('a' + n % 26)));
  for (const std::string& text : texts) {
    pieces.push_back(text);
    all += text;
  }
  auto send = [](byte_stream& to, std::span<const std::string_view> what) -> coro<void> {
    co_await to.send_all(what);
    co_await to.close();
  };
  const auto sending = create_task(send(client, pieces));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  EXPECT_EQ(co_await receive_to_end(server), all);
  co_await sending;
}

HOCKET_TEST(byte_stream, sends_large_bytes_without_copying_them_where_the_system_can) {
  auto [client, server] = co_await connect_streams();
  std::string all(4 << 20, '\0');
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = static_cast<char>(n * 7);
  auto send = [](byte_stream& to, std::string_view what) -> coro<void> {
    co_await to.send_all(what, {.zero_copy = true});
    co_await to.close();
  };
  const auto sending = create_task(send(client, all));
  EXPECT_EQ(co_await receive_to_end(server), all);
  co_await sending;
}

// There the system says that it would have waited, and later that it has let go of the bytes, of which it took none.
HOCKET_TEST(byte_stream, sends_without_copying_on_an_adopted_socket_that_does_not_block) {
  auto [client, server] = co_await connect_streams();
  const int copy = ::dup(client.socket().number());
  ::fcntl(copy, F_SETFL, ::fcntl(copy, F_GETFL) | O_NONBLOCK);
  byte_stream adopted{hocket::tcp_socket(hocket::io_handle(copy))};
  std::string all(8 << 20, '\0');
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = static_cast<char>(n * 7);
  auto send = [](byte_stream& to, std::string_view what) -> coro<void> {
    co_await to.send_all(what, {.zero_copy = true});
    co_await to.shutdown_send();
  };
  const auto sending = create_task(send(adopted, all));
  for (int turn = 0; turn < 100; ++turn) co_await hocket::sleep(0s);
  EXPECT_FALSE(sending.done());
  EXPECT_EQ(co_await receive_to_end(server), all);
  co_await sending;
}

HOCKET_TEST(byte_stream, a_cancelled_send_without_copying_ends_though_the_peer_takes_nothing) {
  auto [client, server] = co_await connect_streams();
  const std::string all(64 << 20, 'x');
  auto send = [](byte_stream& to, std::string_view what) -> coro<void> {
    co_await to.send_all(what, {.zero_copy = true});
  };
  auto sending = create_task(send(client, all));
  EXPECT_TRUE(co_await hocket::testing::cancelling_ends(std::move(sending)));
}

HOCKET_TEST(byte_stream, still_receives_when_it_sends_no_more) {
  auto [client, server] = co_await connect_streams();
  co_await client.send_all("question");
  co_await client.shutdown_send();
  EXPECT_EQ(co_await receive_to_end(server), "question");
  co_await server.send_all("answer");
  co_await server.close();
  EXPECT_EQ(co_await receive_to_end(client), "answer");
}

HOCKET_TEST(byte_stream, has_a_twin_that_does_not_throw) {
  byte_stream closed;
  const auto received = co_await hocket::as_expected(closed.receive());
  EXPECT_EQ(received.error(), std::errc::bad_file_descriptor);
  auto layered = complemented(byte_stream());
  const auto through_layer = co_await hocket::as_expected(layered.receive());
  EXPECT_EQ(through_layer.error(), std::errc::bad_file_descriptor);
  const auto sent = co_await hocket::as_expected(layered.send_all("x"));
  EXPECT_EQ(sent.error(), std::errc::bad_file_descriptor);
}

HOCKET_TEST(byte_stream, of_a_layer_carries_what_the_layer_makes_of_the_bytes) {
  auto [client, server] = co_await connect_streams();
  client = complemented(std::move(client));
  co_await client.send_all("hello");
  EXPECT_EQ((co_await server.receive()).text(), "\x97\x9a\x93\x93\x90");
  server = complemented(std::move(server));
  const std::array<std::string_view, 2> pieces{"and ", "back"};
  co_await server.send_all(pieces);
  co_await server.close();
  EXPECT_EQ(co_await receive_to_end(client), "and back");
}

HOCKET_TEST(byte_stream, finds_a_layer_by_its_type_and_the_addresses_below_all) {
  auto [client, server] = co_await connect_streams();
  const hocket::socket_address address = client.local_address();
  EXPECT_EQ(client.find_layer<complement_layer>(), nullptr);
  client = complemented(complemented(std::move(client)));
  EXPECT_NE(client.find_layer<complement_layer>(), nullptr);
  EXPECT_EQ(client.local_address(), address);
  EXPECT_EQ(client.peer_address(), server.local_address());
}

HOCKET_TEST(byte_stream, of_a_layer_that_is_aborted_while_a_task_receives_ends_that_receive) {
  auto [client, server] = co_await connect_streams();
  client = complemented(std::move(client));
  auto receiving = create_task([](byte_stream& from) -> coro<std::error_code> {
    co_return (co_await hocket::as_expected(from.receive())).error();
  }(client));
  co_await hocket::testing::wait_all_tasks_blocked();
  client = byte_stream();
  EXPECT_EQ(co_await receiving, std::errc::operation_canceled);
}

HOCKET_TEST(byte_stream, of_a_layer_that_waits_while_it_is_closed_can_be_aborted) {
  class polite_layer final : public complement_layer {
   public:
    using complement_layer::complement_layer;
    coro<void> close() override { static_cast<void>(co_await receive()); }
  };
  auto [client, server] = co_await connect_streams();
  byte_stream polite(std::make_unique<polite_layer>(std::move(client)));
  auto closing = create_task(polite.close());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_FALSE(polite.is_open());
  EXPECT_FALSE(closing.done());
  polite.abort();
  EXPECT_FALSE(co_await hocket::as_result(std::move(closing)));
  EXPECT_FALSE(co_await server.receive());
}

HOCKET_TEST(byte_stream, that_is_reset_takes_back_what_was_not_taken) {
  for (const bool is_layered : {false, true}) {
    auto [client, server] = co_await connect_streams();
    if (is_layered) server = complemented(std::move(server));
    co_await server.send_all("bytes");
    server.reset();
    EXPECT_FALSE(server.is_open());
    auto came = co_await hocket::as_expected(client.receive());
    if (came && !came->empty()) came = co_await hocket::as_expected(client.receive());  // they were quicker
    EXPECT_FALSE(came);
    if (!came) {
      EXPECT_EQ(came.error(), std::errc::connection_reset);
    }
  }
}

HOCKET_TEST(byte_stream, that_cannot_be_reset_is_aborted) {
  auto [reading, writing] = hocket::make_pipe();
  reading.reset();
  EXPECT_FALSE(reading.is_open());
  const auto sent = co_await hocket::as_expected(writing.send_all("nobody reads this"));
  EXPECT_TRUE(!sent && sent.error() == std::errc::broken_pipe);
  byte_stream().reset();
}

HOCKET_TEST(byte_stream, of_a_layer_loses_no_byte_when_a_receive_is_cancelled) {
  auto [client, server] = co_await connect_streams();
  server = complemented(complemented(std::move(server)));
  auto receiving =
      create_task([](byte_stream& from) -> coro<void> { static_cast<void>(co_await from.receive()); }(server));
  EXPECT_TRUE(co_await hocket::testing::cancelling_ends(std::move(receiving)));
  co_await client.send_all("kept");
  EXPECT_EQ((co_await server.receive()).text(), "kept");
}

HOCKET_TEST(byte_stream, waiting_for_bytes_holds_no_buffer) {
  auto [client, server] = co_await connect_streams();
  auto receiving = create_task(server.receive());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), 0U);
  co_await client.send_all("x");
  EXPECT_EQ((co_await std::move(receiving)).text(), "x");
}

HOCKET_TEST(byte_stream, tells_without_waiting_whether_something_has_come) {
  auto [client, server] = co_await connect_streams();
  EXPECT_FALSE(server.has_something_to_read());
  co_await client.send_all("x");
  EXPECT_TRUE(server.has_something_to_read());
}

// The reader has a thread of its own.
HOCKET_REAL_TIME_TEST(byte_stream, shares_the_loop_while_it_sends_much_to_a_quick_reader) {
  constexpr std::size_t size = 64U << 20;
  const std::string much(size, 'x');
  auto [client, server] = co_await connect_streams();
  std::size_t received = 0;
  std::thread reader([&received, number = ::dup(server.socket().number())] {
    ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) & ~O_NONBLOCK);
    std::vector<char> room(4U << 20);
    for (ssize_t count = 1; count > 0; received += static_cast<std::size_t>(count))
      if (count = TEMP_FAILURE_RETRY(::recv(number, room.data(), room.size(), 0)); count < 0) count = 0;
    ::close(number);
  });
  const auto turn = hocket::loop::running().counters().turns;
  const auto sent = co_await hocket::as_expected(client.send_all(much));
  const auto turns = hocket::loop::running().counters().turns - turn;
  client.abort();
  reader.join();
  EXPECT_TRUE(sent);
  EXPECT_EQ(received, size);
  if (hocket::loop::running().io().name() == "epoll") EXPECT_GE(turns, size / (1U << 20) - 1);
}
