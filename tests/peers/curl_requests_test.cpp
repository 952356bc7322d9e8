// What curl sends, by all the ways it has, to our HTTP server.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/curl.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/cookie_session.hpp>
#include <hocket/http/server/cookie_sessions.hpp>
#include <hocket/http/server/read_form.hpp>
#include <hocket/http/server/require_basic_auth.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/io/unix_socket.hpp>

using namespace std::chrono_literals;
using hocket::coro;
namespace http = hocket::http;
using hocket::testing::content_of;
using hocket::testing::curl;
using hocket::testing::pattern;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

/// Method, framing and body of a request.
coro<http::reply> tell(http::request& asked) {
  const auto length = asked.content_length();
  const std::string body = co_await asked.read(16 << 20);
  co_return http::reply::text(fmt::format("{} {} {}", asked.method(), length ? fmt::to_string(*length) : "chunks",
                                          body.size() <= 100 ? body : fmt::to_string(body == pattern(body.size()))));
}

/// The fields and files of a form, one a line.
coro<http::reply> tell_form(http::request& asked) {
  auto form = co_await http::read_form(asked);
  std::string all;
  for (const auto& [name, value] : form.fields) all += fmt::format("{}={}\n", name, value);
  for (const auto& file : form.files)
    all += fmt::format("{}: {} {} {}\n", file.name, file.filename, file.content_type,
                       content_of(file.path()) == pattern(file.size_bytes));
  co_return http::reply::text(all);
}

