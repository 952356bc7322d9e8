// asyncio's sock_ functions, on sockets that are none of the loop's.

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/foreign_numbers.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>
#include <sys/un.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/sock.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::sock_accept;
using hocket::sock_connect;
using hocket::sock_recv;
using hocket::sock_recv_into;
using hocket::sock_recvfrom;
using hocket::sock_recvfrom_into;
using hocket::sock_sendall;
using hocket::sock_sendfile;
using hocket::sock_sendto;
using hocket::socket_address;
using hocket::testing::foreign_number;
using hocket::testing::foreign_pair;
using hocket::testing::foreign_pipe;
using hocket::testing::foreign_sockets;
using hocket::testing::wait_all_tasks_blocked;
using hocket::testing::what_is_thrown;

namespace {

constexpr int kinds[] = {0, SOCK_NONBLOCK};  // of sockets: such that block, and such that do not

foreign_number inet_socket(int type) { return foreign_number(::socket(AF_INET, type | SOCK_CLOEXEC, 0)); }

socket_address loopback(std::uint16_t port = 0) { return *socket_address::parse("127.0.0.1", port); }

socket_address name_of(int number) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(number, reinterpret_cast<sockaddr*>(&name), &size);
  return {reinterpret_cast<const sockaddr*>(&name), size};
}

foreign_number bound_socket(int type) {
  auto made = inet_socket(type);
  const auto address = loopback();
  ::bind(made, address.data(), address.size());
  return made;
}

foreign_number listening_socket(int type = SOCK_STREAM) {
  auto made = bound_socket(type);
  ::listen(made, 16);
  return made;
}

coro<std::string> receive_so_many(int number, std::size_t count) {
  std::string all;
  while (all.size() < count) {
    const std::string piece = co_await sock_recv(number, count - all.size());
    if (piece.empty()) break;
    all += piece;
  }
  co_return all;
}

coro<std::string> why_receiving_ends(int number) { co_return co_await what_is_thrown(sock_recv(number, 10)); }

coro<void> send(int number, std::string_view bytes) { co_await sock_sendall(number, bytes); }

std::string long_text() {
  std::string text;
  for (int n = 0; text.size() < 2'000'000; ++n) text += std::to_string(n);
  return text;
}

}  // namespace

HOCKET_TEST(sock_recv, waits_for_bytes_and_gives_as_many_as_it_may) {
  for (const int kind : kinds) {
    const auto [near, far] = foreign_sockets(SOCK_STREAM | kind);
    const int before = near.flags();
    auto receiving = create_task(receive_so_many(near, 3));
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(receiving.done());
    far.write("hello");
    EXPECT_EQ(co_await receiving, "hel");
    EXPECT_EQ(co_await sock_recv(near, 100), "lo");
    EXPECT_EQ(near.flags(), before);
  }
}

HOCKET_TEST(sock_recv, gives_nothing_at_the_end) {
  auto [near, far] = foreign_sockets();
  far.write("x");
  far.close();
  EXPECT_EQ(co_await sock_recv(near, 10), "x");
  EXPECT_EQ(co_await sock_recv(near, 10), "");
  std::array<char, 4> memory{};
  EXPECT_EQ(co_await sock_recv_into(near, memory), 0U);
}

HOCKET_TEST(sock_recv_into, writes_into_the_callers_memory) {
  const auto [near, far] = foreign_sockets();
  far.write("hello");
  std::array<char, 4> memory{};
  EXPECT_EQ(co_await sock_recv_into(near, memory), 4U);
  EXPECT_EQ(std::string_view(memory.data(), 4), "hell");
}

HOCKET_TEST(sock_recv, is_cancelled_at_once_and_takes_nothing) {
  for (const int kind : kinds) {
    const auto [near, far] = foreign_sockets(SOCK_STREAM | kind);
    const auto receiving = create_task(receive_so_many(near, 3));
    co_await wait_all_tasks_blocked();
    EXPECT_TRUE(co_await hocket::testing::cancelling_ends(receiving));
    far.write("later");
    EXPECT_EQ(co_await sock_recv(near, 10), "later");
  }
}

