#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <io/temporary_directory.hpp>
#include <tls/certificate_authority.hpp>
#include <tls/secure_streams.hpp>

#include <hocket/testing/test.hpp>

using hocket::tls_context;
using hocket::tls_layer;
using hocket::verify_mode;
using hocket::testing::certificate_of_localhost;
using hocket::testing::encrypted;
using hocket::testing::issue;
using hocket::testing::localhost_server;
using hocket::testing::plain_pair;
using hocket::testing::secure;
using hocket::testing::temporary_directory;
using hocket::testing::trusting_client;

namespace {

std::string write(const temporary_directory& into, const std::string& name, const std::string& text) {
  const std::string path = into.path() + "/" + name;
  std::ofstream(path, std::ios::trunc) << text;
  return path;
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Why no server can be made of it.
std::string refusal(hocket::tls_identity identity) {
  try {
    static_cast<void>(tls_context::server({.identities = {std::move(identity)}}));
  } catch (const hocket::tls_error& refused) {
    EXPECT_EQ(refused.code(), hocket::tls_errc::cannot_load);
    return refused.what();
  }
  return "nothing";
}

std::string refusal_of_client(hocket::tls_client_options options) {
  try {
    static_cast<void>(tls_context::client(std::move(options)));
  } catch (const hocket::tls_error& refused) {
    return refused.what();
  }
  return "nothing";
}

/// Both ends of a connection to `listener`.
hocket::coro<hocket::testing::stream_pair> connected_to(hocket::tcp_listener& listener) {
  auto client = co_await hocket::tcp_socket::connect(listener.local_address());
  auto server = co_await listener.accept();
  co_return hocket::testing::stream_pair{hocket::byte_stream(std::move(client)),
                                         hocket::byte_stream(std::move(server))};
}

}  // namespace

TEST(tls_context, names_the_file_that_it_cannot_use_and_why) {
  const temporary_directory here;
  const auto& good = certificate_of_localhost();
  const std::string certificate = write(here, "good.pem", good.certificate);
  const std::string text = write(here, "text.pem", "hello");
  const std::string other = write(here, "other.pem", issue({}).key);
  const std::string locked = write(here, "locked.pem", encrypted(good.key, "secret"));

  EXPECT_EQ(refusal({.certfile = text, .keyfile = other}), "cannot use certificate '" + text + "': no start line");
  EXPECT_EQ(refusal({.certfile = here.path() + "/none.pem"}),
            "cannot use certificate '" + here.path() + "/none.pem': No such file or directory");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = other}),
            "cannot use private key '" + other + "': the private key does not belong to the certificate");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = text}),
            "cannot use private key '" + text + "': no start line of a private key");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = locked, .password = "wrong"}),
            "cannot use private key '" + locked + "': wrong password");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = locked}),
            "cannot use private key '" + locked + "': it is encrypted and no password was given");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = locked, .password = "secret"}), "nothing");
  const std::string empty = write(here, "empty.pem", "");
  EXPECT_EQ(refusal({.certfile = empty}),
            "cannot use certificate '" + empty + "': the file is empty: there is no certificate in it");
  EXPECT_EQ(refusal({.certfile = certificate, .keyfile = empty}),
            "cannot use private key '" + empty + "': the file is empty: there is no private key in it");
  EXPECT_EQ(refusal({.certfile = here.path()}), "cannot use certificate '" + here.path() + "': Is a directory");
  EXPECT_EQ(refusal({.certificate = "x", .key = "y"}), "cannot use certificate given as text: no start line");
  EXPECT_EQ(refusal_of_client({.cafile = text}), "cannot use authorities '" + text + "': no start line");
  EXPECT_EQ(refusal_of_client({.capath = text}), "cannot use authorities '" + text + "': Not a directory");
  EXPECT_EQ(refusal_of_client({.ciphers = "nonsense"}), "cannot use ciphers 'nonsense': no cipher match");
}

