#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <io/connected_sockets.hpp>
#include <io/temporary_directory.hpp>
#include <sys/stat.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::open_unix_connection;
using hocket::socket_address;
using hocket::start_server;
using hocket::start_unix_server;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::testing::every_backend;
using hocket::testing::temporary_directory;
using hocket::testing::throws;

namespace {

coro<void> echo(stream_reader reader, stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(4096);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

/// What the server at `path` answers to `question`, to the end.
coro<std::string> answer_at(std::string path, std::string question) {
  auto [reader, writer] = co_await open_unix_connection(std::move(path));
  writer.write(question);
  writer.write_eof();
  co_return co_await reader.read();
}

coro<void> end(hocket::server& server) {
  server.close();
  co_await server.wait_closed();
}

/// A socket in a file whose owner is gone.
void leave_a_socket_at(const std::string& path) {
  static_cast<void>(hocket::unix_listener::listen(socket_address::unix_path(path), {.remove_on_close = false}));
}

/// Writes down the bytes that it is told, and the end.
class recorder : public hocket::protocol {
 public:
  void data_received(std::string_view bytes) override { trace += bytes; }
  void connection_lost(std::exception_ptr) override { trace += " lost"; }
  std::string trace;
};

class echoing_protocol : public hocket::protocol {
 public:
  void connection_made(hocket::transport& made) override { mine_ = made; }
  void data_received(std::string_view bytes) override { mine_.write(bytes); }
  void connection_lost(std::exception_ptr) override { mine_ = {}; }

 private:
  hocket::transport mine_;
};

// ---- at a path

HOCKET_TEST(start_unix_server, serves_clients_at_a_path) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  EXPECT_TRUE(server.is_serving());
  EXPECT_EQ(co_await answer_at(folder / "s", "hello"), "hello");
  EXPECT_EQ(co_await answer_at(folder / "s", "again"), "again");
  co_await end(server);
}

HOCKET_TEST(start_unix_server, shows_the_path_as_its_address_until_it_is_closed) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  EXPECT_EQ(server.addresses(), std::vector{socket_address::unix_path(folder / "s")});
  EXPECT_EQ(server.sockets().size(), 1U);
  EXPECT_TRUE(server.sockets().front().socket().is_open());
  co_await end(server);
  EXPECT_TRUE(server.addresses().empty());
  EXPECT_FALSE(server.sockets().front().is_open());
}

HOCKET_TEST(start_unix_server, serves_clients_at_an_abstract_name) {
  auto server = co_await start_unix_server(echo, "");  // one that the system chooses
  const std::string name(server.addresses().front().path());
  EXPECT_EQ(name.front(), '\0');
  EXPECT_EQ(co_await answer_at(name, "hello"), "hello");
  co_await end(server);
  EXPECT_TRUE(co_await throws<std::system_error>(open_unix_connection(name)));
}

HOCKET_TEST(start_unix_server, replaces_a_socket_that_was_left_at_its_path) {
  const temporary_directory folder;
  leave_a_socket_at(folder / "s");
  EXPECT_TRUE(co_await throws<std::system_error>(open_unix_connection(folder / "s")));
  auto server = co_await start_unix_server(echo, folder / "s");
  EXPECT_EQ(co_await answer_at(folder / "s", "hello"), "hello");
  co_await end(server);
}

HOCKET_TEST(start_unix_server, replaces_no_file_that_is_not_a_socket) {
  const temporary_directory folder;
  hocket::testing::write_file(folder / "s", "precious");
  EXPECT_TRUE(co_await throws<std::system_error>(start_unix_server(echo, folder / "s")));
  EXPECT_EQ(hocket::testing::content_of(folder / "s"), "precious");
}

HOCKET_TEST(start_unix_server, removes_its_file_when_it_is_closed_and_serves_its_clients_on) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  auto [reader, writer] = co_await open_unix_connection(folder / "s");
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  server.close();
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
  writer.write("y");
  EXPECT_EQ(co_await reader.readexactly(1), "y");
  writer.close();
  co_await server.wait_closed();
}

HOCKET_TEST(start_unix_server, leaves_the_file_of_its_successor) {
  const temporary_directory folder;
  auto first = co_await start_unix_server(echo, folder / "s");
  auto second = co_await start_unix_server(echo, folder / "s");
  co_await end(first);
  EXPECT_EQ(co_await answer_at(folder / "s", "hello"), "hello");
  co_await end(second);
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
}

HOCKET_TEST(start_unix_server, closes_its_clients_and_is_waited_for) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  auto [reader, writer] = co_await open_unix_connection(folder / "s");
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  EXPECT_EQ(server.connections(), 1U);
  server.close();
  server.close_clients();
  EXPECT_EQ(co_await reader.read(), "");
  co_await server.wait_closed();
  EXPECT_EQ(server.connections(), 0U);
  writer.close();
}

HOCKET_TEST(start_unix_server, throws_if_its_path_is_too_long) {
  EXPECT_TRUE(co_await throws<std::system_error>(start_unix_server(echo, std::string(200, 'x'))));
}

