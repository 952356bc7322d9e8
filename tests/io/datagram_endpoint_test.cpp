#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <io/failing_operations.hpp>
#include <io/told.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/create_datagram_endpoint.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_datagram_endpoint;
using hocket::datagram_transport;
using hocket::loop;
using hocket::socket_address;
using hocket::udp_socket;
using hocket::testing::every_backend;
using hocket::testing::throws;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

socket_address local(std::uint16_t port = 0) { return *socket_address::parse("127.0.0.1", port); }

/// Writes down what it is told.
class recorder : public hocket::datagram_protocol {
 public:
  void connection_made(datagram_transport& made) override {
    mine = made;
    note("made");
  }
  void datagram_received(std::string_view bytes, const socket_address& from) override {
    note("'");
    trace.append(bytes).append("'");
    sender = from;
    if (bytes.ends_with('!')) throw std::runtime_error("a mark");
  }
  void error_received(std::error_code error) override { note(error.message()); }
  void connection_lost(std::exception_ptr error) override {
    note("lost");
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& failed) {
        trace += std::string(": ") + failed.what();
      }
    }
    mine = {};
  }
  void pause_writing() override { note("pause"); }
  void resume_writing() override { note("resume"); }

  datagram_transport mine;
  std::string trace;
  socket_address sender;

 private:
  void note(std::string_view what) { trace.append(trace.empty() ? "" : " ").append(what); }
};

/// A recorder that answers what it is told.
class echo : public recorder {
 public:
  void datagram_received(std::string_view bytes, const socket_address& from) override {
    recorder::datagram_received(bytes, from);
    mine.sendto(bytes, from);
  }
};

constexpr auto make_recorder = [] { return std::make_shared<recorder>(); };
constexpr auto make_echo = [] { return std::make_shared<echo>(); };

/// What has come to a socket, without waiting.
std::string next_of(const udp_socket& socket) {
  std::array<char, 64> bytes{};
  const ssize_t size = ::recv(socket.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<std::size_t>(size));
}

/// An endpoint whose socket takes a few datagrams and then has no room, and the other end. They are unix sockets: those of UDP
/// always have room on one machine.
struct narrow_endpoint {
  datagram_transport transport;
  std::shared_ptr<recorder> protocol;
  udp_socket peer;
};

/// One that has little room, and its other end.
std::pair<udp_socket, udp_socket> narrow_pair() {
  auto [one, other] = hocket::unix_datagram_socket::pair();
  one.set_send_buffer_bytes(1);  // the least that there is
  return {udp_socket(one.release()), udp_socket(other.release())};
}

narrow_endpoint make_narrow() {
  auto [mine, peer] = narrow_pair();
  auto [transport, protocol] = create_datagram_endpoint(make_recorder, std::move(mine));
  return {std::move(transport), std::move(protocol), std::move(peer)};
}

/// Sends numbers until `more` of them wait. Gives how many it sent.
int fill(const datagram_transport& transport, int more = 1) {
  int sent = 0;
  while (transport.get_write_buffer_size() == 0 && !transport.is_closing()) transport.sendto(std::to_string(sent++));
  for (int n = 1; n < more; ++n) transport.sendto(std::to_string(sent++));
  return sent;
}

/// Receives `count` numbers: true if they come from 0 on, one after the other.
coro<bool> comes_in_order(udp_socket& peer, int count) {
  for (int n = 0; n < count; ++n)
    if ((co_await peer.receive_from()).bytes.text() != std::to_string(n)) co_return false;
  co_return true;
}

coro<void> end(datagram_transport transport) {
  transport.close();
  co_await wait_all_tasks_blocked();
}

// ---- receiving and sending

