#pragma once

// What tests of proxies lead to, and how it looks from the other side.

#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <peers/certificate_files.hpp>
#include <peers/pattern.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket::testing {

inline std::string large_page() {
  constexpr std::size_t size = 4 * 1024 * 1024;
  return pattern(size);
}

/// "/large" is large, "/back" what was sent, all else says who has passed it on.
inline coro<http::reply> page_of_proxied_server(http::request& asked) {
  if (asked.path() == "/large") co_return http::reply::text(large_page());
  if (asked.path() == "/back") co_return http::reply::text(co_await asked.read(8 * 1024 * 1024));
  co_return http::reply::text(fmt::format("{} by {}", asked.target(), asked.headers().get("Via").value_or("nobody")));
}

inline http::server_options secured(certificate_files& files) {
  return {.tls = tls_context::server({.identities = {files.issue().identity()}, .alpn_protocols = {"http/1.1"}})};
}

/// Pages of that server come and go whole, small and large, and `by` is named where somebody can read it.
inline coro<void> expect_led_to(http::session& web, const running_server& server, std::string_view by) {
  http::response page = co_await web.get(server.url("/page"));
  const std::string seen = co_await page.text();
  EXPECT_TRUE(seen.starts_with("/page by ") && seen.contains(by)) << seen;
  http::response large = co_await web.get(server.url("/large"));
  EXPECT_TRUE(co_await large.read() == large_page());
  http::response back = co_await web.put(server.url("/back"), {.body = large_page()});
  EXPECT_TRUE(co_await back.read() == large_page());
}

/// The words of the `proxy_error`; "none" if all went well.
inline coro<std::string> proxy_failure_of(http::session& web, std::string url) {
  const auto outcome = co_await as_result(web.get(url));
  if (outcome) co_return "none";
  try {
    std::rethrow_exception(outcome.error());
  } catch (const http::proxy_error& problem) {
    co_return problem.what();
  }
}

}  // namespace hocket::testing