HOCKET_TEST(sock_recv, takes_a_limit) {
  const auto [near, far] = foreign_sockets();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::timeout_error>(hocket::with_timeout(1s, sock_recv(near, 10))));
  far.write("x");
  EXPECT_EQ(co_await hocket::with_timeout(1s, sock_recv(near, 10)), "x");
}

HOCKET_TEST(sock_sendall, sends_more_than_there_is_room_for_both_ways_at_once) {
  const std::string text = long_text();
  for (const int kind : kinds) {
    const auto [near, far] = foreign_sockets(SOCK_STREAM | kind);
    const int before = near.flags();
    auto to_far = create_task(send(near, text));
    auto to_near = create_task(send(far, text));
    auto at_far = create_task(receive_so_many(far, text.size()));
    auto at_near = create_task(receive_so_many(near, text.size()));
    EXPECT_TRUE(co_await at_far == text);
    EXPECT_TRUE(co_await at_near == text);
    co_await to_far;
    co_await to_near;
    EXPECT_EQ(near.flags(), before);
  }
}

HOCKET_TEST(sock_sendall, is_cancelled_at_once_while_nobody_reads) {
  const std::string text = long_text();
  for (const int kind : kinds) {
    const auto [near, far] = foreign_sockets(SOCK_STREAM | kind);
    const auto sending = create_task(send(near, text));
    co_await wait_all_tasks_blocked();
    EXPECT_TRUE(co_await hocket::testing::cancelling_ends(sending));
  }
}

HOCKET_TEST(sock_sendall, to_a_peer_that_is_gone_is_an_error_that_names_the_descriptor_and_no_signal) {
  auto [near, far] = foreign_sockets();
  far.close();
  EXPECT_EQ(co_await what_is_thrown(sock_sendall(near, "x")),
            "send to descriptor " + std::to_string(near) + ": Broken pipe");
}

HOCKET_TEST(sock_recvfrom, tells_who_sent_a_datagram_and_whether_it_was_cut) {
  for (const int kind : kinds) {
    const auto near = bound_socket(SOCK_DGRAM | kind);
    const auto far = bound_socket(SOCK_DGRAM | kind);
    EXPECT_EQ(co_await sock_sendto(far, "datagram", name_of(near)), 8U);
    const auto whole = co_await sock_recvfrom(near, 100);
    EXPECT_EQ(whole.bytes, "datagram");
    EXPECT_EQ(whole.sender, name_of(far));
    EXPECT_FALSE(whole.truncated);

    EXPECT_EQ(co_await sock_sendto(far, "datagram", name_of(near)), 8U);
    std::array<char, 4> memory{};
    const auto cut = co_await sock_recvfrom_into(near, memory);
    EXPECT_EQ(std::string_view(memory.data(), cut.size), "data");
    EXPECT_EQ(cut.sender, name_of(far));
    EXPECT_TRUE(cut.truncated);

    EXPECT_EQ(co_await sock_sendto(near, "", whole.sender), 0U);
    EXPECT_EQ((co_await sock_recvfrom(far, 100)).bytes, "");
  }
}

HOCKET_TEST(sock_recvfrom, waits_and_is_cancelled_at_once) {
  const auto near = bound_socket(SOCK_DGRAM);
  const auto receive = [](int number) -> coro<std::string> { co_return (co_await sock_recvfrom(number, 100)).bytes; };
  const auto cancelled = create_task(receive(near));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await hocket::testing::cancelling_ends(cancelled));
  auto receiving = create_task(receive(near));
  co_await wait_all_tasks_blocked();
  const auto far = bound_socket(SOCK_DGRAM);
  EXPECT_EQ(co_await sock_sendto(far, "late", name_of(near)), 4U);
  EXPECT_EQ(co_await receiving, "late");
}

