#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/loop/network_interface.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_expected;
using hocket::as_result;
using hocket::connect_udp;
using hocket::coro;
using hocket::create_task;
using hocket::datagram_batch;
using hocket::socket_address;
using hocket::udp_socket;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

socket_address local(const char* host = "127.0.0.1", std::uint16_t port = 0) {
  return *socket_address::parse(host, port);
}

udp_socket bound(const hocket::udp_options& options = {}) { return udp_socket::bind(local(), options); }

bool has_ipv6() {
  try {
    static_cast<void>(udp_socket::bind(local("::1")));
    return true;
  } catch (const std::system_error&) {
    std::fputs("SKIPPED: this machine has no ::1\n", stderr);
    return false;
  }
}

template <class Value>
std::error_code error_of(const std::expected<Value, std::error_code>& outcome) {
  return outcome ? std::error_code() : outcome.error();
}

// ---- one at a time

HOCKET_TEST(udp_socket, tells_who_sent_a_datagram) {
  auto one = bound(), other = bound();
  EXPECT_EQ(co_await one.send_to("hello", other.local_address()), 5U);
  std::array<char, 64> bytes{};
  const auto received = co_await other.receive_from(bytes);
  EXPECT_EQ(std::string_view(bytes.data(), received.size), "hello");
  EXPECT_EQ(received.sender, one.local_address());
  EXPECT_FALSE(received.truncated);
  EXPECT_FALSE(received.destination);
}

HOCKET_TEST(udp_socket, receives_into_a_buffer_of_the_loops) {
  auto one = bound(), other = bound();
  auto receiving = create_task(other.receive_from());
  co_await wait_all_tasks_blocked();
  co_await one.send_to("hello", other.local_address());
  auto received = co_await std::move(receiving);
  EXPECT_EQ(received.bytes.text(), "hello");
  EXPECT_EQ(received.sender, one.local_address());
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), 1U);
  received.bytes = {};
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), 0U);
}

HOCKET_TEST(udp_socket, an_empty_datagram_is_a_datagram) {
  auto one = bound(), other = bound();
  co_await one.send_to("", other.local_address());
  std::array<char, 64> bytes{};
  const auto received = co_await other.receive_from(bytes);
  EXPECT_EQ(received.size, 0U);
  EXPECT_EQ(received.sender, one.local_address());
}

HOCKET_TEST(udp_socket, tells_that_a_datagram_was_longer_than_the_memory_and_only_then) {
  auto one = bound(), other = bound();
  for (const char* text : {"12345", "1234"}) co_await one.send_to(text, other.local_address());
  std::array<char, 4> bytes{};
  const auto longer = co_await other.receive_from(bytes);
  EXPECT_EQ(longer.size, 4U);
  EXPECT_TRUE(longer.truncated);
  const auto exact = co_await other.receive_from(bytes);
  EXPECT_EQ(exact.size, 4U);
  EXPECT_FALSE(exact.truncated);
}

HOCKET_TEST(udp_socket, tells_that_a_datagram_was_longer_than_a_buffer_of_the_loops) {
  auto one = bound(), other = bound();
  co_await one.send_to(std::string(20 * 1024 + 1, 'x'), other.local_address());
  const auto received = co_await other.receive_from();
  EXPECT_TRUE(received.truncated);
  EXPECT_EQ(received.bytes.size(), 20U * 1024);
}

HOCKET_TEST(udp_socket, sends_the_longest_datagram_and_none_that_is_longer) {
  auto one = bound(), other = bound();
  EXPECT_EQ(error_of(co_await as_expected(one.send_to(std::string(65508, 'x'), other.local_address()))),
            std::errc::message_size);
  co_await one.send_to(std::string(65507, 'x'), other.local_address());
  std::vector<char> bytes(65507);
  EXPECT_EQ((co_await other.receive_from(bytes)).size, 65507U);
}

HOCKET_TEST(udp_socket, of_a_family_gets_an_address_when_it_first_sends) {
  auto server = bound();
  auto client = udp_socket::open(AF_INET);
  EXPECT_EQ(client.local_address().port(), 0);
  co_await client.send_to("x", server.local_address());
  EXPECT_NE(client.local_address().port(), 0);
}

