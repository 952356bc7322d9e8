// Clients of HTTP/2 against our server: curl and nghttp, and h2load, which only asks a lot.

#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/certificate_files.hpp>
#include <peers/curl.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>

using hocket::coro;
using hocket::tls_context;
namespace http = hocket::http;
using hocket::testing::certificate_files;
using hocket::testing::curl;
using hocket::testing::pattern;
using hocket::testing::peer_outcome;
using hocket::testing::run_peer;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

/// "/large" is a large file, "/echo" gives back what it gets, everything else says its own name and how it was asked for.
coro<http::reply> answer(http::request& asked) {
  const std::string path(asked.path());
  if (path == "/large") co_return http::reply::text(pattern(megabytes));
  if (path == "/echo") co_return http::reply::text(co_await asked.read(2 * megabytes));
  co_return http::reply::text(path + " by " + std::string(asked.version()));
}

http::server_options spoken(http::server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

http::server_options secured(certificate_files& files) {
  return {.tls = tls_context::server({.identities = {files.issue().identity()}})};
}

coro<void> expect_served(running_server& server, const std::vector<std::string>& how) {
  const auto fetch = [&](std::vector<std::string> arguments, std::string input = {}) -> coro<peer_outcome> {
    arguments.insert(arguments.end(), how.begin(), how.end());
    co_return co_await curl(std::move(arguments), std::move(input));
  };

  const auto small = co_await fetch({"--write-out", " by %{http_version}", server.url("/small")});
  EXPECT_EQ(small.status, 0) << small.err;
  EXPECT_EQ(small.out, "/small by HTTP/2.0 by 2");

  const auto head = co_await fetch({"--head", server.url("/large")});
  EXPECT_EQ(head.status, 0) << head.err;
  EXPECT_TRUE(head.out.starts_with("HTTP/2 200 \r\n")) << head.out;
  EXPECT_TRUE(head.out.contains("content-length: 4194304\r\n")) << head.out;

  const auto large = co_await fetch({server.url("/large")});
  EXPECT_EQ(large.status, 0) << large.err;
  EXPECT_TRUE(large.out == pattern(megabytes)) << large.out.size();

  const auto echoed = co_await fetch({"--data-binary", "@-", server.url("/echo")}, pattern(megabytes));
  EXPECT_EQ(echoed.status, 0) << echoed.err;
  EXPECT_TRUE(echoed.out == pattern(megabytes)) << echoed.out.size();
}

/// The number before " succeeded" in what h2load says.
bool has_succeeded(const peer_outcome& told, int requests) {
  return told.out.contains(std::to_string(requests) + " succeeded, 0 failed, 0 errored");
}

}  // namespace

HOCKET_PEER_TEST(curl, fetches_and_sends_by_http_2_with_prior_knowledge) {
  HOCKET_NEEDS("curl");
  running_server server(answer, spoken());
  co_await expect_served(server, {"--http2-prior-knowledge"});
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, fetches_and_sends_by_http_2_over_tls) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  running_server server(answer, secured(files));
  co_await expect_served(server, {"--cacert", files.cafile()});
  co_await server.stop();
}

