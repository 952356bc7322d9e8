#include <tls/secure_streams.hpp>

#include <hocket/io/open_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::tls_layer;
using hocket::testing::localhost_server;
using hocket::testing::trusting_client;

HOCKET_TEST(tls_streams, of_a_server_and_its_client_are_secured) {
  auto server = co_await hocket::start_server(
      [](stream_reader reader, stream_writer writer) -> coro<void> {
        writer.write("you said " + co_await reader.readline());
      },
      "127.0.0.1", 0, {.tls = localhost_server()});
  {
    auto [reader, writer] =
        co_await hocket::open_connection("localhost", server.addresses().front().port(), {.tls = trusting_client()});
    EXPECT_NE(writer.find_layer<tls_layer>(), nullptr);
    writer.write("hello\n");

    EXPECT_EQ(co_await reader.read(), "you said hello\n");
    writer.close();
    co_await writer.wait_closed();
  }
  server.close();
  co_await server.wait_closed();
}