HOCKET_TEST(udp_socket, speaks_ipv6) {
  if (!has_ipv6()) co_return;
  auto one = udp_socket::bind(local("::1")), other = udp_socket::bind(local("::1"));
  co_await one.send_to("hello", other.local_address());
  EXPECT_EQ((co_await other.receive_from()).sender, one.local_address());
}

HOCKET_TEST(udp_socket, of_both_families_shows_ipv4_senders_as_mapped) {
  if (!has_ipv6()) co_return;
  auto both = udp_socket::bind(local("::"), {.dual_stack = true});
  auto sender = bound();
  co_await sender.send_to("hello", local("127.0.0.1", both.local_address().port()));
  EXPECT_EQ((co_await both.receive_from()).sender, sender.local_address().to_v4_mapped());
}

HOCKET_TEST(udp_socket, binding_to_an_address_in_use_names_it) {
  auto first = bound();
  try {
    static_cast<void>(udp_socket::bind(first.local_address()));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(problem.what(), "cannot bind to " + first.local_address().to_string() + ": Address already in use");
  }
  co_return;
}

// ---- connected

HOCKET_TEST(udp_socket, connected_sends_to_its_peer_and_receives_from_it_alone) {
  auto server = bound(), stranger = bound();
  auto client = co_await connect_udp(server.local_address(), {}, local());
  EXPECT_EQ(client.peer_address(), server.local_address());
  co_await stranger.send_to("from a stranger", client.local_address());
  co_await client.send("hello");
  co_await server.send_to("and back", (co_await server.receive_from()).sender);
  EXPECT_EQ((co_await client.receive_from()).bytes.text(), "and back");
}

HOCKET_TEST(udp_socket, connects_by_name) {
  auto server = bound();
  auto client = co_await connect_udp("127.0.0.1", server.local_address().port());
  co_await client.send("hello");
  EXPECT_EQ((co_await server.receive_from()).sender, client.local_address());
}

HOCKET_TEST(udp_socket, a_receiver_that_waits_hears_that_its_peer_refuses_and_goes_on) {
  auto gone = bound();
  const socket_address there = gone.local_address();
  gone.close();
  auto client = co_await connect_udp(there);
  std::array<char, 64> bytes{};
  auto receiving = create_task([](udp_socket& by, std::span<char> into) -> coro<std::error_code> {
    co_return error_of(co_await as_expected(by.receive_from(into)));
  }(client, bytes));
  co_await wait_all_tasks_blocked();
  co_await client.send("anyone?");
  EXPECT_EQ(co_await receiving, std::errc::connection_refused);
  auto back = udp_socket::bind(there);
  co_await client.send("now?");
  EXPECT_EQ((co_await back.receive_from()).bytes.text(), "now?");
}

HOCKET_TEST(udp_socket, a_sender_hears_that_what_was_sent_before_was_refused) {
  auto gone = bound();
  auto client = co_await connect_udp(gone.local_address());
  gone.close();
  co_await client.send("anyone?");
  EXPECT_EQ(error_of(co_await as_expected(client.send("anyone?"))), std::errc::connection_refused);
}

// ---- ending

HOCKET_TEST(udp_socket, a_receive_can_be_cancelled_and_loses_nothing) {
  auto one = bound(), other = bound();
  auto receiving = create_task(other.receive_from());
  co_await wait_all_tasks_blocked();
  receiving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(receiving)));
  co_await one.send_to("for the next", other.local_address());
  EXPECT_EQ((co_await other.receive_from()).bytes.text(), "for the next");
}

HOCKET_TEST(udp_socket, closing_ends_a_receive) {
  auto socket = bound();
  std::array<char, 64> bytes{};
  auto receiving = create_task([](udp_socket& by, std::span<char> into) -> coro<std::error_code> {
    co_return error_of(co_await as_expected(by.receive_from(into)));
  }(socket, bytes));
  co_await wait_all_tasks_blocked();
  socket.close();
  EXPECT_EQ(co_await receiving, std::errc::operation_canceled);
}

