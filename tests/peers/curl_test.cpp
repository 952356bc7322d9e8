// curl against our HTTP server.

#include <algorithm>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <peers/certificate_files.hpp>
#include <peers/curl.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

using hocket::coro;
using hocket::tls_context;
namespace http = hocket::http;
using hocket::testing::certificate_files;
using hocket::testing::curl;
using hocket::testing::pattern;
using hocket::testing::peer_outcome;
using hocket::testing::running_server;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

/// "/large" is a large file, everything else says its own name.
coro<http::reply> answer(http::request& asked) {
  const std::string path(asked.target());
  co_return http::reply::text(path == "/large" ? pattern(megabytes) : "this is " + path);
}

http::server_options secured(certificate_files& files) {
  return {.tls = tls_context::server({.identities = {files.issue().identity()}, .alpn_protocols = {"http/1.1"}})};
}

/// The server's claims, plain or over TLS: several pages by one connection, HEAD, a large body.
coro<void> expect_served(running_server& server, const std::vector<std::string>& trust) {
  const auto fetch = [&](std::vector<std::string> arguments) -> coro<peer_outcome> {
    arguments.insert(arguments.end(), trust.begin(), trust.end());
    co_return co_await curl(std::move(arguments));
  };

  const auto several = co_await fetch(
      {"--write-out", " by %{num_connects}\n", server.url("/one"), server.url("/two"), server.url("/three")});
  EXPECT_EQ(several.status, 0) << several.err;
  EXPECT_EQ(several.out, "this is /one by 1\nthis is /two by 0\nthis is /three by 0\n");

  const auto head = co_await fetch({"--head", server.url("/large")});
  EXPECT_EQ(head.status, 0) << head.err;
  EXPECT_TRUE(head.out.starts_with("HTTP/1.1 200 OK\r\n")) << head.out;
  EXPECT_TRUE(head.out.contains("Content-Length: 4194304\r\n")) << head.out;
  EXPECT_TRUE(head.out.ends_with("\r\n\r\n")) << head.out;

  const auto large = co_await fetch({server.url("/large")});
  EXPECT_EQ(large.status, 0) << large.err;
  EXPECT_TRUE(large.out == pattern(megabytes)) << large.out.size();
}

}  // namespace

HOCKET_PEER_TEST(curl, fetches_pages) {
  HOCKET_NEEDS("curl");
  running_server server(answer);

  co_await expect_served(server, {});
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, fetches_pages_over_tls_1_3) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  running_server server(answer, secured(files));

  co_await expect_served(server, {"--cacert", files.cafile(), "--tlsv1.3"});
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, fetches_pages_over_tls_1_2) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  running_server server(answer, secured(files));

  co_await expect_served(server, {"--cacert", files.cafile(), "--tls-max", "1.2"});
  co_await server.stop();
}

HOCKET_PEER_TEST(curl, refuses_an_authority_that_it_does_not_know) {
  HOCKET_NEEDS("curl");
  certificate_files files;
  const certificate_files others("Another authority");
  running_server server(answer, secured(files));

  const auto refused = co_await curl({"--cacert", others.cafile(), server.url("/")});
  const auto served = co_await curl({"--cacert", files.cafile(), server.url("/")});
  co_await server.stop();

  EXPECT_EQ(refused.status, 60) << refused.err;
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(served.status, 0) << served.err;
  EXPECT_EQ(served.out, "this is /");
}

HOCKET_PEER_TEST(curl, sends_a_body_that_is_read_away) {
  HOCKET_NEEDS("curl");
  running_server server(answer);

  // curl asks first whether it may send it (Expect: 100-continue).
  const auto result = co_await curl({"--data-binary", "@" HOCKET_PEER_SCRIPTS "/streams_peer.py", "--header",
                                     "Expect: 100-continue", server.url("/form"), "--next", server.url("/page")});
  co_await server.stop();

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "this is /formthis is /page");
}
