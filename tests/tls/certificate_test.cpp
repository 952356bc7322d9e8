#include <tls/secure_streams.hpp>

#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::tls_context;
using hocket::tls_errc;
using hocket::testing::failure_of;
using hocket::testing::localhost_server;
using hocket::testing::plain_pair;
using hocket::testing::trusting_client;

HOCKET_TEST(tls_certificate, of_itself_alone_is_not_trusted) {
  auto [client, server] = co_await plain_pair();
  const auto [first, second] = co_await hocket::gather(
      failure_of(hocket::start_tls(std::move(client), tls_context::client(), {.server_hostname = "localhost"})),
      failure_of(hocket::start_tls(std::move(server), localhost_server(), {.server_side = true})));

  EXPECT_EQ(first.code, tls_errc::certificate_self_signed) << first.text;
  EXPECT_EQ(second.code, tls_errc::peer_refused) << second.text;
}