HOCKET_TEST(udp_socket, a_receive_of_a_closed_socket_never_takes_a_datagram_of_one_that_got_its_number) {
  auto sender = bound();
  for (int round = 0; round < 20; ++round) {
    auto first = bound();
    const int number = first.number();
    std::array<char, 64> bytes{};
    auto receiving = create_task([](udp_socket& by, std::span<char> into) -> coro<std::error_code> {
      co_return error_of(co_await as_expected(by.receive_from(into)));
    }(first, bytes));
    co_await wait_all_tasks_blocked();
    first.close();
    auto second = bound();  // on epoll it has the number at once, on io_uring when the receive has ended
    co_await sender.send_to("for the second", second.local_address());
    EXPECT_EQ(co_await receiving, std::errc::operation_canceled);
    EXPECT_EQ((co_await second.receive_from()).bytes.text(), "for the second") << number;
  }
}

// ---- many at a time

HOCKET_TEST(datagram_batch, is_sent_and_received_together) {
  auto one = bound(), other = bound();
  datagram_batch out(16, 100), in(16, 100);
  for (int n = 0; n < 10; ++n)
    EXPECT_TRUE(out.add(std::string(static_cast<std::size_t>(n), 'x'), other.local_address()));
  co_await one.send_batch(out);
  EXPECT_EQ(out.sent(), 10U);
  EXPECT_EQ(co_await other.receive_batch(in), 10U);
  for (std::size_t n = 0; n < 10; ++n) {
    EXPECT_EQ(in.bytes(n).size(), n);
    EXPECT_EQ(in.address(n), one.local_address());
    EXPECT_FALSE(in.truncated(n));
  }
}

HOCKET_TEST(datagram_batch, that_was_received_can_be_sent_back) {
  auto client = bound(), server = bound();
  for (const char* text : {"a", "bb"}) co_await client.send_to(text, server.local_address());
  datagram_batch batch(8, 100);
  EXPECT_EQ(co_await server.receive_batch(batch), 2U);
  batch.bytes(0)[0] = 'z';
  co_await server.send_batch(batch);
  EXPECT_EQ((co_await client.receive_from()).bytes.text(), "z");
  EXPECT_EQ((co_await client.receive_from()).bytes.text(), "bb");
}

HOCKET_TEST(datagram_batch, waits_for_the_first_and_takes_no_more_than_it_has_room_for) {
  auto one = bound(), other = bound();
  datagram_batch in(2, 100);
  auto receiving = create_task(other.receive_batch(in));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(receiving.done());
  datagram_batch out(3, 100);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(out.add("x", other.local_address()));
  co_await one.send_batch(out);
  EXPECT_EQ(co_await receiving, 2U);
  EXPECT_EQ(co_await other.receive_batch(in), 1U);
  EXPECT_EQ(in.size(), 1U);
}

HOCKET_TEST(datagram_batch, tells_what_was_longer_than_its_room) {
  auto one = bound(), other = bound();
  for (const char* text : {"too long", "fits"}) co_await one.send_to(text, other.local_address());
  datagram_batch in(2, 4);
  co_await other.receive_batch(in);
  EXPECT_TRUE(in.truncated(0));
  EXPECT_FALSE(in.truncated(1));
}

HOCKET_TEST(datagram_batch, takes_no_more_and_nothing_longer_than_it_has_room_for) {
  datagram_batch out(1, 4);
  EXPECT_FALSE(out.add("12345"));
  EXPECT_TRUE(out.add("1234"));
  EXPECT_FALSE(out.add(""));
  out.clear();
  EXPECT_TRUE(out.add(""));
  co_return;
}

HOCKET_TEST(datagram_batch, of_a_connected_socket_needs_no_address) {
  auto server = bound();
  auto client = co_await connect_udp(server.local_address());
  datagram_batch out(2, 10);
  EXPECT_TRUE(out.add("one") && out.add("two"));
  co_await client.send_batch(out);
  EXPECT_EQ((co_await server.receive_from()).bytes.text(), "one");
  EXPECT_EQ((co_await server.receive_from()).bytes.text(), "two");
}

