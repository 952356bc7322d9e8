// `openssl s_client` against our servers.

#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <peers/certificate_files.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>
#include <tls/secure_streams.hpp>

#include <hocket/io/start_server.hpp>
#include <hocket/sync/queue.hpp>

using hocket::coro;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::tls_context;
using hocket::tls_errc;
using hocket::tls_layer;
using hocket::tls_server_options;
using hocket::tls_version;
using hocket::verify_mode;
using hocket::testing::certificate_files;
using hocket::testing::failure_of;
using hocket::testing::pattern;
using hocket::testing::peer_process;
using hocket::testing::run_peer;
using hocket::testing::run_peer_with_open_input;
using hocket::testing::running_server;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

/// A server at a free port with a certificate for localhost, unless the options bring others.
coro<hocket::server> serve(certificate_files& files, hocket::stream_handler handler, tls_server_options options = {}) {
  if (options.identities.empty()) options.identities.push_back(files.issue().identity());
  co_return co_await hocket::start_server(std::move(handler), "127.0.0.1", 0,
                                          {.tls = tls_context::server(std::move(options))});
}

coro<void> stop(hocket::server& server) {
  server.close();
  co_await server.wait_closed();
}

/// Says hello and ends.
coro<void> greet(stream_reader, stream_writer writer) {
  writer.write("hello from hocket\n");
  co_await writer.drain();
}

coro<void> answer_each_line(stream_reader reader, stream_writer writer) {
  for (;;) {
    const std::string line = co_await reader.readline();
    if (line.empty()) break;
    writer.write("you said " + line);
  }
}

std::string flag_of(tls_version version) { return version == tls_version::tls1_2 ? "-tls1_2" : "-tls1_3"; }

std::vector<std::string> s_client(const hocket::server& server, tls_version version,
                                  std::vector<std::string> more = {}) {
  std::vector<std::string> command{"openssl", "s_client", "-connect", server.addresses().front().to_string(),
                                   flag_of(version)};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

/// One that goes on only if the certificate is good and for localhost.
std::vector<std::string> verifying_client(const hocket::server& server, tls_version version,
                                          const certificate_files& files, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"-CAfile", files.cafile(), "-verify_return_error", "-verify_hostname", "localhost"});
  return s_client(server, version, std::move(more));
}

}  // namespace

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, verifies_the_certificate_and_agrees_on_a_protocol) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  std::string chosen;
  auto server = co_await serve(files,
                               [&](stream_reader reader, stream_writer writer) -> coro<void> {
                                 chosen = writer.find_layer<tls_layer>()->alpn_protocol();
                                 co_await greet(std::move(reader), std::move(writer));
                               },
                               {.alpn_protocols = {"http/1.1", "h2"}});

  const auto result =
      co_await run_peer_with_open_input(verifying_client(server, version, files, {"-alpn", "spdy/1,h2,http/1.1"}));

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.contains("Verify return code: 0 (ok)")) << result.out;
  EXPECT_TRUE(result.out.contains("ALPN protocol: http/1.1\n")) << result.out;
  EXPECT_TRUE(result.out.contains("hello from hocket\n")) << result.out;
  EXPECT_EQ(chosen, "http/1.1");
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, that_refuses_the_certificate_harms_nobody_else) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const certificate_files others("Another authority");
  auto server = co_await serve(files, greet);

  const auto refused = co_await run_peer_with_open_input(verifying_client(server, version, others));
  const auto served = co_await run_peer_with_open_input(verifying_client(server, version, files));

  EXPECT_EQ(refused.status, 1);
  EXPECT_TRUE(refused.err.contains("certificate verify failed")) << refused.err;
  EXPECT_FALSE(refused.out.contains("hello"));
  EXPECT_EQ(served.status, 0);
  EXPECT_TRUE(served.out.contains("hello from hocket\n"));
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, gets_the_certificate_for_the_name_that_it_asks_for) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  tls_server_options options;
  for (const char* name : {"one.test", "two.test"})
    options.identities.push_back(files.issue({.subject = name, .hosts = {name}}).identity());
  auto server = co_await serve(files, greet, std::move(options));

  const auto subject_for = [&](std::vector<std::string> asking) -> coro<std::string> {
    const auto result = co_await run_peer_with_open_input(s_client(server, version, std::move(asking)));
    const std::size_t at = result.out.find("subject=CN = ");
    co_return at == std::string::npos ? result.err : result.out.substr(at + 13, 8);
  };

  EXPECT_EQ(co_await subject_for({"-servername", "one.test"}), "one.test");
  EXPECT_EQ(co_await subject_for({"-servername", "two.test"}), "two.test");
  EXPECT_EQ(co_await subject_for({"-servername", "three.test"}), "one.test");
  EXPECT_EQ(co_await subject_for({"-noservername"}), "one.test");
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, resumes_a_session_that_it_kept_in_a_file) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  std::vector<bool> reused;
  auto server = co_await serve(files, [&](stream_reader reader, stream_writer writer) -> coro<void> {
    reused.push_back(writer.find_layer<tls_layer>()->session_reused());
    co_await greet(std::move(reader), std::move(writer));
  });
  const std::string session = files / "session.pem";

  const auto first =
      co_await run_peer_with_open_input(verifying_client(server, version, files, {"-sess_out", session}));
  const auto second =
      co_await run_peer_with_open_input(verifying_client(server, version, files, {"-sess_in", session}));

  EXPECT_TRUE(first.out.contains("\nNew, TLSv1.")) << first.out << first.err;
  EXPECT_TRUE(second.out.contains("\nReused, TLSv1.")) << second.out << second.err;
  EXPECT_EQ(second.status, 0);
  EXPECT_EQ(reused, (std::vector{false, true}));
  co_await stop(server);
}

