// netcat-openbsd, as a client and as a server: TCP, unix sockets, UDP.

#include <array>
#include <string>
#include <string_view>

#include <io/temporary_directory.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/io/unix_socket.hpp>

using hocket::coro;
using hocket::open_connection;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::testing::pattern;
using hocket::testing::peer_process;
using hocket::testing::port_at_end_of;
using hocket::testing::run_peer;
using hocket::testing::temporary_directory;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

hocket::socket_address loopback(std::uint16_t port) { return hocket::socket_address::parse("127.0.0.1", port).value(); }

coro<void> stop(hocket::server& server) {
  server.close();
  co_await server.wait_closed();
}

}  // namespace

HOCKET_PEER_TEST(netcat, ends_its_half_and_hears_the_answer_to_all_of_it) {
  HOCKET_NEEDS("nc");
  const std::string question = pattern(megabytes, 1);
  const std::string answer = pattern(megabytes, 2);
  std::string received;
  auto server = co_await hocket::start_server(
      [&](stream_reader reader, stream_writer writer) -> coro<void> {
        received = co_await reader.read();
        writer.write(answer);
      },
      "127.0.0.1", 0);

  const auto port = std::to_string(server.addresses().front().port());
  const auto result = co_await run_peer({"nc", "-N", "127.0.0.1", port}, question);
  co_await stop(server);

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(received == question) << received.size();
  EXPECT_TRUE(result.out == answer) << result.out.size();
}

HOCKET_PEER_TEST(netcat, goes_on_sending_to_a_server_that_has_ended_its_half) {
  HOCKET_NEEDS("nc");
  std::string received;
  auto server = co_await hocket::start_server(
      [&](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write("that was all\n");
        writer.write_eof();
        received = co_await reader.read();
      },
      "127.0.0.1", 0);

  peer_process client({"nc", "-N", "127.0.0.1", std::to_string(server.addresses().front().port())});
  EXPECT_EQ(co_await client.out().readline(), "that was all\n");
  client.in().write("not for me\n");
  client.in().write_eof();
  EXPECT_EQ(co_await client.ended(), 0);
  co_await stop(server);

  EXPECT_EQ(received, "not for me\n");
}

HOCKET_PEER_TEST(netcat, ends_its_half_as_a_server_and_hears_all_that_follows) {
  HOCKET_NEEDS("nc");
  const std::string question = pattern(megabytes, 1);
  const std::string answer = pattern(megabytes, 2);
  peer_process server({"nc", "-lnvN", "127.0.0.1", "0"});
  const auto port = port_at_end_of(co_await server.line_of_err("Listening"));

  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  server.in().write(answer);
  server.in().write_eof();
  const std::string received = co_await reader.read();
  writer.write(question);  // a netcat that listens leaves when we end first
  writer.close();
  co_await writer.wait_closed();

  EXPECT_TRUE(received == answer) << received.size();
  EXPECT_EQ(co_await server.ended(), 0);
  EXPECT_TRUE(co_await server.out().read() == question);
}

HOCKET_PEER_TEST(netcat, talks_to_a_unix_listener) {
  HOCKET_NEEDS("nc");
  const temporary_directory folder;
  const std::string path = folder / "socket";
  const std::string question = pattern(megabytes, 1);
  auto listener = hocket::unix_listener::listen(hocket::socket_address::unix_path(path));

  const auto serve = [&]() -> coro<std::string> {
    auto [reader, writer] = open_connection(hocket::byte_stream(co_await listener.accept()));
    std::string received = co_await reader.read();
    writer.write("answer");
    writer.close();
    co_await writer.wait_closed();
    co_return received;
  };
  const auto [received, result] = co_await hocket::gather(serve(), run_peer({"nc", "-NU", path}, question));

  EXPECT_TRUE(received == question) << received.size();
  EXPECT_EQ(result.out, "answer");
  EXPECT_EQ(result.status, 0);
}

HOCKET_PEER_TEST(netcat, listens_at_a_unix_socket) {
  HOCKET_NEEDS("nc");
  const temporary_directory folder;
  const std::string path = folder / "socket";
  peer_process server({"nc", "-lvNU", path});
  static_cast<void>(co_await server.line_of_err("Listening"));
  const std::string text = pattern(megabytes);

  auto [reader, writer] =
      open_connection(hocket::byte_stream(co_await hocket::connect_unix(hocket::socket_address::unix_path(path))));
  server.in().write(text);
  server.in().write_eof();
  const std::string received = co_await reader.read();
  writer.write("answer");
  writer.close();
  co_await writer.wait_closed();

  EXPECT_TRUE(received == text) << received.size();
  EXPECT_EQ(co_await server.ended(), 0);
  EXPECT_EQ(co_await server.out().read(), "answer");
}

HOCKET_PEER_TEST(netcat, sends_datagrams_and_gets_answers) {
  HOCKET_NEEDS("nc");
  auto socket = hocket::udp_socket::bind(loopback(0));
  peer_process client({"nc", "-nu", "127.0.0.1", std::to_string(socket.local_address().port())});
  std::array<char, 64> room{};

  for (const std::string_view text : {"first\n", "second\n"}) {
    client.in().write(text);
    const auto received = co_await socket.receive_from(room);
    EXPECT_EQ(std::string_view(room.data(), received.size), text);
    co_await socket.send_to(text, received.sender);
    EXPECT_EQ(co_await client.out().readline(), text);
  }
}

HOCKET_PEER_TEST(netcat, receives_datagrams_and_answers) {
  HOCKET_NEEDS("nc");
  peer_process server({"nc", "-lnuv", "127.0.0.1", "0"});
  const auto port = port_at_end_of(co_await server.line_of_err("Bound"));
  auto socket = co_await hocket::connect_udp(loopback(port));
  std::array<char, 64> room{};

  for (const std::string_view text : {"first\n", "second\n"}) {
    co_await socket.send(text);
    EXPECT_EQ(co_await server.out().readline(), text);
    server.in().write(text);
    const auto received = co_await socket.receive_from(room);
    EXPECT_EQ(std::string_view(room.data(), received.size), text);
  }
}