HOCKET_TEST(open_unix_connection, names_the_path_at_which_nobody_listens) {
  const temporary_directory folder;
  try {
    static_cast<void>(co_await open_unix_connection(folder / "s"));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& refused) {
    EXPECT_EQ(refused.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(std::string_view(refused.what()).find(folder / "s"), std::string_view::npos) << refused.what();
  }
}

HOCKET_TEST(open_unix_connection, keeps_to_the_limit_of_its_reader) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  auto [reader, writer] = co_await open_unix_connection(folder / "s", {.limit = 4});
  writer.write("0123456789\n");
  EXPECT_TRUE(co_await throws<std::exception>(reader.readuntil()));
  writer.close();
  co_await end(server);
}

/// A security that shakes no hands.
class no_handshake final : public hocket::stream_security {
 public:
  coro<hocket::byte_stream> start_tls(hocket::byte_stream under, hocket::start_tls_options options) const override {
    name = options.server_hostname;
    co_return under;
  }
  mutable std::string name;
};

HOCKET_TEST(open_unix_connection, needs_a_name_for_tls_and_hands_it_over) {
  const temporary_directory folder;
  auto server = co_await start_unix_server(echo, folder / "s");
  const auto tls = std::make_shared<no_handshake>();
  EXPECT_TRUE(co_await throws<std::invalid_argument>(open_unix_connection(folder / "s", {.tls = tls})));
  auto [reader, writer] =
      co_await open_unix_connection(folder / "s", {.tls = tls, .server_hostname = "service.example"});
  EXPECT_EQ(tls->name, "service.example");
  writer.close();
  co_await end(server);
}

// ---- transports

HOCKET_TEST(create_unix_server, makes_a_protocol_for_each_client) {
  const temporary_directory folder;
  auto server = co_await hocket::create_unix_server([] { return std::make_shared<echoing_protocol>(); }, folder / "s");
  auto [transport, protocol] =
      co_await hocket::create_unix_connection([] { return std::make_shared<recorder>(); }, folder / "s");
  EXPECT_EQ(transport.peer_address(), socket_address::unix_path(folder / "s"));
  transport.write("hello");
  transport.write_eof();
  co_await hocket::sleep(1s);
  EXPECT_EQ(protocol->trace, "hello lost");
  co_await end(server);
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
}

// ---- at a listener that is there already

HOCKET_TEST(start_server, serves_at_a_listener_of_tcp_that_is_there_already) {
  auto listener = hocket::testing::listen_on_loopback();
  const socket_address address = listener.local_address();
  auto server = start_server(echo, std::move(listener));
  EXPECT_EQ(server.addresses(), std::vector{address});
  auto [reader, writer] = co_await hocket::open_connection(address.host(), address.port());
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  writer.close();
  co_await end(server);
}

HOCKET_TEST(start_server, serves_at_a_unix_listener_with_a_mode_of_its_own_and_a_file_that_stays) {
  const temporary_directory folder;
  auto server = start_server(echo, hocket::unix_listener::listen(socket_address::unix_path(folder / "s"),
                                                                 {.mode = 0600, .remove_on_close = false}));
  struct stat state{};
  EXPECT_EQ(::stat((folder / "s").c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0600U);
  EXPECT_EQ(co_await answer_at(folder / "s", "hello"), "hello");
  co_await end(server);
  EXPECT_TRUE(std::filesystem::exists(folder / "s"));
}

HOCKET_TEST(start_server, accepts_only_once_it_is_told_to_at_a_listener_too) {
  auto server = start_server(echo, hocket::testing::listen_on_loopback(), {.start_serving = false});
  const auto address = server.addresses().front();
  auto [reader, writer] = co_await hocket::open_connection(address.host(), address.port());
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.connections(), 0U);
  server.start_serving();
  writer.write("x");
  EXPECT_EQ(co_await reader.readexactly(1), "x");
  writer.close();
  co_await end(server);
}

HOCKET_TEST(create_server, serves_at_a_listener_that_is_there_already) {
  const temporary_directory folder;
  auto server = hocket::create_server([] { return std::make_shared<echoing_protocol>(); },
                                      hocket::unix_listener::listen(socket_address::unix_path(folder / "s")));
  EXPECT_EQ(co_await answer_at(folder / "s", "hello"), "hello");
  co_await end(server);
}

// ---- disturbed

coro<void> exchange(std::string path) {
  auto server = co_await start_unix_server(echo, path);
  if (co_await answer_at(path, "hello") != "hello") throw std::runtime_error("the server did not answer");
  server.close();
  co_await server.wait_closed();
}

/// Whatever becomes of it, no file stays.
coro<void> disturbed_exchange() {
  hocket::loop::running().set_exception_handler([](const hocket::exception_context&) {});
  const temporary_directory folder;
  const auto outcome = co_await hocket::as_result(hocket::with_timeout(60s, exchange(folder / "s")));
  hocket::cancel_scope shield({.shield = true});
  co_await shield.run(hocket::sleep(1s));
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
  if (!outcome) std::rethrow_exception(outcome.error());
}

TEST(unix_servers, leave_nothing_behind_wherever_an_exchange_is_cancelled) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> { co_await disturbed_exchange(); }, {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GT(report.cancelled, 3U);
  }
}

TEST(unix_servers, leave_nothing_behind_whichever_operation_fails) {
  for (const auto backend : every_backend()) {
    const auto report = hocket::testing::fail_each_operation([]() -> coro<void> { co_await disturbed_exchange(); },
                                                             {.backend = backend});
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GT(report.failed, 3U);
  }
}

}  // namespace
