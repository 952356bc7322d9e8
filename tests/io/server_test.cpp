#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <io/failing_operations.hpp>
#include <io/stream_pairs.hpp>
#include <io/told.hpp>
#include <sys/resource.h>
#include <sys/socket.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/accept_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::open_connection;
using hocket::start_server;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::testing::every_backend;
using hocket::testing::throws;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<void> echo(stream_reader reader, stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(4096);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

coro<hocket::stream_pair> connect_to(const hocket::server& server) {
  const auto address = server.addresses().front();
  co_return co_await open_connection(address.host(), address.port());
}

/// What the server answers to `question`, to the end.
coro<std::string> answer_to(const hocket::server& server, std::string question) {
  auto [reader, writer] = co_await connect_to(server);
  writer.write(question);
  writer.write_eof();
  co_return co_await reader.read();
}

coro<void> end(hocket::server& server) {
  server.close();
  co_await server.wait_closed();
}

}  // namespace

HOCKET_TEST(start_server, serves_each_client_in_a_task_of_its_own) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  EXPECT_TRUE(server.is_serving());
  auto first = co_await connect_to(server);
  auto second = co_await connect_to(server);
  first.writer.write("one\n");
  second.writer.write("two\n");
  EXPECT_EQ(co_await second.reader.readline(), "two\n");
  EXPECT_EQ(co_await first.reader.readline(), "one\n");
  EXPECT_EQ(server.connections(), 2U);
  first.writer.close();
  second.writer.close();
  co_await end(server);
  EXPECT_EQ(server.connections(), 0U);
}

HOCKET_TEST(start_server, sends_what_the_handler_wrote_and_closes_when_it_returns) {
  const std::string large(1 << 20, 'x');
  auto server = co_await start_server(
      [&large](stream_reader, stream_writer writer) -> coro<void> {
        writer.write(large);
        co_return;
      },
      "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  EXPECT_TRUE(co_await reader.read() == large);
  writer.close();
  co_await end(server);
}

HOCKET_TEST(start_server, tells_of_what_a_handler_throws_and_serves_on) {
  const told handler;
  int served = 0;
  auto server = co_await start_server(
      [&served](stream_reader, stream_writer writer) -> coro<void> {
        if (++served == 1) throw std::runtime_error("once");
        writer.write("fine");
        co_return;
      },
      "127.0.0.1", 0);
  EXPECT_EQ(co_await answer_to(server, ""), "");
  EXPECT_EQ(co_await answer_to(server, ""), "fine");
  EXPECT_EQ(handler.messages, std::vector<std::string>{"the handler of a connection failed"});
  co_await end(server);
}

HOCKET_TEST(start_server, listens_at_all_interfaces_if_the_host_is_empty) {
  auto server = co_await start_server(echo, "", 0);
  EXPECT_EQ(server.addresses().front().host(), "0.0.0.0");
  if (server.addresses().size() > 1) EXPECT_EQ(server.addresses()[1].host(), "::");
  for (const auto& address : server.addresses()) {
    auto [reader, writer] = co_await open_connection(address.family() == AF_INET ? "127.0.0.1" : "::1", address.port());
    writer.write("x");
    EXPECT_EQ(co_await reader.readexactly(1), "x");
    writer.close();
  }
  co_await end(server);
}

HOCKET_TEST(start_server, fails_if_its_address_is_taken) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  EXPECT_TRUE(co_await throws<std::system_error>(start_server(echo, "127.0.0.1", server.addresses()[0].port())));
  co_await end(server);
}

HOCKET_TEST(server, accepts_only_once_it_is_told_to) {
  auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
  auto [reader, writer] = co_await connect_to(server);
  writer.write("x");
  co_await hocket::sleep(1s);
  EXPECT_FALSE(server.is_serving());
  EXPECT_EQ(server.connections(), 0U);
  server.start_serving();
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  writer.close();
  co_await end(server);
  EXPECT_THROW(server.start_serving(), hocket::invalid_state_error);
}

HOCKET_TEST(server, that_is_closed_listens_no_more_and_serves_its_clients_on) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  const auto address = server.addresses().front();
  auto [reader, writer] = co_await connect_to(server);
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  server.close();
  EXPECT_FALSE(server.is_serving());
  EXPECT_TRUE(server.addresses().empty());
  co_await hocket::sleep(1s);
  EXPECT_TRUE(co_await throws<std::system_error>(open_connection("127.0.0.1", address.port())));
  writer.write("y");
  EXPECT_EQ(co_await reader.readexactly(1), "y");
  auto waiting = create_task(server.wait_closed());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  writer.close();
  co_await waiting;
}

HOCKET_TEST(server, is_waited_for_until_it_was_closed_though_nobody_is_served) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  auto waiting = create_task(server.wait_closed());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  server.close();
  co_await waiting;
}