HOCKET_TEST(datagram_batch, tells_how_many_were_sent_before_an_error) {
  auto server = bound();
  auto sender = bound();
  datagram_batch out(3, 70'000);
  EXPECT_TRUE(out.add("fine", server.local_address()));
  EXPECT_TRUE(out.add(std::string(66'000, 'x'), server.local_address()));
  const auto outcome = co_await as_result(sender.send_batch(out));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(out.sent(), 1U);
}

HOCKET_TEST(datagram_batch, receiving_one_can_be_cancelled) {
  auto socket = bound();
  datagram_batch in(4, 100);
  auto receiving = create_task(socket.receive_batch(in));
  co_await wait_all_tasks_blocked();
  receiving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(receiving)));
}

// ---- options, groups

HOCKET_TEST(udp_socket, tells_to_which_address_a_datagram_was_sent) {
  auto server = udp_socket::bind(local("0.0.0.0"), {.packet_info = true});
  auto client = bound();
  co_await client.send_to("x", local("127.0.0.5", server.local_address().port()));
  const auto received = co_await server.receive_from();
  EXPECT_EQ(received.destination->host(), "127.0.0.5");
  EXPECT_EQ(received.interface_index, hocket::interface_index("lo"));
}

HOCKET_TEST(udp_socket, tells_to_which_ipv6_address_a_datagram_was_sent) {
  if (!has_ipv6()) co_return;
  auto server = udp_socket::bind(local("::"), {.packet_info = true});
  auto client = udp_socket::open(AF_INET6);
  co_await client.send_to("x", local("::1", server.local_address().port()));
  std::array<char, 8> bytes{};
  const auto received = co_await server.receive_from(bytes);
  EXPECT_EQ(received.destination->host(), "::1");
  EXPECT_EQ(received.interface_index, hocket::interface_index("lo"));
}

/// An interface by which the system itself sends to an IPv6 group: the loopback often has no route for them. 0: none.
unsigned interface_for_ipv6(const socket_address& group) {
  const int probe = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)> all(::if_nameindex(), &::if_freenameindex);
  unsigned found = 0;
  for (const auto* each = all.get(); found == 0 && each != nullptr && each->if_index != 0; ++each) {
    const bool sends =
        ::setsockopt(probe, IPPROTO_IPV6, IPV6_MULTICAST_IF, &each->if_index, sizeof each->if_index) == 0 &&
        ::sendto(probe, "", 0, 0, group.data(), group.size()) == 0;
    if (sends) found = each->if_index;
  }
  ::close(probe);
  if (found == 0) std::fputs("SKIPPED: no interface of this machine sends to an IPv6 group\n", stderr);
  return found;
}

coro<void> hears_a_group(socket_address any, socket_address group, unsigned by) {
  auto listener = udp_socket::bind(any);
  group = group.with_port(listener.local_address().port());
  listener.join(group, by);
  auto sender = udp_socket::open(any.family());
  sender.set_multicast_interface(by);
  co_await sender.send_to("to all", group);
  EXPECT_EQ((co_await listener.receive_from()).bytes.text(), "to all");
  listener.leave(group, by);
  co_await sender.send_to("to nobody", group);
  auto receiving = create_task(listener.receive_from());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(receiving.done());
  receiving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(receiving)));
}

HOCKET_TEST(udp_socket, hears_a_multicast_group_until_it_leaves) {
  co_await hears_a_group(local("0.0.0.0"), local("239.255.1.2"), hocket::interface_index("lo"));
}

HOCKET_TEST(udp_socket, hears_an_ipv6_multicast_group_until_it_leaves) {
  const unsigned by = has_ipv6() ? interface_for_ipv6(local("ff02::4321", 9)) : 0;
  if (by == 0) co_return;
  co_await hears_a_group(local("::"), local("ff02::4321"), by);
}

HOCKET_TEST(udp_socket, its_own_machine_does_not_hear_multicast_without_loop) {
  const unsigned by = hocket::interface_index("lo");
  auto listener = udp_socket::bind(local("0.0.0.0"));
  const socket_address group = local("239.255.1.3", listener.local_address().port());
  listener.join(group, by);
  auto sender = udp_socket::open(AF_INET);
  sender.set_multicast_interface(by);
  sender.set_multicast_loop(false);
  EXPECT_FALSE(sender.multicast_loop());
  co_await sender.send_to("to others", group);
  sender.set_multicast_loop(true);
  co_await sender.send_to("to all", group);
  const auto first = co_await listener.receive_from();
  // A network card's own copy is kept back; on the loopback interface the "network" itself brings it round again.
  EXPECT_TRUE(first.bytes.text() == "to all" || first.bytes.text() == "to others");
}

