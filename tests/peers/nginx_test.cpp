// Our HTTP client against nginx, over TLS.

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <peers/certificate_files.hpp>
#include <peers/nginx_process.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>
#include <tls/secure_streams.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/tls/tls_context.hpp>

using hocket::coro;
using hocket::tls_context;
using hocket::tls_errc;
namespace http = hocket::http;
using hocket::testing::certificate_files;
using hocket::testing::failure_of;
using hocket::testing::nginx_process;
using hocket::testing::pattern;
using hocket::testing::write_file;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

/// nginx over TLS at a port of localhost. Each answer tells how many its connection has had.
class nginx {
 public:
  nginx() {
    write_file(server_.folder() / "small", "a small file");
    write_file(server_.folder() / "large", pattern(megabytes));
  }

  [[nodiscard]] coro<void> ready() {
    const auto identity = files.issue();
    co_await server_.start(fmt::format(R"(
  add_header Request-Of-Connection $connection_requests;
  server {{
    listen 127.0.0.1:{} ssl reuseport;
    ssl_certificate {};
    ssl_certificate_key {};
    root .;
    location = /down {{ return 302 http://localhost:1/; }}
    location = /moved {{ return 301 /small; }}
  }})",
                                       server_.port(), identity.certificate, identity.key));
  }
  [[nodiscard]] std::string url(std::string_view path) const {
    return fmt::format("https://localhost:{}{}", server_.port(), path);
  }

  certificate_files files;

 private:
  nginx_process server_;
};

http::session_options trusting(const nginx& server) {
  return {.tls = tls_context::client({.cafile = server.files.cafile()})};
}

coro<std::string> text_of(http::session& session, std::string url) {
  auto response = co_await session.get(url);
  response.raise_for_status();
  co_return co_await response.read();
}

}  // namespace

HOCKET_PEER_TEST(nginx, gives_files_by_one_connection) {
  HOCKET_NEEDS("nginx");
  nginx server;
  co_await server.ready();
  http::session session(trusting(server));

  EXPECT_EQ(co_await text_of(session, server.url("/small")), "a small file");
  EXPECT_TRUE(co_await text_of(session, server.url("/large")) == pattern(megabytes));
  EXPECT_EQ(co_await text_of(session, server.url("/moved")), "a small file");
  auto head = co_await session.head(server.url("/large"));
  EXPECT_EQ(head.content_length(), megabytes);
  EXPECT_EQ(head.headers().get("Request-Of-Connection"), "5");
}

HOCKET_PEER_TEST(nginx, gives_large_files_by_many_connections_at_once) {
  HOCKET_NEEDS("nginx");
  nginx server;
  co_await server.ready();
  http::session session(trusting(server));
  const std::string url = server.url("/large");

  const auto [one, two, three] =
      co_await hocket::gather(text_of(session, url), text_of(session, url), text_of(session, url));

  const std::string whole = pattern(megabytes);
  EXPECT_TRUE(one == whole && two == whole && three == whole);
}

HOCKET_PEER_TEST(nginx, is_refused_without_its_authority) {
  HOCKET_NEEDS("nginx");
  nginx server;
  co_await server.ready();
  http::session session;

  const auto refused = co_await failure_of(session.get(server.url("/small")));

  EXPECT_EQ(refused.code, tls_errc::certificate_unknown_authority);
  EXPECT_TRUE(refused.text.contains("localhost")) << refused.text;
  EXPECT_TRUE(refused.text.contains("the authority is unknown")) << refused.text;
}

HOCKET_PEER_TEST(nginx, may_not_send_us_from_https_to_http) {
  HOCKET_NEEDS("nginx");
  nginx server;
  co_await server.ready();
  http::session session(trusting(server));

  const auto refused = co_await failure_of(session.get(server.url("/down")));

  EXPECT_TRUE(refused.text.contains("https") && refused.text.contains("http://localhost:1/")) << refused.text;
}
