#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <io/protocol_recorder.hpp>
#include <io/stream_pairs.hpp>
#include <io/told.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_connection;
using hocket::create_task;
using hocket::loop;
using hocket::transport;
using hocket::testing::every_backend;
using hocket::testing::memory_stream;
using hocket::testing::memory_streams;
using hocket::testing::receive_to_end;
using hocket::testing::throws;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// A recorder that answers what it is told.
class echo : public hocket::testing::protocol_recorder {
 public:
  void data_received(std::string_view bytes) override {
    protocol_recorder::data_received(bytes);
    mine.write(bytes);
  }
};

constexpr auto make_recorder = [] { return std::make_shared<hocket::testing::protocol_recorder>(); };

}  // namespace

HOCKET_TEST(transport, tells_its_protocol_of_the_connection_its_bytes_and_its_end) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  EXPECT_EQ(protocol->trace, "made");
  co_await peer.send_all("hello");
  co_await peer.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made hello eof lost");
  EXPECT_EQ(transport.get_protocol(), nullptr);
}

HOCKET_TEST(transport, tells_the_same_whatever_the_cuts) {
  for (std::size_t cut = 0; cut < 8; ++cut) {
    auto [client, peer] = memory_streams({.to_client = {.cuts = {cut, cut % 3}}});
    auto [transport, protocol] = create_connection(make_recorder, std::move(client));
    co_await peer.send_all("hello");
    co_await peer.send_all("you");
    co_await peer.close();
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(protocol->trace, "made helloyou eof lost");
  }
}

HOCKET_TEST(transport, calls_nothing_inside_of_its_own_calls) {
  auto [client, peer] = memory_streams();
  co_await peer.send_all("early");
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  EXPECT_EQ(protocol->trace, "made");
  transport.close();
  transport.abort();
  transport.close();
  EXPECT_EQ(protocol->trace, "made");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(transport, sends_what_is_written_in_one_turn_in_one_piece) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.write("one ");
  transport.writelines(std::vector<std::string>{"two ", "three"});
  EXPECT_EQ(transport.get_write_buffer_size(), 13U);
  EXPECT_EQ((co_await peer.receive()).text(), "one two three");
  transport.close();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(transport, hands_over_nothing_while_reading_is_paused) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  EXPECT_TRUE(transport.is_reading());
  co_await wait_all_tasks_blocked();  // it waits for bytes
  transport.pause_reading();
  EXPECT_FALSE(transport.is_reading());
  co_await peer.send_all("held");
  co_await peer.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made");
  transport.resume_reading();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made held eof lost");
}