HOCKET_TEST(sock_recvfrom, lets_no_descriptor_in_that_is_passed_along) {
  const auto [near, far] = foreign_sockets(SOCK_DGRAM);
  std::string bytes = "x";
  iovec piece{.iov_base = bytes.data(), .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  *header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  *reinterpret_cast<int*>(CMSG_DATA(header)) = near;
  EXPECT_EQ(::sendmsg(far, &message, 0), 1);
  const auto before = hocket::testing::count_open_numbers();
  EXPECT_EQ((co_await sock_recvfrom(near, 10)).bytes, "x");
  EXPECT_EQ(hocket::testing::count_open_numbers(), before);
}

HOCKET_TEST(sock_accept, gives_a_number_that_does_not_block_and_the_peer) {
  for (const int kind : kinds) {
    const auto listener = listening_socket(SOCK_STREAM | kind);
    const int before = listener.flags();
    const auto client = inet_socket(SOCK_STREAM | kind);
    auto accepting = create_task(
        [](int number) -> coro<hocket::sock_connection> { co_return co_await sock_accept(number); }(listener));
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(accepting.done());
    co_await sock_connect(client, name_of(listener));
    const auto accepted = co_await accepting;
    const foreign_number server(accepted.number);
    EXPECT_EQ(accepted.peer, name_of(client));
    EXPECT_NE(server.flags() & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(server, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(listener.flags(), before);
    EXPECT_NE(::fcntl(listener, F_GETFL), -1);
    co_await sock_sendall(client, "hello");
    EXPECT_EQ(co_await sock_recv(server, 10), "hello");
  }
}

HOCKET_TEST(sock_accept, is_cancelled_at_once) {
  for (const int kind : kinds) {
    const auto listener = listening_socket(SOCK_STREAM | kind);
    const auto accepting = create_task([](int number) -> coro<void> {
      const foreign_number accepted((co_await sock_accept(number)).number);
    }(listener));
    co_await wait_all_tasks_blocked();
    EXPECT_TRUE(co_await hocket::testing::cancelling_ends(accepting));
  }
}

HOCKET_TEST(sock_connect, that_is_refused_names_the_descriptor_and_the_address) {
  for (const int kind : kinds) {
    auto listener = listening_socket();
    const auto address = name_of(listener);
    listener.close();
    const auto client = inet_socket(SOCK_STREAM | kind);
    const int before = client.flags();
    EXPECT_EQ(co_await what_is_thrown(sock_connect(client, address)),
              "connect descriptor " + std::to_string(client) + " to " + address.to_string() + ": Connection refused");
    EXPECT_EQ(client.flags(), before);
  }
}

HOCKET_TEST(sock_recv, of_what_is_no_socket_is_refused) {
  const auto [near, far] = foreign_pipe();
  far.write("x");
  EXPECT_EQ(co_await what_is_thrown(sock_recv(near, 1)),
            "receive from descriptor " + std::to_string(near) + ": Socket operation on non-socket");
  EXPECT_EQ(co_await what_is_thrown(sock_recv(-1, 1)), "receive from descriptor -1: Bad file descriptor");
  EXPECT_EQ(near.read(), "x");
}

HOCKET_TEST(sock_sendfile, sends_what_is_in_a_file) {
  const hocket::testing::temporary_directory folder;
  const std::string text = long_text();
  hocket::testing::write_file(folder / "text", text);
  for (const int kind : kinds) {
    auto from = co_await hocket::file::open(folder / "text");
    const auto [near, far] = foreign_sockets(SOCK_STREAM | kind);
    auto receiving = create_task(receive_so_many(far, text.size()));
    EXPECT_EQ(co_await sock_sendfile(near, from), text.size());
    EXPECT_TRUE(co_await receiving == text);
    EXPECT_EQ(co_await sock_sendfile(near, from, {.offset = 10, .length = 5}), 5U);
    EXPECT_EQ(co_await sock_recv(far, 100), text.substr(10, 5));
  }
  auto from = co_await hocket::file::open(folder / "text");
  const auto [near, far] = foreign_pipe();
  EXPECT_EQ(co_await what_is_thrown(sock_sendfile(far, from)),
            "send to descriptor " + std::to_string(far) + ": Socket operation on non-socket");
}

// Such that block, and hold little.
foreign_pair sockets_on_loopback() {
  const int few_bytes = 16'384;
  const foreign_number listener = inet_socket(SOCK_STREAM);
  ::setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &few_bytes, sizeof few_bytes);
  const socket_address any = loopback();
  EXPECT_EQ(::bind(listener, any.data(), any.size()), 0);
  EXPECT_EQ(::listen(listener, 1), 0);
  const socket_address address = name_of(listener);
  foreign_number near = inet_socket(SOCK_STREAM);
  ::setsockopt(near, SOL_SOCKET, SO_SNDBUF, &few_bytes, sizeof few_bytes);
  while (::connect(near, address.data(), address.size()) != 0 && errno != EISCONN) {  // a signal may strike
  }
  foreign_number far(TEMP_FAILURE_RETRY(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)));
  return {std::move(near), std::move(far)};
}

HOCKET_TEST(sock_sendfile, to_a_socket_that_blocks_holds_nobody_while_the_peer_does_not_read) {
  const hocket::testing::temporary_directory folder;
  hocket::testing::write_file(folder / "long", std::string(1'000'000, 'x'));
  auto from = co_await hocket::file::open(folder / "long");
  const auto [near, far] = sockets_on_loopback();
  const auto sending = create_task(sock_sendfile(near, from));
  co_await hocket::wait_readable(far);
  co_await wait_all_tasks_blocked();
  sending.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(sending));
}

