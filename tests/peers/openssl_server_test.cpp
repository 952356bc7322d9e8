// Our clients against `openssl s_server`.

#include <string>
#include <vector>

#include <peers/certificate_files.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>
#include <tls/secure_streams.hpp>

using hocket::coro;
using hocket::open_connection;
using hocket::tls_client_options;
using hocket::tls_context;
using hocket::tls_errc;
using hocket::tls_layer;
using hocket::tls_version;
using hocket::testing::certificate_files;
using hocket::testing::failure;
using hocket::testing::failure_of;
using hocket::testing::issue;
using hocket::testing::make_authority;
using hocket::testing::pattern_of_lines;
using hocket::testing::peer_process;
using hocket::testing::port_at_end_of;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

std::vector<std::string> s_server(const certificate_files::identity_files& identity,
                                  std::vector<std::string> more = {}) {
  std::vector<std::string> command{"openssl", "s_server",           "-accept", "127.0.0.1:0",
                                   "-cert",   identity.certificate, "-key",    identity.key};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

std::string flag_of(tls_version version) { return version == tls_version::tls1_2 ? "-tls1_2" : "-tls1_3"; }

coro<std::uint16_t> port_of(peer_process& server) { co_return port_at_end_of(co_await server.line_of_out("ACCEPT")); }

/// Trusts the files' authority.
tls_context client_of(const certificate_files& files, tls_client_options options = {}) {
  options.cafile = files.cafile();
  return tls_context::client(std::move(options));
}

coro<hocket::stream_pair> connect(std::uint16_t port, tls_context context, std::string name = "localhost") {
  co_return co_await open_connection("127.0.0.1", port,
                                     {.tls = std::move(context), .server_hostname = std::move(name)});
}

/// What comes of connecting to a server that shows this.
coro<failure> failure_with(std::vector<std::string> command, tls_context context, std::string name = "localhost") {
  peer_process server(std::move(command));
  co_return co_await failure_of(connect(co_await port_of(server), std::move(context), std::move(name)));
}

coro<void> close(hocket::stream_writer& writer) {
  writer.close();
  co_await writer.wait_closed();
}

std::string reversed_lines(const std::string& text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    result.append(text.rbegin() + static_cast<std::ptrdiff_t>(text.size() - end),
                  text.rbegin() + static_cast<std::ptrdiff_t>(text.size() - begin));
    result += '\n';
    begin = end + 1;
  }
  return result;
}

void expect_one_line(const failure& met, tls_errc code, const std::string& reason) {
  EXPECT_EQ(met.code, code) << met.text;
  EXPECT_TRUE(met.text.starts_with("TLS with ")) << met.text;
  EXPECT_TRUE(met.text.contains("localhost")) << met.text;
  EXPECT_TRUE(met.text.contains(reason)) << met.text;
  EXPECT_FALSE(met.text.contains('\n')) << met.text;
}

}  // namespace

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, is_verified_and_chooses_the_protocol) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  peer_process server(s_server(files.issue(), {"-rev", flag_of(version), "-alpn", "http/1.1"}));

  auto [reader, writer] =
      co_await connect(co_await port_of(server), client_of(files, {.alpn_protocols = {"h2", "http/1.1"}}));
  const auto* layer = writer.find_layer<tls_layer>();
  EXPECT_EQ(layer->version(), version == tls_version::tls1_2 ? "TLSv1.2" : "TLSv1.3");
  EXPECT_EQ(layer->alpn_protocol(), "http/1.1");
  EXPECT_EQ(layer->peer_certificate().value().subject, "CN=localhost");
  writer.write("stressed\n");
  EXPECT_EQ(co_await reader.readline(), "desserts\n");
  co_await close(writer);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, gets_megabytes_and_sends_them_back) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  peer_process server(s_server(files.issue(), {"-rev", flag_of(version)}));
  const std::string text = pattern_of_lines(megabytes);

  auto [reader, writer] = co_await connect(co_await port_of(server), client_of(files));
  writer.write(text);
  const std::string answer = co_await reader.readexactly(text.size());
  co_await close(writer);

  EXPECT_TRUE(answer == reversed_lines(text));
}

HOCKET_PEER_TEST(openssl_server, with_an_expired_certificate_is_refused) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const auto expired = files.issue({.begins_in_days = -20, .ends_in_days = -10});

  expect_one_line(co_await failure_with(s_server(expired), client_of(files)), tls_errc::certificate_expired, "expired");
}