HOCKET_TEST(transport, holds_up_its_peer_while_reading_is_paused) {
  auto [client, peer] = memory_streams({.to_client = {.capacity = 4}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.pause_reading();
  auto sending = create_task([](byte_stream& to) -> coro<void> { co_await to.send_all("0123456789"); }(peer));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  transport.resume_reading();
  co_await sending;
  transport.close();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(transport, that_is_closed_while_reading_is_paused_is_lost) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  co_await wait_all_tasks_blocked();
  transport.pause_reading();
  transport.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(transport, tells_its_protocol_when_to_pause_writing_and_when_to_go_on) {
  auto [client, peer] = memory_streams({.to_server = {.capacity = 2}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.set_write_buffer_limits(4, 2);
  EXPECT_EQ(transport.get_write_buffer_limits().high, 4U);
  EXPECT_EQ(transport.get_write_buffer_limits().low, 2U);
  transport.write("0123");
  EXPECT_EQ(protocol->trace, "made");
  transport.write("4");
  EXPECT_EQ(protocol->trace, "made pause");
  transport.write("5");
  std::string received;
  while (received.size() < 6) received += (co_await peer.receive()).text();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made pause resume");
  transport.close();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(transport, asks_for_a_pause_at_once_when_its_marks_sink_below_what_waits) {
  auto [client, peer] = memory_streams({.to_server = {.capacity = 2}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.write("0123");
  EXPECT_EQ(protocol->trace, "made");
  transport.set_write_buffer_limits(3);
  EXPECT_EQ(protocol->trace, "made pause");
  transport.abort();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(transport, closes_after_everything_was_sent_and_then_is_lost) {
  auto [client, peer] = memory_streams({.to_server = {.capacity = 2}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.write("0123456789");
  transport.close();
  EXPECT_TRUE(transport.is_closing());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made");
  co_await peer.send_all("too late");
  EXPECT_EQ((co_await peer.receive()).text(), "01");
  std::string rest;
  while (auto piece = co_await hocket::as_expected(peer.receive())) {
    if (piece->empty()) break;
    rest += piece->text();
  }
  EXPECT_EQ(rest, "23456789");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(transport, drops_what_was_not_sent_when_it_is_aborted) {
  auto [client, peer] = memory_streams({.to_server = {.capacity = 2}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.write("0123456789");
  co_await wait_all_tasks_blocked();
  transport.abort();
  EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  EXPECT_EQ(co_await receive_to_end(peer), "01");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost");
}

HOCKET_TEST(transport, stays_open_for_writing_after_the_end_if_its_protocol_wants) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  protocol->keep_open = true;
  co_await peer.send_all("question");
  co_await peer.shutdown_send();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made question eof");
  transport.write("answer");
  transport.write_eof();
  EXPECT_THROW(transport.write("more"), hocket::invalid_state_error);
  EXPECT_EQ(co_await receive_to_end(peer), "answer");
  transport.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made question eof lost");
}

HOCKET_TEST(transport, is_lost_by_the_error_that_a_receive_had) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  co_await peer.send_all("x");
  peer.find_layer<memory_stream>()->reset();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made x lost: Connection reset by peer");
}

HOCKET_TEST(transport, is_lost_by_the_error_that_a_send_had) {
  auto [client, peer] = memory_streams({.to_server = {.fail_send = {.at = 1, .error = std::errc::network_down}}});
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  transport.write("x");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made lost: Network is down");
  transport.write("ignored");
}

HOCKET_TEST(transport, is_lost_by_what_data_received_throws_and_the_loop_is_told) {
  const told handler;
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  co_await peer.send_all("x!");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made x! lost: a mark");
  EXPECT_EQ(handler.messages, std::vector<std::string>{"protocol.data_received() failed"});
}

HOCKET_TEST(transport, outlasts_what_connection_made_throws_and_the_loop_is_told) {
  class thrower : public hocket::testing::protocol_recorder {
    void connection_made(class transport&) override { throw std::runtime_error("at once"); }
  };
  const told handler;
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection([] { return std::make_shared<thrower>(); }, std::move(client));
  co_await peer.send_all("x");
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "x");
  EXPECT_EQ(handler.messages, std::vector<std::string>{"protocol.connection_made() failed"});
  transport.close();
  co_await wait_all_tasks_blocked();
}

HOCKET_TEST(transport, may_change_its_protocol) {
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection(make_recorder, std::move(client));
  co_await peer.send_all("a");
  co_await wait_all_tasks_blocked();
  const auto second = make_recorder();
  transport.set_protocol(second);
  EXPECT_EQ(transport.get_protocol(), second);
  co_await peer.send_all("b");
  co_await peer.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made a");
  EXPECT_EQ(second->trace, "b eof lost");
  protocol->mine = {};
}

HOCKET_TEST(transport, lives_without_a_handle_until_it_is_lost) {
  auto [client, peer] = memory_streams();
  const auto protocol = create_connection(make_recorder, std::move(client)).second;
  protocol->mine = {};
  co_await peer.send_all("x");
  co_await peer.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->trace, "made x eof lost");
}

HOCKET_TEST(buffered_protocol, has_its_bytes_where_it_wants_them) {
  class small_buffers : public hocket::buffered_protocol {
   public:
    std::span<char> get_buffer(std::size_t) override { return buffer_; }
    void buffer_updated(std::size_t count) override { all.append(buffer_.data(), count).append("|"); }
    std::string all;

   private:
    std::array<char, 3> buffer_{};
  };
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection([] { return std::make_shared<small_buffers>(); }, std::move(client));
  co_await peer.send_all("abcdefgh");
  co_await peer.close();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(protocol->all, "abc|def|gh|");
}

HOCKET_TEST(buffered_protocol, is_lost_if_it_gives_no_room) {
  class no_room : public hocket::buffered_protocol {
   public:
    std::span<char> get_buffer(std::size_t) override { return {}; }
    void buffer_updated(std::size_t) override {}
    void connection_lost(std::exception_ptr error) override { lost_by_error = error != nullptr; }
    bool lost_by_error = false;
  };
  const told handler;
  auto [client, peer] = memory_streams();
  auto [transport, protocol] = create_connection([] { return std::make_shared<no_room>(); }, std::move(client));
  co_await peer.send_all("x");
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(protocol->lost_by_error);
  EXPECT_EQ(handler.messages.size(), 1U);
}

HOCKET_TEST(create_server, makes_a_protocol_for_each_client) {
  auto server = co_await hocket::create_server([] { return std::make_shared<echo>(); }, "127.0.0.1", 0);
  const auto address = server.addresses().front();
  auto [transport, protocol] = co_await create_connection(make_recorder, address.host(), address.port());
  EXPECT_EQ(transport.peer_address(), address);
  transport.write("hello");
  transport.write_eof();
  co_await hocket::sleep(1s);
  EXPECT_EQ(protocol->trace, "made hello eof lost");
  server.close();
  co_await server.wait_closed();
}

HOCKET_TEST(create_server, closes_its_clients) {
  auto server = co_await hocket::create_server([] { return std::make_shared<echo>(); }, "127.0.0.1", 0);
  const auto address = server.addresses().front();
  auto [transport, protocol] = co_await create_connection(make_recorder, address.host(), address.port());
  transport.write("x");
  co_await hocket::sleep(1s);
  server.close();
  server.close_clients();
  co_await server.wait_closed();
  co_await hocket::sleep(1s);
  EXPECT_EQ(protocol->trace, "made x eof lost");
}

HOCKET_TEST(connect_accepted_socket, serves_what_somebody_else_has_accepted) {
  auto [client, accepted] = co_await hocket::testing::connect_on_loopback();
  auto [transport, protocol] = co_await hocket::connect_accepted_socket([] { return std::make_shared<echo>(); },
                                                                        byte_stream(std::move(accepted)));
  co_await client.send_all("x");
  EXPECT_EQ((co_await client.receive()).text(), "x");
  transport.close();
  co_await hocket::sleep(1s);
  EXPECT_EQ(protocol->trace, "made x lost");
}

namespace {

/// How often `connection_lost` came to a protocol, of those that were told of a connection.
struct counts {
  int made = 0;
  int lost = 0;
};

class counter : public echo {
 public:
  explicit counter(counts& of) : counts_(of) {}
  void connection_made(transport& made) override {
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

coro<void> exchange(counts& told) {
  auto server = co_await hocket::create_server([&told] { return std::make_shared<counter>(told); }, "127.0.0.1", 0);
  const auto address = server.addresses().front();
  auto [reader, writer] = co_await hocket::open_connection(address.host(), address.port());
  writer.write("hello");
  if (co_await reader.readexactly(5) != "hello") throw std::runtime_error("no answer");
  writer.close();
  co_await writer.wait_closed();
  server.close();
  co_await server.wait_closed();
}

coro<void> disturbed_exchange() {
  loop::running().set_exception_handler([](const hocket::exception_context&) {});
  counts told;
  const auto outcome = co_await hocket::as_result(hocket::with_timeout(60s, exchange(told)));
  hocket::cancel_scope shield({.shield = true});
  co_await shield.run(hocket::sleep(1s));
  EXPECT_EQ(told.made, told.lost);
  if (!outcome) std::rethrow_exception(outcome.error());
}

}  // namespace

TEST(transports, are_lost_exactly_once_wherever_an_exchange_is_cancelled) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> { co_await disturbed_exchange(); }, {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
  }
}

TEST(transports, are_lost_exactly_once_whichever_operation_fails) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::fail_each_operation([]() -> coro<void> { co_await disturbed_exchange(); },
                                                             {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
  }
}

TEST(transports, are_lost_exactly_once_wherever_memory_runs_out) {
  const auto whatever_comes = []() -> coro<void> {
    static_cast<void>(co_await hocket::as_result(disturbed_exchange()));
  };
  for (const auto backend : every_backend())
    static_cast<void>(hocket::testing::fail_each_allocation(whatever_comes, {.backend = backend}));
}

TEST(transports, are_lost_when_a_run_ends_before_them) {
  auto protocol = std::make_shared<hocket::testing::protocol_recorder>();
  auto with_peer = [&protocol]() -> coro<void> {
    auto sockets = co_await hocket::testing::connect_on_loopback();
    static_cast<void>(create_connection([&protocol] { return protocol; }, byte_stream(std::move(sockets.client))));
    co_await wait_all_tasks_blocked();
  };
  hocket::run(with_peer());
  EXPECT_TRUE(protocol->trace.starts_with("made") && protocol->trace.find("lost") != std::string::npos)
      << protocol->trace;
}
