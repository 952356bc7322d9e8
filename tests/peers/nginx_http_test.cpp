// nginx as an origin of files, and as a proxy in front of our server.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/nginx_process.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/http/client/download.hpp>
#include <hocket/http/client/session.hpp>

using hocket::coro;
namespace http = hocket::http;
using hocket::testing::content_of;
using hocket::testing::nginx_process;
using hocket::testing::pattern;
using hocket::testing::pattern_of_lines;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

std::string url_of(const nginx_process& server, std::string_view path) {
  return fmt::format("http://127.0.0.1:{}{}", server.port(), path);
}

coro<std::string> text_of(http::response answer) { co_return co_await answer.text(); }

/// Files: "large", and "lines.txt", which it compresses.
coro<void> start_origin(nginx_process& server) {
  write_file(server.folder() / "large", pattern(megabytes));
  write_file(server.folder() / "lines.txt", pattern_of_lines(200'000));
  co_await server.start(fmt::format(R"(
  gzip on;
  default_type application/octet-stream;
  gzip_types text/plain;
  types {{ text/plain txt; }}
  server {{
    listen 127.0.0.1:{} reuseport;
    root .;
  }})",
                                    server.port()));
}

/// Passes all on to our server, by connections that it keeps.
coro<void> start_proxy(nginx_process& server, const running_server& behind) {
  co_await server.start(fmt::format(R"(
  upstream ours {{ server {}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{} reuseport;
    client_max_body_size 100m;
    location / {{
      proxy_pass http://ours;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_request_buffering off;
      proxy_buffering off;
    }}
  }})",
                                    behind.address().to_string(), server.port()));
}

coro<void> write_large(http::body_writer& to) {
  const std::string whole = pattern(megabytes);
  for (std::size_t at = 0; at < whole.size(); at += 50'000)
    co_await to.write(std::string_view(whole).substr(at, 50'000));
}

/// Says what it was asked; "/large" is large, "/back" is what was sent.
coro<http::reply> answer(http::request& asked) {
  if (asked.path() == "/large") co_return http::reply::stream("application/octet-stream", write_large);
  if (asked.path() == "/back") co_return http::reply::text(co_await asked.read(2 * megabytes));
  if (asked.path() == "/fail") throw http::http_error(404, "not here");
  co_return http::reply::text(fmt::format("{} {} {} from {}", asked.method(), asked.target(),
                                          asked.headers().get("X-Forwarded-For").value_or("nobody"),
                                          asked.peer().port()));
}

hocket::async_generator<std::string> pieces_of(std::string whole) {
  for (std::size_t at = 0; at < whole.size(); at += 100'000) co_yield whole.substr(at, 100'000);
}

}  // namespace

HOCKET_PEER_TEST(nginx_origin, gives_parts_of_files_on_condition_that_they_are_the_same) {
  HOCKET_NEEDS("nginx");
  nginx_process server;
  co_await start_origin(server);
  http::session web;

  const auto known = (co_await web.head(url_of(server, "/large"))).validators();
  EXPECT_FALSE(known.strongest().empty());
  http::request_options rest;
  http::ask_for_rest(rest.fields, megabytes - 10, known);
  auto part = co_await web.get(url_of(server, "/large"), std::move(rest));
  EXPECT_EQ(part.status(), 206);
  EXPECT_TRUE(co_await part.read() == pattern(megabytes).substr(megabytes - 10));

  http::request_options of_another;
  http::ask_for_rest(of_another.fields, megabytes - 10, {.etag = "\"another\""});
  auto whole = co_await web.get(url_of(server, "/large"), std::move(of_another));
  EXPECT_EQ(whole.status(), 200);
  EXPECT_TRUE(co_await whole.read() == pattern(megabytes));

  http::request_options beyond;
  http::ask_for_rest(beyond.fields, megabytes, known);
  EXPECT_TRUE((co_await web.get(url_of(server, "/large"), std::move(beyond))).is_at_end(megabytes));
}

HOCKET_PEER_TEST(nginx_origin, gives_only_what_has_changed) {
  HOCKET_NEEDS("nginx");
  nginx_process server;
  co_await start_origin(server);
  http::session web;

  auto first = co_await web.get(url_of(server, "/lines.txt"));
  EXPECT_EQ(first.headers().get("Content-Encoding"), "gzip");
  const auto known = first.validators();
  EXPECT_TRUE(known.etag.starts_with("W/")) << "of what it has compressed: " << known.etag;
  EXPECT_TRUE(co_await first.text() == pattern_of_lines(200'000));
  http::request_options asked;
  http::ask_if_changed(asked.fields, known);
  EXPECT_TRUE((co_await web.get(url_of(server, "/lines.txt"), std::move(asked))).is_not_modified());
}

HOCKET_PEER_TEST(nginx_origin, has_its_files_resumed_where_they_end) {
  HOCKET_NEEDS("nginx");
  nginx_process server;
  co_await start_origin(server);
  http::session web;
  const temporary_directory folder;

  write_file(folder / "part", pattern(megabytes).substr(0, 1'000'000));
  http::request_options asked;
  http::ask_for_rest(asked.fields, 1'000'000);
  auto rest = co_await web.get(url_of(server, "/large"), std::move(asked));
  EXPECT_EQ(co_await rest.save_to(folder / "part", {.resume = true}), megabytes - 1'000'000);
  EXPECT_TRUE(content_of(folder / "part") == pattern(megabytes));

  EXPECT_EQ(co_await http::download(web, *hocket::url::parse(url_of(server, "/lines.txt")), folder / "lines"),
            200'000U);
  EXPECT_TRUE(content_of(folder / "lines") == pattern_of_lines(200'000));
}

HOCKET_PEER_TEST(nginx_proxy, leads_to_our_server_by_connections_that_it_keeps) {
  HOCKET_NEEDS("nginx");
  running_server ours(answer);
  nginx_process server;
  co_await start_proxy(server, ours);
  {
    http::session web;
    const std::string first = co_await text_of(co_await web.get(url_of(server, "/page?a=b")));
    EXPECT_TRUE(first.starts_with("GET /page?a=b 127.0.0.1 from ")) << first;
    for (int n = 0; n < 10; ++n) EXPECT_EQ(co_await text_of(co_await web.get(url_of(server, "/page?a=b"))), first);
    EXPECT_EQ((co_await web.head(url_of(server, "/page"))).status(), 200);
    EXPECT_EQ((co_await web.get(url_of(server, "/fail"))).status(), 404);
  }
  co_await ours.stop();
}

HOCKET_PEER_TEST(nginx_proxy, passes_bodies_on_while_they_come) {
  HOCKET_NEEDS("nginx");
  running_server ours(answer);
  nginx_process server;
  co_await start_proxy(server, ours);
  {
    http::session web;
    EXPECT_TRUE(co_await (co_await web.get(url_of(server, "/large"))).read() == pattern(megabytes));
    auto sent = co_await web.put(url_of(server, "/back"), {.body = pattern(megabytes)});
    EXPECT_TRUE(co_await sent.read() == pattern(megabytes));
    auto in_chunks =
        co_await web.put(url_of(server, "/back"), {.body = http::body::pieces(pieces_of(pattern(megabytes)))});
    EXPECT_TRUE(co_await in_chunks.read() == pattern(megabytes));
  }
  co_await ours.stop();
}
