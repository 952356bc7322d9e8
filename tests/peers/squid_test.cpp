// Our session, and `hocket get`, through squid.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
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

/// A proxy at another address than what is reserved: it takes no port that somebody holds. It keeps nothing.
class squid {
 public:
  /// Who may come: anybody, or who says by that scheme that he is "user" with the password "secret".
  enum class guests { anybody, of_basic, of_digest };

  explicit squid(guests wanted = guests::anybody) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));  // it runs as a user of its own
    write_file(folder_ / "basic", "user:$apr1$hocket00$1c398w2azsBkbiI43DG7j/\n");
    write_file(folder_ / "digest", "user:realm:fb6cb9e166c6c764ff2bdea12175a8aa\n");
    write_file(folder_ / "conf", fmt::format(R"(
http_port 127.0.0.2:{}
visible_hostname squid.test
pid_filename none
cache_log /dev/null
access_log none
coredump_dir none
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
{}
http_access deny all
)",
                                             port_.number(), rules_for(wanted)));
    server_.emplace(std::vector<std::string>{"squid", "-N", "-f", folder_ / "conf"});
  }
  [[nodiscard]] coro<void> ready() {
    co_await server_->accepts_at(hocket::socket_address::parse("127.0.0.2", port_.number()).value());
  }
  [[nodiscard]] std::string url(std::string_view user = "") const {
    return fmt::format("http://{}{}127.0.0.2:{}", user, user.empty() ? "" : "@", port_.number());
  }
  [[nodiscard]] http::proxy proxy(std::string_view user = "") const { return http::proxy::parse(url(user)); }

 private:
  [[nodiscard]] std::string rules_for(guests wanted) const {
    if (wanted == guests::anybody) return "http_access allow all";
    const std::string how = wanted == guests::of_basic
                                ? "auth_param basic program /usr/lib/squid/basic_ncsa_auth " + folder_ / "basic" + "\n"
                                : "auth_param digest program /usr/lib/squid/digest_file_auth -c " + folder_ / "digest" +
                                      "\nauth_param digest realm realm\n";
    return how + "acl known proxy_auth REQUIRED\nhttp_access allow known";
  }

  temporary_directory folder_;
  reserved_port port_;
  std::optional<peer_process> server_;
};

/// Plain requests and those of https, with a right name and a wrong one or none.
coro<void> expect_guarded(squid& via, const http::proxy& known, std::vector<http::proxy> unknown) {
  certificate_files files;
  running_server plain(page_of_proxied_server);
  running_server secure(page_of_proxied_server, secured(files));
  co_await via.ready();
  const auto options = [&](const http::proxy& by) -> http::session_options {
    return {.tls = tls_context::client({.cafile = files.cafile()}), .proxies = http::proxy_settings(by)};
  };
  {
    http::session web(options(known));
    co_await expect_led_to(web, plain, "squid");
    co_await expect_led_to(web, secure, "nobody");
    for (const http::proxy& each : unknown) {
      http::session refused(options(each));
      EXPECT_EQ((co_await refused.get(plain.url())).status(), 407) << each.name();
      EXPECT_TRUE((co_await proxy_failure_of(refused, secure.url())).contains(" refuses: 407")) << each.name();
    }
  }
  co_await plain.stop();
  co_await secure.stop();
}

}  // namespace

HOCKET_PEER_TEST(squid, passes_requests_on) {
  HOCKET_NEEDS("squid");
  squid via;
  co_await expect_guarded(via, via.proxy(), {});
}

HOCKET_PEER_TEST(squid, lets_in_who_says_who_he_is) {
  HOCKET_NEEDS("squid");
  squid via(squid::guests::of_basic);
  co_await expect_guarded(via, via.proxy("user:secret"), {via.proxy(), via.proxy("user:wrong")});
}

HOCKET_PEER_TEST(squid, lets_in_who_proves_by_digest_who_he_is) {
  HOCKET_NEEDS("squid");
  squid via(squid::guests::of_digest);
  co_await expect_guarded(via, via.proxy("user:secret").with_digest(),
                          {via.proxy(), via.proxy("user:wrong").with_digest()});
}

HOCKET_PEER_TEST(squid, tells_that_a_server_is_not_there) {
  HOCKET_NEEDS("squid");
  squid via;
  co_await via.ready();
  const reserved_port nobody;
  http::session web({.proxies = http::proxy_settings(via.proxy())});

  EXPECT_EQ((co_await web.get(fmt::format("http://127.0.0.1:{}/", nobody.number()))).status(), 503);
  EXPECT_TRUE((co_await proxy_failure_of(web, fmt::format("https://127.0.0.1:{}/", nobody.number())))
                  .contains(" refuses: 503"));
}

#ifdef HOCKET_PROGRAM
HOCKET_PEER_TEST(squid, is_used_by_hocket_get) {
  HOCKET_NEEDS("squid");
  certificate_files files;
  running_server plain(page_of_proxied_server);
  running_server secure(page_of_proxied_server, secured(files));
  squid via(squid::guests::of_basic);
  co_await via.ready();

  for (const running_server* server : {&plain, &secure}) {
    const auto good = co_await run_peer({HOCKET_PROGRAM, "get", "--cafile", files.cafile(), "--proxy",
                                         via.url("user:secret"), server->url("/page"), server->url("/large")});
    EXPECT_EQ(good.status, 0) << good.err;
    EXPECT_TRUE(good.out.starts_with("/page by ")) << good.out.substr(0, 100);
    EXPECT_TRUE(good.out.ends_with(large_page())) << good.out.size();
    const auto bad = co_await run_peer(
        {HOCKET_PROGRAM, "get", "--cafile", files.cafile(), "--proxy", via.url("user:wrong"), server->url("/page")});
    EXPECT_EQ(bad.status, 1);
    EXPECT_TRUE(bad.err.contains("407")) << bad.err;
    EXPECT_FALSE(bad.err.contains("wrong")) << bad.err;
  }
  co_await plain.stop();
  co_await secure.stop();
}
#endif