HOCKET_TEST(sock_recv, is_ended_by_notify_closing) {
  auto [near, far] = foreign_sockets();
  const auto receiving = create_task(why_receiving_ends(near));
  co_await wait_all_tasks_blocked();
  const std::string expected = "receive from descriptor " + std::to_string(near) + ": Operation canceled";
  hocket::notify_closing(near);
  near.close();
  EXPECT_EQ(co_await receiving, expected);
}

HOCKET_TEST(sock_recv, works_beside_a_reader_of_the_same_descriptor) {
  const auto [near, far] = foreign_sockets();
  int calls = 0;
  hocket::loop::running().add_reader(near, [&] { ++calls; });
  auto receiving = create_task(receive_so_many(near, 5));
  co_await wait_all_tasks_blocked();
  far.write("hello");
  EXPECT_EQ(co_await receiving, "hello");
  EXPECT_TRUE(hocket::loop::running().remove_reader(near));
}

TEST(sock, cancelled_anywhere_or_failing_it_leaves_nothing_behind) {
  const auto scenario = []() -> coro<void> {
    const auto listener = listening_socket();
    const auto client = inet_socket(SOCK_STREAM | SOCK_NONBLOCK);
    const auto serve = [](int number) -> coro<void> {
      const foreign_number server((co_await sock_accept(number)).number);
      co_await sock_sendall(server, co_await sock_recv(server, 10));
    };
    const auto ask = [](int number, socket_address peer) -> coro<void> {
      co_await sock_connect(number, peer);
      co_await sock_sendall(number, "hello");
      static_cast<void>(co_await sock_recv(number, 10));
    };
    co_await hocket::with_timeout(1h, hocket::gather(serve(listener), ask(client, name_of(listener))));
  };
  const auto cancelled = hocket::testing::cancel_at_every_suspension(scenario);
  EXPECT_TRUE(cancelled.none()) << cancelled.to_string();
  const auto alone = []() -> coro<void> {
    const auto [near, far] = foreign_sockets();
    co_await sock_sendall(near, "hello");
    EXPECT_EQ(co_await sock_recv(far, 10), "hello");
    const auto listener = listening_socket();
    const auto client = inet_socket(SOCK_STREAM | SOCK_NONBLOCK);
    co_await sock_connect(client, name_of(listener));
    const foreign_number server((co_await sock_accept(listener)).number);
    const auto receiver = bound_socket(SOCK_DGRAM);
    EXPECT_EQ(co_await sock_sendto(receiver, "hello", name_of(receiver)), 5U);
    EXPECT_EQ((co_await sock_recvfrom(receiver, 10)).bytes, "hello");
  };
  const auto starved = hocket::testing::fail_each_allocation(alone);
  EXPECT_TRUE(starved.none()) << starved.to_string();
  const auto failed = hocket::testing::fail_each_operation(alone);
  EXPECT_TRUE(failed.none()) << failed.to_string();
}