HOCKET_TEST(datagram_endpoint, tells_its_protocol_of_each_datagram_and_its_sender) {
  auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
  EXPECT_EQ(protocol->trace, "made");
  auto client = udp_socket::bind(local());
  co_await client.send_to("hello", transport.local_address());
  co_await client.send_to("there", transport.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'hello' 'there'");
  EXPECT_EQ(protocol->sender, client.local_address());
  co_await end(transport);
  EXPECT_EQ(protocol->trace, "made 'hello' 'there' lost");
  EXPECT_EQ(transport.get_protocol(), nullptr);
}

HOCKET_TEST(datagram_endpoint, answers_who_has_sent) {
  auto [server, serving] = co_await create_datagram_endpoint(make_echo, {.local_address = local()});
  auto [client, asking] = co_await create_datagram_endpoint(make_recorder, {.remote_address = server.local_address()});
  EXPECT_EQ(client.peer_address(), server.local_address());
  client.sendto("hello");
  client.sendto("again", server.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(asking->trace, "made 'hello' 'again'");
  EXPECT_EQ(asking->sender, server.local_address());
  co_await end(client);
  co_await end(server);
}

HOCKET_TEST(datagram_endpoint, takes_an_empty_datagram_for_one) {
  auto [server, serving] = co_await create_datagram_endpoint(make_echo, {.local_address = local()});
  auto [client, asking] = co_await create_datagram_endpoint(make_recorder, {.remote_address = server.local_address()});
  client.sendto("");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(serving->trace, "made ''");
  EXPECT_EQ(asking->trace, "made ''");
  co_await end(client);
  co_await end(server);
}

HOCKET_TEST(datagram_endpoint, carries_the_longest_datagram_whole) {
  class sizes : public echo {
    void datagram_received(std::string_view bytes, const socket_address&) override {
      trace += " " + std::to_string(bytes.size());
    }
  };
  auto [server, serving] =
      co_await create_datagram_endpoint([] { return std::make_shared<sizes>(); }, {.local_address = local()});
  auto [client, asking] = co_await create_datagram_endpoint(make_recorder, {.remote_address = server.local_address()});
  client.sendto(std::string(65507, 'x'));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(serving->trace, "made 65507");
  co_await end(client);
  co_await end(server);
}

HOCKET_TEST(datagram_endpoint, sends_at_once_what_the_system_takes) {
  auto peer = udp_socket::bind(local());
  auto [transport, protocol] =
      co_await create_datagram_endpoint(make_recorder, {.remote_address = peer.local_address()});
  transport.sendto("now");
  EXPECT_EQ(next_of(peer), "now");
  EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, finds_its_peer_by_name) {
  auto [server, serving] = co_await create_datagram_endpoint(make_echo, {.local_address = local()});
  auto [client, asking] = co_await create_datagram_endpoint(make_recorder, "localhost", server.local_address().port(),
                                                            {.local_address = local()});
  client.sendto("hello");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(asking->trace, "made 'hello'");
  co_await end(client);
  co_await end(server);
}

HOCKET_TEST(datagram_endpoint, is_made_of_a_socket_that_is_there_already) {
  auto peer = udp_socket::bind(local());
  auto connected = udp_socket::open(AF_INET);
  co_await connected.connect(peer.local_address());
  auto [transport, protocol] = create_datagram_endpoint(make_recorder, std::move(connected));
  EXPECT_EQ(protocol->trace, "made");
  transport.sendto("hello");
  EXPECT_EQ(next_of(peer), "hello");
  EXPECT_THROW(transport.sendto("x", local(9)), std::invalid_argument);
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, of_a_family_sends_from_where_the_system_chooses) {
  auto peer = udp_socket::bind(local());
  auto [transport, protocol] = create_datagram_endpoint(make_recorder, udp_socket::open(AF_INET));
  transport.sendto("hello", peer.local_address());
  EXPECT_EQ(next_of(peer), "hello");
  EXPECT_NE(transport.local_address().port(), 0);
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, that_broadcasts_hears_whoever_answers) {
  auto first = udp_socket::bind(local());
  auto second = udp_socket::bind(local());
  auto [transport, protocol] = co_await create_datagram_endpoint(
      make_recorder,
      {.local_address = local(), .remote_address = first.local_address(), .socket = {.broadcast = true}});
  EXPECT_TRUE(transport.socket().broadcast());
  transport.sendto("who?");
  EXPECT_EQ(next_of(first), "who?");
  co_await second.send_to("me", transport.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'me'");
  EXPECT_EQ(protocol->sender, second.local_address());
  EXPECT_THROW(transport.sendto("x", second.local_address()), std::invalid_argument);
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, hears_its_peer_alone_if_it_is_connected) {
  auto peer = udp_socket::bind(local());
  auto stranger = udp_socket::bind(local());
  auto [transport, protocol] = co_await create_datagram_endpoint(
      make_recorder, {.local_address = local(), .remote_address = peer.local_address()});
  co_await stranger.send_to("psst", transport.local_address());
  co_await peer.send_to("hello", transport.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'hello'");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, needs_an_address_to_send_to_and_no_other_than_its_peer) {
  auto peer = udp_socket::bind(local());
  auto [unconnected, first] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
  EXPECT_THROW(unconnected.sendto("x"), std::invalid_argument);
  auto [connected, second] = co_await create_datagram_endpoint(make_recorder, {.remote_address = peer.local_address()});
  EXPECT_THROW(connected.sendto("x", unconnected.local_address()), std::invalid_argument);
  EXPECT_EQ(next_of(peer), "nothing");
  connected.sendto("fine", peer.local_address());
  EXPECT_EQ(next_of(peer), "fine");
  co_await end(unconnected);
  co_await end(connected);
}

HOCKET_TEST(datagram_endpoint, does_not_begin_without_any_address_or_at_one_that_is_taken) {
  EXPECT_TRUE(co_await throws<std::invalid_argument>(
      create_datagram_endpoint(make_recorder, hocket::datagram_endpoint_options{})));
  auto taken = udp_socket::bind(local());
  EXPECT_TRUE(co_await throws<std::system_error>(
      create_datagram_endpoint(make_recorder, {.local_address = taken.local_address()})));
  EXPECT_TRUE(co_await throws<std::system_error>(
      create_datagram_endpoint(make_recorder, "127.0.0.1", 9, {.local_address = *socket_address::parse("::1", 0)})));
}

// ---- errors

HOCKET_TEST(datagram_endpoint, tells_that_its_peer_refuses_and_goes_on) {
  auto peer = udp_socket::bind(local());
  const socket_address address = peer.local_address();
  peer.close();
  auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.remote_address = address});
  transport.sendto("anybody?");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made Connection refused");
  peer = udp_socket::bind(address);
  transport.sendto("hello");
  EXPECT_EQ((co_await peer.receive_from()).bytes.text(), "hello");
  co_await peer.send_to("there", transport.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made Connection refused 'there'");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, tells_at_once_that_a_datagram_is_too_long) {
  auto peer = udp_socket::bind(local());
  auto [transport, protocol] =
      co_await create_datagram_endpoint(make_recorder, {.remote_address = peer.local_address()});
  transport.sendto(std::string(65508, 'x'));
  EXPECT_EQ(protocol->trace, "made Message too long");
  transport.sendto("shorter");
  EXPECT_EQ(next_of(peer), "shorter");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, outlasts_what_its_protocol_throws_and_the_loop_is_told) {
  class thrower : public recorder {
    void connection_made(datagram_transport& made) override {
      recorder::connection_made(made);
      throw std::runtime_error("at once");
    }
    void error_received(std::error_code) override { throw std::runtime_error("an error"); }
  };
  const told handler;
  auto peer = udp_socket::bind(local());
  auto [transport, protocol] = co_await create_datagram_endpoint([] { return std::make_shared<thrower>(); },
                                                                 {.remote_address = peer.local_address()});
  co_await peer.send_to("bad!", transport.local_address());
  co_await peer.send_to("good", transport.local_address());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'bad!' 'good'");
  transport.sendto(std::string(65508, 'x'));
  EXPECT_EQ(handler.messages,
            (std::vector<std::string>{"protocol.connection_made() failed", "protocol.datagram_received() failed",
                                      "protocol.error_received() failed"}));
  co_await end(transport);
  EXPECT_EQ(protocol->trace, "made 'bad!' 'good' lost");
}

HOCKET_TEST(datagram_endpoint, is_lost_by_an_error_if_somebody_closes_its_socket) {
  auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
  co_await wait_all_tasks_blocked();
  transport.socket().close();
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(protocol->trace.starts_with("made lost: read")) << protocol->trace;
}

HOCKET_TEST(datagram_endpoint, is_lost_by_an_error_that_says_that_there_is_no_socket) {
  for (const int error : {EBADF, ENOTSOCK, EINVAL}) {
    hocket::testing::failing_operations receiving(hocket::io_op::receive_messages, error);
    receiving.left = 1000;
    auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(receiving.failed, 1U);
    EXPECT_EQ(protocol->trace, "made lost: read: " + std::system_category().message(error));
    EXPECT_TRUE(transport.is_closing());
  }
}

/// Counts the errors.
class error_counter : public recorder {
 public:
  void error_received(std::error_code) override { ++errors; }
  int errors = 0;
};
constexpr auto make_error_counter = [] { return std::make_shared<error_counter>(); };

HOCKET_TEST(datagram_endpoint, pauses_when_errors_come_one_after_the_other_and_goes_on) {
  auto client = udp_socket::bind(local());
  for (const int error : {ENETDOWN, ENOMEM}) {
    hocket::testing::failing_operations receiving(hocket::io_op::receive_messages, error);
    receiving.left = 10'000;
    auto [transport, protocol] = co_await create_datagram_endpoint(make_error_counter, {.local_address = local()});
    co_await hocket::sleep(2500ms);
    EXPECT_EQ(protocol->errors, error == ENOMEM ? 3 : 48);
    receiving.left = 0;
    co_await client.send_to("hello", transport.local_address());
    co_await hocket::sleep(1s);
    EXPECT_EQ(protocol->trace, "made 'hello'");
    co_await end(transport);
  }
}

HOCKET_TEST(datagram_endpoint, is_closed_at_once_while_it_pauses) {
  hocket::testing::failing_operations receiving(hocket::io_op::receive_messages, ENOMEM);
  auto [transport, protocol] = co_await create_datagram_endpoint(make_error_counter, {.local_address = local()});
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->errors, 1);
  co_await end(transport);
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(datagram_endpoint, tells_each_time_at_once_that_its_peer_refuses) {
  auto peer = udp_socket::bind(local());
  const socket_address address = peer.local_address();
  peer.close();
  auto [transport, protocol] = co_await create_datagram_endpoint(make_error_counter, {.remote_address = address});
  for (int sent = 1; sent <= 50; ++sent) {
    transport.sendto("anybody?");
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(protocol->errors, sent);
  }
  co_await end(transport);
}

// ---- when the system has no room

HOCKET_TEST(datagram_endpoint, keeps_what_the_system_does_not_take_and_sends_it_in_order) {
  auto [transport, protocol, peer] = make_narrow();
  const int sent = fill(transport, 3);
  EXPECT_GT(transport.get_write_buffer_size(), 3 * 8U);
  EXPECT_TRUE(co_await comes_in_order(peer, sent));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  transport.sendto("at once again");
  EXPECT_EQ(next_of(peer), "at once again");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, tells_when_to_pause_writing_and_when_to_go_on) {
  auto [transport, protocol, peer] = make_narrow();
  EXPECT_EQ(transport.get_write_buffer_limits().high, 64U * 1024);
  EXPECT_EQ(transport.get_write_buffer_limits().low, 16U * 1024);
  transport.set_write_buffer_limits(50, 20);
  int sent = fill(transport);
  while (transport.get_write_buffer_size() + 16 <= 50) transport.sendto(std::to_string(sent++));
  EXPECT_EQ(protocol->trace, "made");
  while (transport.get_write_buffer_size() <= 50) transport.sendto(std::to_string(sent++));
  EXPECT_EQ(protocol->trace, "made pause");
  transport.sendto(std::to_string(sent++));
  EXPECT_TRUE(co_await comes_in_order(peer, sent));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made pause resume");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, counts_empty_datagrams_so_that_they_make_a_pause_too) {
  auto [transport, protocol, peer] = make_narrow();
  transport.set_write_buffer_limits(100);
  fill(transport);
  for (int n = 0; n < 13; ++n) transport.sendto("");
  EXPECT_EQ(protocol->trace, "made pause");
  transport.abort();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(datagram_endpoint, asks_for_a_pause_at_once_when_its_marks_sink_below_what_waits) {
  auto [transport, protocol, peer] = make_narrow();
  fill(transport, 3);
  EXPECT_EQ(protocol->trace, "made");
  transport.set_write_buffer_limits(10);
  EXPECT_EQ(protocol->trace, "made pause");
  EXPECT_THROW(transport.set_write_buffer_limits(1, 2), std::invalid_argument);
  transport.abort();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(datagram_endpoint, may_be_written_to_while_it_tells_to_go_on) {
  class writer : public recorder {
    void resume_writing() override {
      recorder::resume_writing();
      mine.sendto("from resume_writing");
    }
  };
  auto [mine, peer] = narrow_pair();
  auto [transport, protocol] = create_datagram_endpoint([] { return std::make_shared<writer>(); }, std::move(mine));
  transport.set_write_buffer_limits(0);
  const int sent = fill(transport);
  EXPECT_TRUE(co_await comes_in_order(peer, sent));
  EXPECT_EQ((co_await peer.receive_from()).bytes.text(), "from resume_writing");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, tells_of_one_that_waited_and_failed_and_sends_the_next) {
  auto [transport, protocol, peer] = make_narrow();
  const int sent = fill(transport);
  transport.sendto(std::string(1 << 20, 'x'));  // longer than its buffer for sending
  transport.sendto(std::to_string(sent));
  EXPECT_TRUE(co_await comes_in_order(peer, sent + 1));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made pause Message too long resume");
  co_await end(transport);
}

HOCKET_TEST(datagram_endpoint, tells_of_nothing_but_its_end_once_it_was_aborted_over_an_error) {
  class impatient : public recorder {
    void error_received(std::error_code error) override {
      recorder::error_received(error);
      mine.abort();
    }
  };
  auto [mine, peer] = narrow_pair();
  auto [transport, protocol] = create_datagram_endpoint([] { return std::make_shared<impatient>(); }, std::move(mine));
  const int sent = fill(transport);
  transport.sendto(std::string(1 << 20, 'x'));
  transport.sendto("never sent");
  EXPECT_TRUE(co_await comes_in_order(peer, sent));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made pause Message too long lost");
  EXPECT_EQ(next_of(peer), "nothing");
}

// ---- the end

HOCKET_TEST(datagram_endpoint, closes_after_everything_was_sent_and_then_is_lost) {
  auto [transport, protocol, peer] = make_narrow();
  const int sent = fill(transport, 3);
  transport.close();
  EXPECT_TRUE(transport.is_closing());
  co_await peer.send("too late");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made");
  EXPECT_TRUE(co_await comes_in_order(peer, sent));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(datagram_endpoint, drops_what_waits_when_it_is_aborted) {
  auto [transport, protocol, peer] = make_narrow();
  const int sent = fill(transport, 3);
  transport.abort();
  EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
  EXPECT_TRUE(co_await comes_in_order(peer, sent - 3));
  EXPECT_EQ(next_of(peer), "nothing");
}

HOCKET_TEST(datagram_endpoint, sends_nothing_once_it_is_closing) {
  auto peer = udp_socket::bind(local());
  auto [transport, protocol] =
      co_await create_datagram_endpoint(make_recorder, {.remote_address = peer.local_address()});
  transport.close();
  transport.sendto("too late");
  co_await wait_all_tasks_blocked();
  transport.sendto("later still");
  transport.close();
  transport.abort();
  EXPECT_EQ(next_of(peer), "nothing");
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(datagram_endpoint, calls_connection_lost_outside_of_the_calls_that_end_it) {
  auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
  transport.close();
  transport.abort();
  EXPECT_EQ(protocol->trace, "made");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(datagram_endpoint, hands_nothing_over_once_its_protocol_has_closed_it) {
  class once : public recorder {
    void datagram_received(std::string_view bytes, const socket_address& from) override {
      recorder::datagram_received(bytes, from);
      mine.close();
    }
  };
  auto [transport, protocol] =
      co_await create_datagram_endpoint([] { return std::make_shared<once>(); }, {.local_address = local()});
  auto client = udp_socket::bind(local());
  const socket_address address = transport.local_address();
  for (const char* text : {"one", "two", "three"}) co_await client.send_to(text, address);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'one' lost");
}

HOCKET_TEST(datagram_endpoint, may_be_closed_while_it_tells_of_its_beginning) {
  class at_once : public recorder {
    void connection_made(datagram_transport& made) override {
      recorder::connection_made(made);
      made.close();
    }
  };
  auto [transport, protocol] =
      co_await create_datagram_endpoint([] { return std::make_shared<at_once>(); }, {.local_address = local()});
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(datagram_endpoint, may_change_its_protocol) {
  auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, {.local_address = local()});
  auto client = udp_socket::bind(local());
  co_await client.send_to("a", transport.local_address());
  co_await wait_all_tasks_blocked();
  const auto second = make_recorder();
  transport.set_protocol(second);
  EXPECT_EQ(transport.get_protocol(), second);
  co_await client.send_to("b", transport.local_address());
  co_await wait_all_tasks_blocked();
  co_await end(transport);
  EXPECT_EQ(protocol->trace, "made 'a'");
  EXPECT_EQ(second->trace, "'b' lost");
  protocol->mine = {};
}

HOCKET_TEST(datagram_endpoint, lives_without_a_handle_until_it_is_lost) {
  auto client = udp_socket::bind(local());
  auto server = udp_socket::bind(local());
  const socket_address address = server.local_address();
  const auto protocol = create_datagram_endpoint(make_recorder, std::move(server)).second;
  const datagram_transport mine = std::exchange(protocol->mine, {});
  co_await client.send_to("x", address);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made 'x'");
  co_await end(mine);
}

// ---- floods

HOCKET_TEST(datagram_endpoint, leaves_time_for_others_in_a_flood) {
  class counter : public hocket::datagram_protocol {
   public:
    void datagram_received(std::string_view, const socket_address&) override {
      ++all;
      most_in_a_turn = std::max(most_in_a_turn, ++in_this_turn);
    }
    int all = 0;
    int in_this_turn = 0;
    int most_in_a_turn = 0;
  };
  auto socket = udp_socket::bind(local(), {.receive_buffer_bytes = 1 << 20});
  auto client = udp_socket::bind(local());
  for (int n = 0; n < 200; ++n) co_await client.send_to("x", socket.local_address());
  auto [transport, protocol] = create_datagram_endpoint([] { return std::make_shared<counter>(); }, std::move(socket));
  for (int turn = 0; turn < 100; ++turn) {
    protocol->in_this_turn = 0;
    co_await hocket::sleep(0s);
  }
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->all, 200);
  EXPECT_LT(protocol->most_in_a_turn, 48);
  co_await end(transport);
}

// ---- disturbed

/// How often `connection_lost` came to a protocol, of those that were told of a connection.
struct counts {
  int made = 0;
  int lost = 0;
};

class counter : public echo {
 public:
  explicit counter(counts& of) : counts_(of) {}
  void connection_made(datagram_transport& made) override {
    ++counts_.made;
    echo::connection_made(made);
  }
  void connection_lost(std::exception_ptr error) override {
    ++counts_.lost;
    echo::connection_lost(std::move(error));
  }

 private:
  counts& counts_;
};

/// A question and an answer over UDP, and a pair of sockets without room.
coro<void> exchange(counts& told) {
  auto [server, serving] = co_await create_datagram_endpoint([&told] { return std::make_shared<counter>(told); },
                                                             {.local_address = local()});
  auto client = co_await hocket::connect_udp(server.local_address());
  co_await client.send("hello");
  if ((co_await client.receive_from()).bytes.text() != "hello") throw std::runtime_error("no answer");
  server.close();

  auto [mine, peer] = narrow_pair();
  auto [narrow, waiting] =
      create_datagram_endpoint([&told] { return std::make_shared<counter>(told); }, std::move(mine));
  const int sent = fill(narrow, 3);
  narrow.close();
  if (!co_await comes_in_order(peer, sent)) throw std::runtime_error("a datagram was lost");
}

coro<void> disturbed_exchange() {
  loop::running().set_exception_handler([](const hocket::exception_context&) {});
  counts told;
  const auto outcome = co_await hocket::as_result(hocket::with_timeout(60s, exchange(told)));
  for (const auto& each : hocket::all_tasks())  // an exchange that was cut short leaves its endpoints open
    if (each.name() == "datagram endpoint") each.cancel();
  hocket::cancel_scope shield({.shield = true});
  co_await shield.run(hocket::sleep(1s));
  EXPECT_EQ(told.made, told.lost);
  if (!outcome) std::rethrow_exception(outcome.error());
}

TEST(datagram_endpoints, are_lost_exactly_once_wherever_an_exchange_is_cancelled) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> { co_await disturbed_exchange(); }, {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GT(report.cancelled, 3U);
  }
}

TEST(datagram_endpoints, are_lost_exactly_once_whichever_operation_fails) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::fail_each_operation([]() -> coro<void> { co_await disturbed_exchange(); },
                                                             {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GT(report.failed, 3U);
  }
}

TEST(datagram_endpoints, are_lost_exactly_once_wherever_memory_runs_out) {
  const auto whatever_comes =
      []() -> coro<void> {  // a time-out too: an answer for which there was no memory never comes
    static_cast<void>(co_await hocket::as_result(disturbed_exchange()));
  };
  for (const auto backend : every_backend())
    static_cast<void>(hocket::testing::fail_each_allocation(whatever_comes, {.backend = backend}));
}

TEST(datagram_endpoints, are_lost_when_a_run_ends_before_them) {
  for (const auto backend : every_backend()) {
    auto idle = std::make_shared<recorder>();
    auto full = std::make_shared<recorder>();
    std::array<int, 2> numbers{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, numbers.data()), 0);
    auto main = [&]() -> coro<void> {
      static_cast<void>(co_await create_datagram_endpoint([&] { return idle; }, {.local_address = local()}));
      hocket::io_handle mine(numbers[0]);
      auto [transport, protocol] = create_datagram_endpoint([&] { return full; }, udp_socket(std::move(mine)));
      fill(transport, 3);
      co_await wait_all_tasks_blocked();
    };
    hocket::run(main(), {.backend = backend});
    ::close(numbers[1]);
    EXPECT_TRUE(idle->trace.starts_with("made lost: the connection's task was cancelled")) << idle->trace;
    EXPECT_TRUE(full->trace.starts_with("made lost: ")) << full->trace;
    EXPECT_EQ(full->trace.find("lost", 10), std::string::npos) << full->trace;
  }
}

}  // namespace
