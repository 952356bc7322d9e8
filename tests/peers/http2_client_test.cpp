// Our client against servers of HTTP/2: nginx and nghttpd.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <io/temporary_directory.hpp>
#include <peers/certificate_files.hpp>
#include <peers/nginx_process.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/tls/tls_context.hpp>

using hocket::coro;
namespace http = hocket::http;
using hocket::testing::certificate_files;
using hocket::testing::nginx_process;
using hocket::testing::pattern;
using hocket::testing::peer_process;
using hocket::testing::reserved_port;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

http::session_options trusting(const certificate_files& files, int& connections) {
  auto hooks = std::make_shared<http::tracing>();
  hooks->connection_create_end = [&connections](const auto&) { ++connections; };
  return {.tls = hocket::tls_context::client({.cafile = files.cafile()}),
          .http2 = {.prior_knowledge = true},
          .tracing = std::move(hooks)};
}

void write_files(const temporary_directory& folder) {
  write_file(folder / "large", pattern(megabytes));
  for (std::size_t n = 0; n < 100; ++n) write_file(folder / std::to_string(n), pattern(1000 + n));
}

coro<std::string> fetch(http::session& web, std::string url) {
  auto answer = co_await web.get(std::string_view(url));
  EXPECT_EQ(answer.version(), "HTTP/2.0");
  EXPECT_EQ(answer.status(), 200);
  co_return co_await answer.read();
}

/// The files that `write_files` has written, and one that is not there.
coro<void> expect_files(http::session& web, std::string origin) {
  EXPECT_TRUE(co_await fetch(web, origin + "/large") == pattern(megabytes));
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 100; ++n) all.push_back(hocket::create_task(fetch(web, fmt::format("{}/{}", origin, n))));
  for (std::size_t n = 0; n < 100; ++n) EXPECT_TRUE(co_await all[n] == pattern(1000 + n)) << n;
  auto missing = co_await web.get(std::string_view(origin + "/missing"));
  EXPECT_EQ(missing.status(), 404);
  static_cast<void>(co_await missing.read());
  auto head = co_await web.head(std::string_view(origin + "/large"));
  EXPECT_EQ(head.content_length(), megabytes);
  EXPECT_EQ(co_await head.read(), "");
}

}  // namespace

HOCKET_PEER_TEST(nginx, gives_files_by_http_2_over_one_connection) {
  HOCKET_NEEDS("nginx");
  certificate_files files;
  const auto identity = files.issue();
  for (const std::string scheme : {"http", "https"}) {
    nginx_process server;
    write_files(server.folder());
    co_await server.start(fmt::format(R"(
  ssl_certificate {};
  ssl_certificate_key {};
  server {{
    listen 127.0.0.1:{} {} http2 reuseport;
    root .;
  }})",
                                      identity.certificate, identity.key, server.port(),
                                      scheme == "https" ? "ssl" : ""));
    int connections = 0;
    http::session web(trusting(files, connections));
    co_await expect_files(web, fmt::format("{}://127.0.0.1:{}", scheme, server.port()));
    EXPECT_EQ(connections, 1) << scheme;
  }
}

HOCKET_PEER_TEST(nginx, that_ends_its_connections_after_some_requests_loses_none_of_ours) {
  HOCKET_NEEDS("nginx");
  nginx_process server;
  write_files(server.folder());
  co_await server.start(fmt::format(R"(
  keepalive_requests 25;
  server {{
    listen 127.0.0.1:{} http2 reuseport;
    root .;
  }})",
                                    server.port()));
  int connections = 0;
  http::session web(trusting(certificate_files(), connections));
  co_await expect_files(web, fmt::format("http://127.0.0.1:{}", server.port()));
  EXPECT_GE(connections, 4);
}

HOCKET_PEER_TEST(nghttpd, gives_files_and_takes_bodies) {
  HOCKET_NEEDS("nghttpd");
  certificate_files files;
  const auto identity = files.issue();
  for (const std::string scheme : {"http", "https"}) {
    temporary_directory folder;
    write_files(folder);
    const std::uint16_t port = reserved_port().number();  // nghttpd does not share one
    std::vector<std::string> command{
        "nghttpd", "-a", "127.0.0.1", "-d", folder.path(), "--echo-upload", "--max-concurrent-streams=10"};
    if (scheme == "http") command.push_back("--no-tls");
    command.push_back(std::to_string(port));
    if (scheme == "https") command.insert(command.end(), {identity.key, identity.certificate});
    peer_process server(std::move(command));
    co_await server.accepts_at(hocket::socket_address::parse("127.0.0.1", port).value());
    int connections = 0;
    http::session web(trusting(files, connections));
    const std::string origin = fmt::format("{}://127.0.0.1:{}", scheme, port);
    co_await expect_files(web, origin);
    for (const bool in_pieces : {false, true}) {
      http::body content = pattern(megabytes);
      if (in_pieces)
        content = http::body::stream([](http::body_writer& to) -> coro<void> {
          const std::string whole = pattern(megabytes);
          for (std::size_t at = 0; at < whole.size(); at += 50'000)
            co_await to.write(std::string_view(whole).substr(at, 50'000));
        });
      auto echoed = co_await web.post(std::string_view(origin + "/echo"), {.body = std::move(content)});
      EXPECT_TRUE(co_await echoed.read() == pattern(megabytes));
    }
    EXPECT_EQ(connections, 1) << scheme;
  }
}