HOCKET_TEST(server, that_was_waited_for_has_left_its_address) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  const auto address = server.addresses().front();
  co_await wait_all_tasks_blocked();  // it accepts
  co_await end(server);
  EXPECT_TRUE(co_await throws<std::system_error>(open_connection("127.0.0.1", address.port())));
  auto next = co_await start_server(echo, "127.0.0.1", address.port());
  EXPECT_EQ(co_await answer_to(next, "hello"), "hello");
  co_await end(next);
}

HOCKET_TEST(server, is_waited_for_until_every_handler_has_returned) {
  hocket::event may_end;
  auto server = co_await start_server(
      [&may_end](stream_reader, stream_writer writer) -> coro<void> {
        writer.write("x");
        co_await may_end.wait();
      },
      "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  writer.close();
  server.close();
  server.close_clients();
  auto waiting = create_task(server.wait_closed());
  co_await hocket::sleep(1s);
  EXPECT_FALSE(waiting.done());
  may_end.set();
  co_await waiting;
}

HOCKET_TEST(server, closes_its_clients_after_everything_was_sent) {
  auto server = co_await start_server(
      [](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write("written before");
        EXPECT_EQ(co_await reader.read(), "");  // the end, once the server has closed it
      },
      "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  EXPECT_EQ(co_await reader.readexactly(1), "w");
  server.close();
  server.close_clients();
  EXPECT_EQ(co_await reader.read(), "ritten before");
  co_await server.wait_closed();
  writer.close();
}

HOCKET_TEST(server, aborts_its_clients_and_drops_what_was_not_sent) {
  const std::string large(16 << 20, 'x');
  auto server = co_await start_server(
      [&large](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write(large);
        EXPECT_EQ(co_await reader.read(), "");
        EXPECT_TRUE(
            co_await throws<std::system_error>([](stream_writer& to) -> coro<void> { co_await to.drain(); }(writer)));
      },
      "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  server.close();
  server.abort_clients();
  co_await server.wait_closed();
  std::size_t received = 1;
  try {
    received += (co_await reader.read()).size();
  } catch (const std::system_error&) {
  }
  EXPECT_LT(received, large.size());
  writer.close();
}

HOCKET_TEST(server, serves_forever_until_it_is_closed) {
  auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
  auto serving = create_task(server.serve_forever());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(server.is_serving());
  EXPECT_TRUE(co_await throws<hocket::invalid_state_error>(server.serve_forever()));
  EXPECT_EQ(co_await answer_to(server, "hello"), "hello");
  server.close();
  co_await serving;
  co_await server.wait_closed();
  EXPECT_TRUE(co_await throws<hocket::invalid_state_error>(server.serve_forever()));
}

HOCKET_TEST(server, that_is_cancelled_while_it_serves_forever_closes_its_clients_and_waits_for_them) {
  std::string said;
  auto server = co_await start_server(
      [&said](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write("x");
        co_await reader.read();
        co_await hocket::sleep(5s);
        said = "goodbye";
      },
      "127.0.0.1", 0);
  auto serving = create_task(server.serve_forever());
  auto [reader, writer] = co_await connect_to(server);
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  serving.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(serving));
  EXPECT_EQ(said, "goodbye");
  writer.close();
}

HOCKET_TEST(server, serves_no_more_clients_at_once_than_it_may) {
  std::size_t most = 0;
  std::size_t now = 0;
  auto server = co_await start_server(
      [&](stream_reader reader, stream_writer writer) -> coro<void> {
        most = std::max(most, ++now);
        writer.write(co_await reader.read());
        --now;
      },
      "127.0.0.1", 0, {.max_connections = 2});
  std::vector<hocket::task<std::string>> clients;
  for (int n = 0; n < 6; ++n) clients.push_back(create_task(answer_to(server, std::to_string(n))));
  std::string all;
  for (const auto& each : clients) all += co_await each;
  EXPECT_EQ(all, "012345");
  EXPECT_EQ(most, 2U);
  co_await end(server);
}

namespace {

/// A socket that connects to the port of `address` at the loopback interface of its family.
coro<hocket::tcp_socket> reach(const hocket::socket_address& address) {
  const std::string_view loopback = address.family() == AF_INET ? "127.0.0.1" : "::1";
  co_return co_await hocket::tcp_socket::connect(*hocket::socket_address::parse(loopback, address.port()));
}

}  // namespace

HOCKET_TEST(server, of_several_listeners_serves_no_more_clients_at_once_than_it_may_and_forgets_no_listener) {
  std::string served;
  std::size_t most = 0;
  hocket::semaphore may_end(0);
  auto server = co_await start_server(
      [&](stream_reader reader, stream_writer) -> coro<void> {
        served += co_await reader.readexactly(1);
        most = std::max(most, served.size());
        co_await may_end.acquire();
        served.erase(0, 1);
      },
      "", 0, {.max_connections = 1, .start_serving = false});
  const auto addresses = server.addresses();
  std::vector<hocket::tcp_socket> clients;
  for (int n = 0; n < 5; ++n) {
    for (std::size_t which = 0; which < addresses.size(); ++which) {
      clients.push_back(co_await reach(addresses[which]));
      co_await clients.back().send_all(std::to_string(which));
    }
  }
  server.start_serving();
  std::string order;
  for (std::size_t n = 0; n < clients.size(); ++n) {
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(server.connections(), 1U);
    order += served;
    const auto ahead = std::ranges::count(order, '0') - std::ranges::count(order, '1');
    if (addresses.size() > 1) EXPECT_TRUE(-2 <= ahead && ahead <= 2) << order;
    may_end.release();
  }
  EXPECT_EQ(most, 1U);
  EXPECT_EQ(order.size(), clients.size());
  co_await end(server);
}

HOCKET_TEST(server, of_several_listeners_serves_whoever_comes_while_nobody_comes_to_the_others) {
  auto server = co_await start_server(echo, "", 0, {.max_connections = 1});
  for (int n = 0; n < 3; ++n) {
    for (const auto& address : server.addresses()) {
      co_await wait_all_tasks_blocked();  // all accept
      auto client = co_await reach(address);
      co_await client.send_all("x");
      EXPECT_EQ((co_await client.receive()).text(), "x");
    }
  }
  co_await end(server);
}

HOCKET_TEST(server, that_is_destroyed_listens_no_more_and_serves_its_clients_on) {
  std::optional<hocket::server> server(co_await start_server(echo, "127.0.0.1", 0));
  auto [reader, writer] = co_await connect_to(*server);
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  server.reset();
  writer.write("y");
  EXPECT_EQ(co_await reader.readexactly(1), "y");
  writer.write_eof();
  EXPECT_EQ(co_await reader.read(), "");
}

HOCKET_TEST(server, outlives_a_client_that_resets_its_connection) {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  auto socket = co_await hocket::tcp_socket::connect(server.addresses().front());
  co_await socket.send_all("x");
  co_await hocket::sleep(1s);
  hocket::testing::reset(socket);
  EXPECT_EQ(co_await answer_to(server, "still there"), "still there");
  co_await end(server);
}

namespace {

/// Lets a listener fail for good.
void break_down(const hocket::stream_listener& listener) {
  ::shutdown(listener.as<hocket::tcp_listener>()->number(), SHUT_RDWR);
}

/// What `serving` throws.
coro<std::error_code> error_of(coro<void> serving) {
  try {
    co_await hocket::with_timeout(60s, std::move(serving));
  } catch (const std::system_error& failed) {
    co_return failed.code();
  }
  co_return std::error_code{};
}

}  // namespace

HOCKET_TEST(server, whose_last_listener_fails_is_closed_and_no_longer_served_forever) {
  const told handler;
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  auto serving = create_task(error_of(server.serve_forever()));
  co_await wait_all_tasks_blocked();
  break_down(server.sockets().front());
  EXPECT_EQ(co_await serving, std::errc::invalid_argument);
  EXPECT_FALSE(server.is_serving());
  EXPECT_EQ(handler.messages, std::vector<std::string>{"a server no longer accepts connections"});
  EXPECT_EQ(co_await error_of(server.serve_forever()), std::errc::invalid_argument);  // whoever asks later
  writer.write("x");                                                                  // clients are served on
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  writer.close();
  co_await server.wait_closed();
}

HOCKET_TEST(server, accepts_at_its_other_listeners_when_one_fails) {
  const told handler;
  auto server = co_await start_server(echo, "", 0);
  if (server.sockets().size() < 2) co_return;
  co_await wait_all_tasks_blocked();
  break_down(server.sockets()[1]);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(handler.messages, std::vector<std::string>{"a server no longer accepts connections"});
  EXPECT_TRUE(server.is_serving());
  auto client = co_await reach(server.addresses().front());
  co_await client.send_all("x");
  EXPECT_EQ((co_await client.receive()).text(), "x");
  client.close();
  co_await end(server);
}

// A connection for which there was no memory is closed; a second later the next one is served.
TEST(servers, accept_on_wherever_memory_runs_out) {
  const auto body = []() -> coro<void> {
    loop::running().set_exception_handler([](const hocket::exception_context&) {});
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    bool served = false;
    for (int n = 0; n < 3 && !served; ++n) {
      const auto answer = co_await hocket::as_result(hocket::with_timeout(10s, answer_to(server, "x")));
      served = answer && *answer == "x";
    }
    if (!server.is_serving()) throw std::runtime_error("the server has closed itself");
    if (!served) throw std::runtime_error("nobody is served any more");
    co_await end(server);
  };
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::fail_each_allocation(body, {.backend = backend});
    EXPECT_LT(report.failed, report.runs - 1) << "no run has coped";
  }
}

HOCKET_TEST(accept_connection, out_of_descriptors_says_so_and_tries_again_in_a_second) {
  const told handler;
  auto listener = hocket::testing::listen_on_loopback();
  auto client = co_await hocket::tcp_socket::connect(listener.local_address());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none_left{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none_left);
  const auto begin = loop::running().time();
  auto accepting = create_task(hocket::accept_connection(listener));
  co_await hocket::sleep(1500ms);
  ::setrlimit(RLIMIT_NOFILE, &before);
  auto accepted = co_await std::move(accepting);
  EXPECT_TRUE(accepted.is_open());
  EXPECT_EQ(loop::running().time() - begin, 2s);
  EXPECT_EQ(handler.messages.size(), 2U);
  EXPECT_EQ(handler.messages.front(), "cannot accept a connection: Too many open files; trying again in a second");
}

HOCKET_TEST(accept_connection, tells_who_wants_to_know_instead) {
  const told handler;
  auto listener = hocket::testing::listen_on_loopback();
  auto client = co_await hocket::tcp_socket::connect(listener.local_address());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none_left{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none_left);
  std::error_code known;
  hocket::starvation_handler starved([&](std::error_code error) {
    known = error;
    ::setrlimit(RLIMIT_NOFILE, &before);
  });
  const auto accepted = co_await hocket::accept_connection(listener, &starved);
  EXPECT_TRUE(accepted.is_open());
  EXPECT_EQ(known, std::errc::too_many_files_open);
  EXPECT_TRUE(handler.messages.empty());
}

HOCKET_TEST(accept_connection, passes_over_a_few_that_come_to_nothing) {
  const told handler;
  auto listener = hocket::testing::listen_on_loopback();
  auto client = co_await hocket::tcp_socket::connect(listener.local_address());
  hocket::testing::failing_operations accepts(hocket::io_op::accept, ECONNABORTED);
  accepts.left = 10;
  const auto begin = loop::running().time();
  const auto accepted = co_await hocket::accept_connection(listener);
  EXPECT_TRUE(accepted.is_open());
  EXPECT_EQ(loop::running().time(), begin);
  EXPECT_TRUE(handler.messages.empty());
}

HOCKET_TEST(accept_connection, says_so_and_pauses_when_one_after_the_other_comes_to_nothing) {
  for (const int error : {EPERM, ENETDOWN, ECONNABORTED}) {
    const told handler;
    auto listener = hocket::testing::listen_on_loopback();
    auto client = co_await hocket::tcp_socket::connect(listener.local_address());
    hocket::testing::failing_operations accepts(hocket::io_op::accept, error);
    accepts.left = 10'000;
    auto accepting = create_task(hocket::accept_connection(listener));
    co_await hocket::sleep(2500ms);
    EXPECT_LT(accepts.failed, 1000U);
    EXPECT_EQ(handler.messages.size(), 3U);
    accepts.left = 0;
    EXPECT_TRUE((co_await std::move(accepting)).is_open());
  }
}

namespace {

// A client asks a server of its own; both end well, or as they are disturbed.
coro<void> exchange() {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  auto [reader, writer] = co_await connect_to(server);
  writer.write("hello\nthere\n");
  co_await writer.drain();
  const std::string hello = co_await reader.readline();
  writer.write_eof();
  if (hello + co_await reader.read() != "hello\nthere\n") throw std::runtime_error("the server did not answer");
  writer.close();
  co_await writer.wait_closed();
  server.close();
  co_await server.wait_closed();
}

}  // namespace

// What the exchange leaves when it is disturbed ends by itself, for the server and the writers are gone; a few turns are enough.
static coro<void> disturbed_exchange() {
  loop::running().set_exception_handler([](const hocket::exception_context&) {});
  const auto outcome = co_await hocket::as_result(hocket::with_timeout(60s, exchange()));
  hocket::cancel_scope shield({.shield = true});
  co_await shield.run(hocket::sleep(1s));
  if (!outcome) std::rethrow_exception(outcome.error());
}

TEST(streams, leave_nothing_behind_wherever_an_exchange_is_cancelled) {
  for (const auto backend : every_backend()) {
    for (const auto how : {hocket::testing::cancel_by::task, hocket::testing::cancel_by::scope}) {
      const auto report = hocket::testing::cancel_at_every_suspension(
          []() -> coro<void> { co_await disturbed_exchange(); }, {.backend = backend}, how);
      EXPECT_TRUE(report.none()) << report.to_string();
      EXPECT_GT(report.cancelled, 5U);
    }
  }
}

TEST(streams, leave_nothing_behind_whichever_operation_fails) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::fail_each_operation([]() -> coro<void> { co_await disturbed_exchange(); },
                                                             {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GT(report.failed, 5U);
  }
}
