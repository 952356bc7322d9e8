#include <memory>
#include <string>
#include <utility>

#include <tls/secure_streams.hpp>

#include <hocket/core/future.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::open_connection;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::tls_errc;
using hocket::tls_layer;
using hocket::testing::failure_of;
using hocket::testing::localhost_server;
using hocket::testing::secure_pair;
using hocket::testing::trusting_client;

namespace {

class keeps_its_error : public hocket::protocol {
 public:
  void data_received(std::string_view) override {}
  void connection_lost(std::exception_ptr error) override { lost.set_exception(std::move(error)); }

  hocket::future<void> lost;
};

coro<void> wait_for_the_error_of(std::shared_ptr<keeps_its_error> seen) { co_await seen->lost; }

/// Two ends, with nothing left to be read: otherwise the one that aborts would reset the connection.
coro<hocket::testing::stream_pair> pair_at_rest() {
  auto both = co_await secure_pair();
  co_await both.server.send_all("ready");
  static_cast<void>(co_await both.client.receive());
  co_return both;
}

}  // namespace

HOCKET_TEST(tls_streams, of_a_server_and_its_client_are_secured) {
  auto server = co_await hocket::start_server(
      [](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write("you said " + co_await reader.readline());
      },
      "127.0.0.1", 0, {.tls = localhost_server()});
  {
    auto [reader, writer] =
        co_await open_connection("localhost", server.addresses().front().port(), {.tls = trusting_client()});
    EXPECT_NE(writer.find_layer<tls_layer>(), nullptr);
    writer.write("hello\n");

    EXPECT_EQ(co_await reader.read(), "you said hello\n");
    writer.close();
    co_await writer.wait_closed();
  }
  server.close();
  co_await server.wait_closed();
}

HOCKET_TEST(tls_streams, tell_by_whom_they_were_cut_off) {
  auto [client, server] = co_await pair_at_rest();
  const std::string peer = server.peer_address().to_string();
  auto [reader, writer] = open_connection(std::move(server));
  client.abort();

  const auto cut = co_await failure_of(reader.read());

  EXPECT_EQ(cut.code, tls_errc::truncated);
  EXPECT_EQ(cut.text, "TLS with " + peer + ": the connection ended without a closure alert: bytes may be missing");
}

HOCKET_TEST(tls_streams, tell_a_protocol_by_whom_it_was_cut_off) {
  auto [client, server] = co_await pair_at_rest();
  const std::string peer = server.peer_address().to_string();
  auto [transport, seen] = hocket::create_connection(std::make_shared<keeps_its_error>, std::move(server));
  client.abort();

  const auto cut = co_await failure_of(wait_for_the_error_of(seen));

  EXPECT_EQ(cut.code, tls_errc::truncated);
  EXPECT_TRUE(cut.text.starts_with("TLS with " + peer + ": ")) << cut.text;
}