HOCKET_PEER_TEST(openssl_client, reconnects_with_its_session_five_times) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  auto server = co_await serve(files, answer_each_line);

  for (const bool tickets : {true, false}) {  // without them the server keeps the session
    std::vector<std::string> more{"-reconnect"};
    if (!tickets) more.push_back("-no_ticket");
    const auto result = co_await run_peer(verifying_client(server, tls_version::tls1_2, files, more));

    std::size_t times = 0;
    for (std::size_t at = 0; (at = result.out.find("\nReused, TLSv1.2", at)) != std::string::npos; ++at) ++times;
    EXPECT_EQ(times, 5) << "with tickets: " << tickets << result.out << result.err;
    EXPECT_EQ(result.status, 0);
  }
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, must_show_a_certificate_that_is_asked_for) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  certificate_files others("Another authority");
  std::string subject;
  auto server = co_await serve(files,
                               [&](stream_reader reader, stream_writer writer) -> coro<void> {
                                 subject = writer.find_layer<tls_layer>()->peer_certificate().value().subject;
                                 co_await greet(std::move(reader), std::move(writer));
                               },
                               {.client_certificates = verify_mode::required, .cafile = files.cafile()});
  const auto client_with = [&](const certificate_files::identity_files& identity) {
    return verifying_client(server, version, files, {"-cert", identity.certificate, "-key", identity.key});
  };

  const auto without = co_await run_peer_with_open_input(verifying_client(server, version, files));
  const auto unknown = co_await run_peer_with_open_input(client_with(others.issue()));
  EXPECT_EQ(subject, "");
  const auto good = co_await run_peer_with_open_input(client_with(files.issue({.subject = "visitor", .hosts = {}})));

  EXPECT_NE(without.status, 0);
  EXPECT_TRUE(
      without.err.contains(version == tls_version::tls1_3 ? "alert certificate required" : "alert handshake failure"))
      << without.err;
  EXPECT_NE(unknown.status, 0);
  EXPECT_TRUE(unknown.err.contains("alert unknown ca")) << unknown.err;
  EXPECT_EQ(good.status, 0);
  EXPECT_TRUE(good.out.contains("hello from hocket\n")) << good.err;
  EXPECT_EQ(subject, "CN=visitor");
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, exchanges_megabytes_both_ways_at_once) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  const std::string to_client = pattern(megabytes, 1);
  const std::string to_server = pattern(megabytes, 2);
  std::string received;
  auto server = co_await serve(files, [&](stream_reader reader, stream_writer writer) -> coro<void> {
    writer.write(to_client);
    received = co_await reader.readexactly(to_server.size());
  });

  const auto result =
      co_await run_peer_with_open_input(verifying_client(server, version, files, {"-quiet"}), to_server);
  co_await stop(server);

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out == to_client) << result.out.size();
  EXPECT_TRUE(received == to_server) << received.size();
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, that_ends_is_told_apart_from_one_that_dies) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  hocket::queue<std::string> lines;
  hocket::queue<std::string> ends;
  auto server = co_await serve(files, [&](stream_reader reader, stream_writer writer) -> coro<void> {
    lines.put_nowait(co_await reader.readline());
    writer.write("goes on\n");
    const auto end = co_await failure_of(reader.read());
    ends.put_nowait(end.code == tls_errc::truncated ? "truncated: " + end.text : end.text);
  });

  const auto orderly = co_await run_peer(verifying_client(server, version, files), "orderly\n");
  EXPECT_EQ(orderly.status, 0);
  EXPECT_EQ(co_await lines.get(), "orderly\n");
  EXPECT_EQ(co_await ends.get(), "nothing was thrown");

  peer_process dying(verifying_client(server, version, files, {"-quiet"}));
  dying.in().write("dying\n");
  EXPECT_EQ(co_await lines.get(), "dying\n");
  EXPECT_EQ(co_await dying.line_of_out("on"), "goes on\n");  // with bytes unread it would reset the connection
  dying.kill();
  const std::string end = co_await ends.get();
  EXPECT_TRUE(end.starts_with("truncated: TLS with 127.0.0.1:")) << end;
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, goes_on_sending_when_we_have_nothing_more_to_say) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  std::string received;
  auto server = co_await serve(files, [&](stream_reader reader, stream_writer writer) -> coro<void> {
    received = co_await reader.readline();
    writer.write("that was all\n");
    writer.write_eof();
    received += co_await reader.read();
  });

  // It ends when it sees our closure alert, and sends its own.
  const auto result = co_await run_peer_with_open_input(verifying_client(server, version, files), "question\n");
  co_await stop(server);

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.contains("that was all\n") && result.out.contains("closed\n")) << result.out;
  EXPECT_EQ(received, "question\n");
}

