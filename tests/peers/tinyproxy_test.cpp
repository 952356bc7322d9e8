// Our session, and `hocket get`, through tinyproxy.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/certificate_files.hpp>
#include <peers/peer_test.hpp>
#include <peers/proxied_server.hpp>

#include <hocket/http/client/session.hpp>

using hocket::coro;
using hocket::tls_context;
namespace http = hocket::http;
using hocket::testing::certificate_files;
using hocket::testing::expect_led_to;
using hocket::testing::large_page;
using hocket::testing::page_of_proxied_server;
using hocket::testing::peer_process;
using hocket::testing::proxy_failure_of;
using hocket::testing::reserved_port;
using hocket::testing::run_peer;
using hocket::testing::running_server;
using hocket::testing::secured;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

/// A proxy at another address than what is reserved: it takes no port that somebody holds.
class tinyproxy {
 public:
  explicit tinyproxy(std::string_view more = "") {
    write_file(folder_ / "conf", fmt::format(R"(
Port {}
Listen 127.0.0.2
Timeout 60
LogLevel Info
MaxClients 50
Allow 127.0.0.0/8
{})",
                                             port_.number(), more));
    server_.emplace(std::vector<std::string>{"tinyproxy", "-d", "-c", folder_ / "conf"});
  }
  [[nodiscard]] coro<void> ready() { static_cast<void>(co_await server_->line_of_out("Accepting connections")); }
  [[nodiscard]] std::string url(std::string_view user = "") const {
    return fmt::format("http://{}{}127.0.0.2:{}", user, user.empty() ? "" : "@", port_.number());
  }
  [[nodiscard]] http::proxy_settings settings(std::string_view user = "") const {
    return http::proxy_settings(http::proxy::parse(url(user)));
  }

 private:
  temporary_directory folder_;
  reserved_port port_;
  std::optional<peer_process> server_;
};

constexpr const char* wants_password = "BasicAuth user secret";

}  // namespace

HOCKET_PEER_TEST(tinyproxy, passes_plain_requests_on) {
  HOCKET_NEEDS("tinyproxy");
  running_server server(page_of_proxied_server);
  tinyproxy via;
  co_await via.ready();
  {
    http::session web({.proxies = via.settings()});
    co_await expect_led_to(web, server, "tinyproxy");
  }
  co_await server.stop();
}

HOCKET_PEER_TEST(tinyproxy, leads_to_servers_of_https) {
  HOCKET_NEEDS("tinyproxy");
  certificate_files files;
  running_server server(page_of_proxied_server, secured(files));
  tinyproxy via;
  co_await via.ready();
  {
    http::session web({.tls = tls_context::client({.cafile = files.cafile()}), .proxies = via.settings()});
    co_await expect_led_to(web, server, "nobody");
  }
  co_await server.stop();
}

HOCKET_PEER_TEST(tinyproxy, wants_to_know_who_asks) {
  HOCKET_NEEDS("tinyproxy");
  certificate_files files;
  running_server plain(page_of_proxied_server);
  running_server secure(page_of_proxied_server, secured(files));
  tinyproxy via(wants_password);
  co_await via.ready();
  {
    const auto options = [&](std::string_view user) -> http::session_options {
      return {.tls = tls_context::client({.cafile = files.cafile()}), .proxies = via.settings(user)};
    };
    http::session known(options("user:secret"));
    co_await expect_led_to(known, plain, "tinyproxy");
    co_await expect_led_to(known, secure, "nobody");
    for (const char* user : {"", "user:wrong"}) {
      http::session unknown(options(user));
      EXPECT_EQ((co_await unknown.get(plain.url())).status(), *user == '\0' ? 407 : 401) << user;
      EXPECT_TRUE((co_await proxy_failure_of(unknown, secure.url())).contains(" refuses: 40")) << user;
    }
  }
  co_await plain.stop();
  co_await secure.stop();
}

HOCKET_PEER_TEST(tinyproxy, tells_that_a_server_is_not_there) {
  HOCKET_NEEDS("tinyproxy");
  tinyproxy via;
  co_await via.ready();
  const reserved_port nobody;
  http::session web({.proxies = via.settings()});

  EXPECT_GE((co_await web.get(fmt::format("http://127.0.0.1:{}/", nobody.number()))).status(), 500);
  EXPECT_TRUE(
      (co_await proxy_failure_of(web, fmt::format("https://127.0.0.1:{}/", nobody.number()))).contains(" refuses: 50"));
}

#ifdef HOCKET_PROGRAM
HOCKET_PEER_TEST(tinyproxy, is_used_by_hocket_get) {
  HOCKET_NEEDS("tinyproxy");
  certificate_files files;
  running_server plain(page_of_proxied_server);
  running_server secure(page_of_proxied_server, secured(files));
  tinyproxy via(wants_password);
  co_await via.ready();

  for (const running_server* server : {&plain, &secure}) {
    const auto good = co_await run_peer({HOCKET_PROGRAM, "get", "--cafile", files.cafile(), "--proxy",
                                         via.url("user:secret"), server->url("/page"), server->url("/large")});
    EXPECT_EQ(good.status, 0) << good.err;
    EXPECT_TRUE(good.out.starts_with("/page by ")) << good.out.substr(0, 100);
    EXPECT_TRUE(good.out.ends_with(large_page())) << good.out.size();
    const auto bad = co_await run_peer(
        {HOCKET_PROGRAM, "get", "--cafile", files.cafile(), "--proxy", via.url(), server->url("/page")});
    EXPECT_EQ(bad.status, 1);
    EXPECT_TRUE(bad.err.contains("407")) << bad.err;
  }
  co_await plain.stop();
  co_await secure.stop();
}
#endif