HOCKET_PEER_TEST(openssl_server, with_a_certificate_of_another_host_is_refused) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const auto elsewhere = files.issue({.subject = "elsewhere.test", .hosts = {"elsewhere.test"}});

  expect_one_line(co_await failure_with(s_server(elsewhere), client_of(files)), tls_errc::certificate_hostname_mismatch,
                  "elsewhere.test");
}

HOCKET_PEER_TEST(openssl_server, of_an_unknown_authority_is_refused) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const certificate_files others("Another authority");

  expect_one_line(co_await failure_with(s_server(files.issue()), client_of(others)),
                  tls_errc::certificate_unknown_authority, "authority is unknown");
}

HOCKET_PEER_TEST(openssl_server, that_leaves_out_the_intermediate_certificate_is_refused) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const auto intermediate = make_authority("Intermediate", &files.authority);
  const auto leaf = issue({}, &intermediate);
  const auto incomplete = files.write(leaf);
  const auto complete = files.write(leaf, intermediate.certificate);

  expect_one_line(co_await failure_with(s_server(incomplete), client_of(files)),
                  tls_errc::certificate_unknown_authority, "intermediate is missing");
  const auto good = co_await failure_with(s_server(complete, {"-cert_chain", complete.certificate}), client_of(files));
  EXPECT_EQ(good.text, "nothing was thrown");
}

HOCKET_PEER_TEST(openssl_server, that_shows_itself_only_is_refused) {
  HOCKET_NEEDS("openssl");
  certificate_files files;

  expect_one_line(co_await failure_with(s_server(files.write(issue({}))), client_of(files)),
                  tls_errc::certificate_self_signed, "self-signed");
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, that_ends_is_told_apart_from_one_that_dies) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  peer_process server(s_server(files.issue(), {"-rev", flag_of(version)}));
  const std::uint16_t port = co_await port_of(server);
  {
    auto [reader, writer] = co_await connect(port, client_of(files));
    writer.write("stressed\nCLOSE\n");
    EXPECT_EQ(co_await reader.read(), "desserts\n");
    co_await close(writer);
  }
  {
    auto [reader, writer] = co_await connect(port, client_of(files));
    writer.write("stressed\n");
    EXPECT_EQ(co_await reader.readline(), "desserts\n");
    server.kill();
    expect_one_line(co_await failure_of(reader.read()), tls_errc::truncated, "bytes may be missing");
  }
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, resumes_our_session_with_a_ticket_and_without) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const auto identity = files.issue();
  for (const bool tickets : {true, false}) {
    std::vector<std::string> more{"-rev", flag_of(version)};
    if (!tickets) more.push_back("-no_ticket");
    peer_process server(s_server(identity, more));
    const std::uint16_t port = co_await port_of(server);
    const tls_context context = client_of(files);
    for (const bool again : {false, true}) {
      auto [reader, writer] = co_await connect(port, context);
      writer.write("stressed\n");
      EXPECT_EQ(co_await reader.readline(), "desserts\n");
      EXPECT_EQ(writer.find_layer<tls_layer>()->session_reused(), again) << "with tickets: " << tickets;
      co_await close(writer);
    }
  }
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, gets_the_certificate_that_it_asks_for) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const auto asking = s_server(
      files.issue(), {"-rev", flag_of(version), "-Verify", "3", "-verify_return_error", "-CAfile", files.cafile()});
  peer_process server(asking);
  const auto visitor = files.issue({.subject = "visitor", .hosts = {}});

  auto [reader, writer] =
      co_await connect(co_await port_of(server), client_of(files, {.identity = visitor.identity()}));
  writer.write("stressed\n");
  EXPECT_EQ(co_await reader.readline(), "desserts\n");
  co_await close(writer);
  EXPECT_TRUE((co_await server.line_of_err("visitor")).contains("CN = visitor"));
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_server, refuses_us_without_the_certificate_that_it_asks_for) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  peer_process server(s_server(
      files.issue(), {"-rev", flag_of(version), "-Verify", "3", "-verify_return_error", "-CAfile", files.cafile()}));

  // Over TLS 1.3 our side of the handshake has ended by then: whoever reads is told.
  const auto visit = [](std::uint16_t port, tls_context context) -> coro<void> {
    auto [reader, writer] = co_await connect(port, std::move(context));
    static_cast<void>(co_await reader.readline());
  };
  expect_one_line(co_await failure_of(visit(co_await port_of(server), client_of(files))), tls_errc::peer_refused,
                  version == tls_version::tls1_3 ? "certificate required" : "handshake failure");
}