HOCKET_PEER_TEST(openssl_client, changes_its_keys_and_ours) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  auto server = co_await serve(files, answer_each_line);

  peer_process client(verifying_client(server, tls_version::tls1_3, files));
  client.in().write("before\n");
  EXPECT_EQ(co_await client.line_of_out("you said"), "you said before\n");
  for (const char* command : {"K\n", "k\n", "K\n"}) {
    client.in().write(command);
    EXPECT_EQ(co_await client.line_of_err("KEYUPDATE"), "KEYUPDATE\n");
    client.in().write("after\n");
    EXPECT_EQ(co_await client.line_of_out("you said"), "you said after\n");
  }
  client.in().write_eof();

  EXPECT_EQ(co_await client.ended(), 0);
  co_await stop(server);
}

HOCKET_PEER_TEST(openssl_client, may_not_negotiate_again) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  auto server = co_await serve(files, answer_each_line);

  peer_process asking(verifying_client(server, tls_version::tls1_2, files));
  asking.in().write("before\n");
  EXPECT_EQ(co_await asking.line_of_out("you said"), "you said before\n");
  asking.in().write("R\n");
  EXPECT_NE(co_await asking.ended(), 0);
  const std::string complaint = co_await asking.err().read();
  EXPECT_TRUE(complaint.contains("RENEGOTIATING") && complaint.contains("no renegotiation")) << complaint;

  const auto other = co_await run_peer(verifying_client(server, tls_version::tls1_2, files), "still there?\n");
  EXPECT_EQ(other.status, 0);
  co_await stop(server);
}

HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(openssl_client, is_served_pages) {
  HOCKET_NEEDS("openssl");
  certificate_files files;
  running_server server(
      [](hocket::http::request& asked) -> coro<hocket::http::reply> {
        co_return hocket::http::reply::text(std::string(asked.target()) + " is here\n");
      },
      {.tls = tls_context::server({.identities = {files.issue().identity()}, .alpn_protocols = {"http/1.1"}})});

  const auto result = co_await run_peer_with_open_input(
      {"openssl", "s_client", "-connect", server.address().to_string(), flag_of(version), "-alpn", "h2,http/1.1",
       "-CAfile", files.cafile(), "-verify_return_error", "-verify_hostname", "localhost"},
      "GET /one HTTP/1.1\r\nHost: localhost\r\n\r\nGET /two HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.contains("ALPN protocol: http/1.1\n")) << result.out;
  const std::size_t one = result.out.find("/one is here\n");
  const std::size_t two = result.out.find("/two is here\n");
  EXPECT_TRUE(one < two && two != std::string::npos) << result.out;
  co_await server.stop();
}