TEST(tls_context, refuses_options_that_contradict_each_other) {
  EXPECT_THROW(static_cast<void>(tls_context::server({})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(localhost_server({.client_certificates = verify_mode::required})),
               std::invalid_argument);
  EXPECT_THROW(static_cast<void>(tls_context::client({.alpn_protocols = {""}})), std::invalid_argument);
}

HOCKET_TEST(tls_context, of_the_wrong_side_is_refused) {
  auto [client, server] = co_await plain_pair();
  EXPECT_TRUE((co_await hocket::testing::failure_of(hocket::start_tls(std::move(client), localhost_server(), {})))
                  .text.starts_with("start_tls: a server's context"));
  EXPECT_EQ(co_await hocket::testing::receive_to_end(server), "");  // it was closed
}

HOCKET_TEST(tls_context, of_a_client_that_checks_names_needs_one) {
  auto [client, server] = co_await plain_pair();
  EXPECT_EQ((co_await hocket::testing::failure_of(hocket::start_tls(std::move(client), trusting_client(), {}))).text,
            "start_tls: the client checks host names and needs a server_hostname");
}

HOCKET_TEST(tls_context, takes_authorities_from_a_file) {
  const temporary_directory here;
  const auto client = tls_context::client({.cafile = write(here, "ca.pem", certificate_of_localhost().certificate)});
  auto pair = co_await secure(co_await plain_pair(), client, localhost_server());
  EXPECT_TRUE(pair.client.is_open());
}

HOCKET_TEST(tls_context, reloads_while_connections_live) {
  const temporary_directory here;
  const auto first = issue({.subject = "first"});
  const auto second = issue({.subject = "second"});
  const std::string certificate = write(here, "cert.pem", first.certificate);
  const std::string key = write(here, "key.pem", first.key);
  const auto server = tls_context::server({.identities = {{.certfile = certificate, .keyfile = key}}});
  const auto client = trusting_client({.cadata = first.certificate + second.certificate, .session_cache_size = 0});
  auto old = co_await secure(co_await plain_pair(), client, server);

  write(here, "cert.pem", second.certificate);
  EXPECT_THROW(server.reload(), hocket::tls_error);  // the key is still the first's
  auto between = co_await secure(co_await plain_pair(), client, server);
  write(here, "key.pem", second.key);
  server.reload();
  auto fresh = co_await secure(co_await plain_pair(), client, server);

  EXPECT_EQ(between.client.find_layer<tls_layer>()->peer_certificate()->subject, "CN=first");
  EXPECT_EQ(fresh.client.find_layer<tls_layer>()->peer_certificate()->subject, "CN=second");
  co_await old.server.send_all("x");
  EXPECT_EQ((co_await old.client.receive()).text(), "x");
}

HOCKET_TEST(tls_context, keeps_to_the_versions_that_it_is_given) {
  const auto old = trusting_client({.maximum_version = hocket::tls_version::tls1_2});
  auto pair = co_await secure(co_await plain_pair(), old, localhost_server());
  EXPECT_EQ(pair.client.find_layer<tls_layer>()->version(), "TLSv1.2");

  auto [client, server] = co_await plain_pair();
  const auto modern = localhost_server({.minimum_version = hocket::tls_version::tls1_3});
  auto [first, second] = co_await hocket::gather(
      hocket::testing::failure_of(hocket::start_tls(std::move(client), old, {.server_hostname = "localhost"})),
      hocket::testing::failure_of(hocket::start_tls(std::move(server), modern, {.server_side = true})));
  EXPECT_TRUE(first.text.ends_with("the peer refuses: protocol version")) << first.text;
  EXPECT_EQ(second.code, hocket::tls_errc::handshake_failed);
}

HOCKET_TEST(tls_context, refuses_a_client_that_wants_other_protocols) {
  auto [client, server] = co_await plain_pair();
  auto [first, second] = co_await hocket::gather(
      hocket::testing::failure_of(hocket::start_tls(std::move(client), trusting_client({.alpn_protocols = {"h2"}}),
                                                    {.server_hostname = "localhost"})),
      hocket::testing::failure_of(hocket::start_tls(
          std::move(server), localhost_server({.alpn_protocols = {"http/1.1"}}), {.server_side = true})));
  EXPECT_TRUE(first.text.ends_with("the peer refuses: no application protocol")) << first.text;
}

HOCKET_TEST(tls_context, logs_secrets_only_when_told_to) {
  const temporary_directory here;
  const std::string log = here.path() + "/keys";
  co_await secure(co_await plain_pair(), trusting_client(), localhost_server());
  EXPECT_FALSE(std::filesystem::exists(log));

  co_await secure(co_await plain_pair(), trusting_client({.keylog_file = log}), localhost_server());

  EXPECT_NE(read(log).find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
  EXPECT_EQ(std::filesystem::status(log).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

HOCKET_TEST(tls_context, forgets_sessions_when_it_is_told_to_keep_none) {
  auto listener = hocket::testing::listen_on_loopback();
  const auto client_context = trusting_client({.session_cache_size = 0});
  const auto server_context = localhost_server();
  for (int n = 0; n < 2; ++n) {
    auto client = co_await hocket::tcp_socket::connect(listener.local_address());
    auto server = co_await listener.accept();
    auto pair = co_await secure({hocket::byte_stream(std::move(client)), hocket::byte_stream(std::move(server))},
                                client_context, server_context);
    co_await pair.server.send_all("x");
    co_await pair.client.receive();
    EXPECT_FALSE(pair.client.find_layer<tls_layer>()->session_reused());
  }
}

HOCKET_TEST(tls_context, resumes_nothing_that_was_verified_under_an_earlier_trust) {
  const temporary_directory here;
  const std::string trusted = write(here, "ca.pem", certificate_of_localhost().certificate);
  const auto client = tls_context::client({.cafile = trusted});
  const auto server = localhost_server();
  auto listener = hocket::testing::listen_on_loopback();
  auto old = co_await secure(co_await connected_to(listener), client, server);
  write(here, "ca.pem", issue({}).certificate);
  client.reload();

  co_await old.server.send_all("x");  // the tickets come before it
  EXPECT_EQ((co_await old.client.receive()).text(), "x");

  EXPECT_EQ((co_await hocket::testing::failure_of(secure(co_await connected_to(listener), client, server))).code,
            hocket::tls_errc::certificate_self_signed);
}