HOCKET_PEER_TEST(curl_requests, of_any_method_are_answered_on_one_connection) {
  HOCKET_NEEDS("curl");
  running_server server(tell);
  std::vector<std::string> arguments;
  for (const char* method : {"PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "M-SEARCH"}) {
    arguments.insert(arguments.end(), {"-X", method, "-d", "x", "-w", " %{num_connects}\n", server.url(), "--next",
                                       "--silent", "--noproxy", "*"});
  }
  arguments.insert(arguments.end(), {"-X", "OPTIONS", "--request-target", "*", server.url()});
  const auto told = co_await curl(std::move(arguments));
  co_await server.stop();
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_EQ(told.out,
            "PUT 1 x 1\nPATCH 1 x 0\nDELETE 1 x 0\nOPTIONS 1 x 0\nPROPFIND 1 x 0\nM-SEARCH 1 x 0\nOPTIONS 0 ");
}

HOCKET_PEER_TEST(curl_requests, bring_bodies_in_any_framing) {
  HOCKET_NEEDS("curl");
  const temporary_directory folder;
  const std::string large = pattern(3'000'000);
  write_file(folder / "large", large);
  running_server server(tell);
  const auto ask = [&](std::vector<std::string> arguments, std::string input = {}) -> coro<std::string> {
    arguments.push_back(server.url());
    auto told = co_await curl(std::move(arguments), std::move(input));
    EXPECT_EQ(told.status, 0) << told.err;
    co_return told.out;
  };
  EXPECT_EQ(co_await ask({"-d", "a", "-d", "b"}), "POST 3 a&b");
  EXPECT_EQ(co_await ask({"-G", "-d", "a"}), "GET 0 ");
  EXPECT_EQ(co_await ask({"--data-binary", "@" + folder / "large"}), "POST 3000000 true");
  EXPECT_EQ(co_await ask({"-T", folder / "large"}), "PUT 3000000 true");
  EXPECT_EQ(co_await ask({"-T", folder / "large", "-H", "Expect:"}), "PUT 3000000 true");
  EXPECT_EQ(co_await ask({"-T", "-"}, large), "PUT chunks true");
  EXPECT_EQ(co_await ask({"-T", "-"}), "PUT chunks ");
  EXPECT_EQ(co_await ask({"-d", "text", "-H", "Transfer-Encoding: chunked"}), "POST chunks text");
  EXPECT_EQ(co_await ask({"-d", "text", "--http1.0"}), "POST 4 text");
  EXPECT_EQ(co_await ask({"-d", "text", "--http2"}), "POST 4 text");  // it asks for an upgrade, and gets none
  EXPECT_EQ(co_await ask({"-T", folder / "large", "--limit-rate", "8M"}), "PUT 3000000 true");
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, are_not_sent_whole_if_the_server_refuses_them_first) {
  HOCKET_NEEDS("curl");
  const temporary_directory folder;
  write_file(folder / "large", pattern(16 << 20));
  running_server server([](http::request& asked) -> coro<http::reply> {
    if (asked.has_body()) throw http::http_error(413);
    co_return http::reply{};
  });
  const auto told = co_await curl({"-T", folder / "large", "-H", "Expect: 100-continue", "-o", folder / "answer", "-w",
                                   "%{http_code} %{size_upload}", server.url()});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_EQ(told.out, "413 0");
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, bring_forms) {
  HOCKET_NEEDS("curl");
  const temporary_directory folder;
  write_file(folder / "text.txt", pattern(10));
  write_file(folder / "large.bin", pattern(2'000'000));
  running_server server(tell_form);
  const auto coded = co_await curl({"-d", "a=1", "--data-urlencode", "b=c&d=\u00e4+ ", "-d", "e", server.url()});
  EXPECT_EQ(coded.out, "a=1\nb=c&d=\u00e4+ \ne=\n") << coded.err;
  const auto parts = co_await curl({"-F", "a=1", "-F", "b=two\r\nlines", "-F", "f=@" + folder / "text.txt", "-F",
                                    "g=@" + folder / "large.bin" + ";type=image/x;filename=\"\u00e4 \\\"b\\\".bin\"",
                                    "-F", "h=<" + folder / "text.txt" + ";type=text/plain", server.url()});
  EXPECT_EQ(parts.out, "a=1\nb=two\r\nlines\nh=" + pattern(10) +
                           "\nf: text.txt text/plain true\ng: \u00e4 \"b\".bin image/x true\n")
      << parts.err;
  const auto in_chunks = co_await curl({"-F", "f=@-", server.url()}, pattern(100'000));
  EXPECT_EQ(in_chunks.out, "f: - application/octet-stream true\n") << in_chunks.err;
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, are_known_again_by_their_cookie) {
  HOCKET_NEEDS("curl");
  const temporary_directory folder;
  http::router routes;
  routes.use(http::cookie_sessions({"a key of at least thirty-two bytes."},
                                   {.secure = false, .wall_clock = hocket::system_wall_clock}));
  routes.get("/", [](http::request& asked) -> coro<http::reply> {
    auto& session = *asked.get<http::cookie_session>();
    session.set("visits", std::string(session.get("visits").value_or("")) + "|");
    co_return http::reply::text(std::string(*session.get("visits")) + "\n");
  });
  running_server server(std::move(routes));
  const std::string jar = folder / "jar";
  const auto told = co_await curl({"-b", jar, "-c", jar, server.url(), server.url()});
  EXPECT_EQ(told.out, "|\n||\n") << told.err;
  EXPECT_EQ((co_await curl({"-b", jar, server.url()})).out, "|||\n");
  EXPECT_EQ((co_await curl({"-b", "session=forged", server.url()})).out, "|\n");
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, need_the_password) {
  HOCKET_NEEDS("curl");
  http::router routes;
  routes.use(http::require_basic_auth("here", std::map<std::string, std::string>{{"user", "s\u00e4cret:"}}));
  routes.get("/", [](http::request&) -> coro<http::reply> { co_return http::reply::text("in"); });
  running_server server(std::move(routes));
  const auto ask = [&](std::vector<std::string> arguments) -> coro<std::string> {
    arguments.insert(arguments.end(), {"-w", " %{http_code}", server.url()});
    co_return (co_await curl(std::move(arguments))).out;
  };
  EXPECT_EQ(co_await ask({"-u", "user:s\u00e4cret:"}), "in 200");
  EXPECT_EQ(co_await ask({"-u", "user:s\u00e4cret:", "--anyauth"}), "in 200");
  EXPECT_TRUE((co_await ask({"-u", "user:secret"})).ends_with(" 401"));
  EXPECT_TRUE((co_await ask({})).ends_with(" 401"));
  EXPECT_TRUE((co_await ask({"-u", "user:s\u00e4cret:", "--digest"})).ends_with(" 401"));  // which is not offered
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, come_behind_the_proxy_protocol) {
  HOCKET_NEEDS("curl");
  http::server_options options;
  options.proxy_protocol = http::proxy_protocol_options{.trusted = {*http::ip_network::parse("127.0.0.0/8")}};
  running_server server(
      [](http::request& asked) -> coro<http::reply> { co_return http::reply::text(asked.peer().to_string()); },
      std::move(options));
  const auto told = co_await curl({"--haproxy-protocol", "-w", " %{local_ip}:%{local_port}", server.url()});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_EQ(told.out.substr(0, told.out.find(' ')), told.out.substr(told.out.find(' ') + 1));
  EXPECT_NE((co_await curl({server.url()})).status, 0);
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, come_by_a_unix_socket) {
  HOCKET_NEEDS("curl");
  const temporary_directory folder;
  http::server server(tell);
  auto listener = hocket::unix_listener::listen(hocket::socket_address::unix_path(folder / "socket"));
  auto serving = create_task([](http::server& with, hocket::unix_listener& from) -> coro<void> {
    co_await with.serve_connection(hocket::byte_stream(co_await from.accept()));
  }(server, listener));
  const auto told = co_await curl({"--unix-socket", folder / "socket", "-d", "x", "http://anywhere/"});
  EXPECT_EQ(told.out, "POST 1 x") << told.err;
  co_await serving;
}

HOCKET_PEER_TEST(curl_requests, that_curl_gives_up_are_given_up) {
  HOCKET_NEEDS("curl");
  std::optional<bool> cancelled;
  running_server server(
      [&cancelled](http::request& asked) -> coro<http::reply> {
        static_cast<void>(co_await asked.read());
        try {
          co_await hocket::sleep(60s);
          cancelled = false;
        } catch (const hocket::cancelled&) {
          cancelled = true;
          throw;
        }
        co_return http::reply{};
      },
      {.cancel_on_disconnect = true});
  for (const char* method : {"GET", "POST"}) {
    cancelled.reset();
    const auto told = co_await curl({"--max-time", "0.2", "-X", method, "-d", "x", server.url()});
    EXPECT_EQ(told.status, 28) << told.err;
    while (server.server.connections() > 0) co_await hocket::sleep(1ms);
    EXPECT_EQ(cancelled, true) << method;
  }
  co_await server.stop();
}

HOCKET_PEER_TEST(curl_requests, are_answered_in_every_coding_that_curl_knows) {
  HOCKET_NEEDS("curl");
  const std::string text = hocket::testing::pattern_of_lines(300'000);
  http::router routes;
  routes.use(http::compression());
  routes.get("/whole", [&](http::request&) -> coro<http::reply> { co_return http::reply::text(text); });
  routes.get("/pieces", [&](http::request&) -> coro<http::reply> {
    co_return http::reply::stream("text/plain", [&text](http::body_writer& out) -> coro<void> {
      for (std::size_t at = 0; at < text.size(); at += 1000)
        co_await out.write(std::string_view(text).substr(at, 1000));
    });
  });
  running_server server(std::move(routes));
  for (const char* path : {"/whole", "/pieces"}) {
    for (const char* coding : {"gzip", "br", "zstd", "deflate, gzip;q=0.5, *;q=0"}) {
      const auto told = co_await curl({"--compressed", "-H", fmt::format("Accept-Encoding: {}", coding), "-w",
                                       "\n%header{content-encoding} %{size_download}", server.url(path)});
      const std::string_view all = told.out;
      EXPECT_TRUE(all.starts_with(text)) << path << coding << told.err;
      const std::string_view how = all.substr(std::min(all.size(), text.size() + 1));
      EXPECT_TRUE(how.starts_with(std::string_view(coding).substr(0, 2)) || how.starts_with("gzip")) << how;
      EXPECT_LT(std::stoul(std::string(how.substr(how.find(' ') + 1))), text.size()) << how;
    }
    const auto plain = co_await curl({server.url(path)});
    EXPECT_TRUE(plain.out == text) << path;
  }
  co_await server.stop();
}

}  // namespace