// Without TLS curl 7.88 cannot use such a connection again: it fails with "Error in the HTTP2 framing layer", whatever the server is.
HOCKET_PEER_TEST(curl, has_several_pages_by_one_connection_of_http_2) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  running_server server(answer, secured(files));
  const auto several = co_await curl({"--cacert", files.cafile(), "--write-out", " %{num_connects}\n",
                                      server.url("/one"), server.url("/two"), server.url("/three")});
  EXPECT_EQ(several.out, "/one by HTTP/2.0 1\n/two by HTTP/2.0 0\n/three by HTTP/2.0 0\n") << several.err;
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, may_still_want_http_1_over_tls) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  running_server server(answer, secured(files));
  const auto result = co_await curl({"--http1.1", "--cacert", files.cafile(), server.url("/page")});
  EXPECT_EQ(result.out, "/page by HTTP/1.1") << result.err;
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, that_asks_to_change_to_http_2_is_answered_by_http_1) {
  HOCKET_NEEDS("curl");
  running_server server(answer, spoken());
  const auto result = co_await curl({"--http2", server.url("/page")});
  EXPECT_EQ(result.out, "/page by HTTP/1.1") << result.err;
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, has_a_file_by_http_2_as_static_files_and_compression_give_it) {
  HOCKET_NEEDS("curl");
  temporary_directory folder;
  write_file(folder / "text.txt", std::string(100'000, 'x'));
  http::router routes;
  routes.use(http::compression());
  routes.get("/{path:path}", http::static_files::below(folder.path()));
  running_server server(std::move(routes), spoken());

  const auto whole = co_await curl({"--http2-prior-knowledge", "--compressed", server.url("/text.txt")});
  EXPECT_TRUE(whole.out == std::string(100'000, 'x')) << whole.out.size() << whole.err;
  const auto packed =
      co_await curl({"--http2-prior-knowledge", "-H", "Accept-Encoding: gzip", server.url("/text.txt")});
  EXPECT_LT(packed.out.size(), 1000U);
  const auto part = co_await curl({"--http2-prior-knowledge", "--range", "5-14", server.url("/text.txt")});
  EXPECT_EQ(part.out, "xxxxxxxxxx");
  const auto missing = co_await curl(
      {"--http2-prior-knowledge", "--write-out", "%{http_code}", "--output", "/dev/null", server.url("/none")});
  EXPECT_EQ(missing.out, "404");
  co_await server.stop();
}

HOCKET_PEER_TEST(nghttp, has_many_files_by_one_connection) {
  HOCKET_NEEDS("nghttp");
  running_server server(answer, spoken());
  std::vector<std::string> command{"nghttp", "--no-push"};
  for (int n = 0; n < 50; ++n) command.push_back(server.url(fmt::format("/{}", n)));
  const peer_outcome told = co_await run_peer(std::move(command));
  EXPECT_EQ(told.status, 0) << told.err;
  for (int n = 0; n < 50; ++n) EXPECT_TRUE(told.out.contains(fmt::format("/{} by HTTP/2.0", n)));
  EXPECT_EQ(server.server.requests(), 50U);
  co_await server.stop();
}

HOCKET_PEER_TEST(nghttp, takes_a_large_file_though_its_windows_are_small) {
  HOCKET_NEEDS("nghttp");
  running_server server(answer, spoken());
  const peer_outcome told =
      co_await run_peer({"nghttp", "--window-bits=10", "--connection-window-bits=12", server.url("/large")});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_TRUE(told.out == pattern(megabytes)) << told.out.size();
  co_await server.stop();
}

HOCKET_PEER_TEST(h2load, counts_no_error) {
  HOCKET_NEEDS("h2load");
  running_server server(answer, spoken({.max_requests = 1'000'000}));
  const peer_outcome told = co_await run_peer({"h2load", "-n20000", "-c10", "-m32", server.url("/page")});
  EXPECT_TRUE(has_succeeded(told, 20'000)) << told.out;
  EXPECT_EQ(server.server.requests(), 20'000U);
  co_await server.stop();
}

HOCKET_PEER_TEST(h2load, counts_no_error_over_tls) {
  HOCKET_NEEDS("h2load");
  certificate_files files;
  running_server server(answer, secured(files));
  const peer_outcome told = co_await run_peer({"h2load", "-n5000", "-c10", "-m10", server.url("/page")});
  EXPECT_TRUE(has_succeeded(told, 5'000)) << told.out;
  co_await server.stop();
}

HOCKET_PEER_TEST(h2load, with_bodies_in_both_directions_counts_no_error) {
  HOCKET_NEEDS("h2load");
  temporary_directory folder;
  write_file(folder / "body", pattern(300'000));
  running_server server(answer, spoken());
  const peer_outcome told =
      co_await run_peer({"h2load", "-n200", "-c4", "-m8", "-d", folder / "body", server.url("/echo")});
  EXPECT_TRUE(has_succeeded(told, 200)) << told.out;
  co_await server.stop();
}