HOCKET_TEST(udp_socket, keeps_what_was_set) {
  for (const int family : {AF_INET, AF_INET6}) {
    if (family == AF_INET6 && !has_ipv6()) continue;
    auto socket = udp_socket::open(family, {.receive_buffer_bytes = 50'000});
    EXPECT_EQ(socket.receive_buffer_bytes(), 2 * 50'000);
    EXPECT_EQ(socket.multicast_ttl(), 1);
    socket.set_multicast_ttl(7);
    EXPECT_EQ(socket.multicast_ttl(), 7);
    socket.set_ttl(9);
    EXPECT_EQ(socket.ttl(), 9);
    EXPECT_FALSE(socket.broadcast());
    socket.set_broadcast(true);
    EXPECT_TRUE(socket.broadcast());
  }
  co_return;
}

HOCKET_TEST(udp_socket, sends_to_broadcast_addresses_only_when_it_may) {
  auto listener = udp_socket::bind(local("0.0.0.0"));
  const socket_address all = local("127.255.255.255", listener.local_address().port());
  auto sender = bound();
  EXPECT_EQ(error_of(co_await as_expected(sender.send_to("x", all))), std::errc::permission_denied);
  sender.set_broadcast(true);
  co_await sender.send_to("x", all);
  EXPECT_EQ((co_await listener.receive_from()).bytes.text(), "x");
}

HOCKET_TEST(udp_socket, with_reuse_port_two_sockets_share_a_port) {
  auto first = bound({.reuse_port = true});
  auto second = udp_socket::bind(first.local_address(), {.reuse_port = true});
  EXPECT_EQ(second.local_address(), first.local_address());
  co_return;
}

HOCKET_TEST(udp_socket, a_sender_waits_when_the_systems_buffer_is_full) {
  auto [one, other] = [] {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return std::pair(udp_socket(hocket::io_handle(ends[0])), udp_socket(hocket::io_handle(ends[1])));
  }();  // of UDP the loopback interface takes and drops whatever comes, a pair does not
  constexpr std::size_t many = 1000;
  datagram_batch out(many, 1000), in(many, 1000);
  while (out.add(std::string(1000, 'x'))) {
  }
  auto sending = create_task(one.send_batch(out));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  std::size_t received = 0;
  while (received < many) received += co_await other.receive_batch(in);
  co_await sending;
  EXPECT_EQ(out.sent(), many);
}

// ---- with others

HOCKET_REAL_TIME_TEST(udp_socket, answers_pythons_datagrams) {
  auto server = bound();
  auto answering = create_task([](udp_socket& by) -> coro<void> {
    const auto question = co_await by.receive_from();
    const std::string answer = "you said " + std::string(question.bytes.text());
    co_await by.send_to(answer, question.sender);
  }(server));
  const std::string script =
      "import asyncio\n"
      "class Client(asyncio.DatagramProtocol):\n"
      "    def connection_made(self, transport): transport.sendto(b'hello')\n"
      "    def datagram_received(self, data, address): answer.set_result(data.decode())\n"
      "async def main():\n"
      "    global answer\n"
      "    answer = asyncio.get_running_loop().create_future()\n"
      "    await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=('127.0.0.1', " +
      std::to_string(server.local_address().port()) +
      "))\n"
      "    print(await asyncio.wait_for(answer, 30))\n"
      "asyncio.run(main())\n";
  const std::string output = co_await hocket::to_thread([&] {
    std::FILE* const from = ::popen(("python3 -c \"" + script + "\"").c_str(), "r");
    std::string text;
    for (int byte = std::fgetc(from); byte != EOF; byte = std::fgetc(from)) text += static_cast<char>(byte);
    ::pclose(from);
    return text;
  });
  EXPECT_EQ(output, "you said hello\n");
  co_await answering;
}

}  // namespace
