// Stands in front of another web server: passes requests on to it while they come, and its answers back, likewise. Neither side is
// read faster than the other one takes, so that bodies of any size go through a few buffers.
// Run: reverse_proxy http://HOST:PORT [--port P] [--timeout SECONDS]
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

/// The fields that the next one is to see: not those for this connection alone. Source: RFC 9110, 7.6.1.
http::headers end_to_end(const http::headers& fields) {
  http::headers kept;
  for (const auto& [name, value] : fields)
    if (!fields.contains_token("Connection", name)) kept.add(name, value);
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
                           "TE", "Trailer", "Transfer-Encoding", "Upgrade"})
    kept.remove(name);
  return kept;
}

/// Says for whom we ask. What the client says of that itself could be a lie; who else passed it on may be true. Source: RFC 9110, 7.6.3.
void add_origin(http::headers& fields, const http::request& asked) {
  const std::string client = asked.peer().host();
  const bool is_v6 = client.contains(':');
  fields.add("Via", "1.1 reverse_proxy");
  fields.set("X-Forwarded-For", client);
  fields.set("X-Forwarded-Proto", asked.scheme());
  fields.set("X-Forwarded-Host", asked.host());
  fields.set("Forwarded", fmt::format("for={};proto={};host={}", is_v6 ? fmt::format("\"[{}]\"", client) : client,
                                      asked.scheme(), http::quoted_string(asked.host())));
}

/// In one line.
http::reply failure(int status, const http::request& asked, std::string_view reason) {
  fmt::print(stderr, "reverse_proxy: {} {}: {}\n", asked.method(), asked.path(), reason);
  return http::reply::text(fmt::format("the server behind this one: {}\n", reason), status);
}

hocket::coro<http::reply> pass_on(http::request& asked, http::session& upstream, const hocket::url& base) {
  if (!asked.target().starts_with('/')) throw http::http_error(501, "this takes paths");
  // Not resolved against the base: "//elsewhere/" would lead there.
  auto target = hocket::url::parse(fmt::format("{}{}", base.origin(), asked.target()));
  if (!target) throw http::http_error(400, "the target is no URL");
  http::request_options options{.fields = end_to_end(asked.headers()), .max_redirects = 0};
  for (const char* name : {"Host", "Content-Length", "Expect"}) options.fields.remove(name);
  options.expect_continue = asked.headers().contains_token("Expect", "100-continue");  // the server behind decides
  if (asked.has_body()) options.body = http::body::relay(asked, asked.content_length());
  add_origin(options.fields, asked);
  try {
    auto answer = co_await upstream.request(std::string(asked.method()), std::move(*target), std::move(options));
    http::reply given{.status = answer.status(), .headers = end_to_end(answer.headers())};
    if (asked.method() == "HEAD" || given.status == 204 || given.status == 304) {
      co_await answer.drain();  // nothing: but then the connection is free for others
    } else {
      const auto length = answer.content_length();
      given.body = http::body::relay(std::move(answer), length);
    }
    co_return given;
  } catch (const http::http_error&) {
    throw;  // of the request's body: the client's fault
  } catch (const hocket::timeout_error& late) {
    co_return failure(504, asked, late.what());
  } catch (const std::exception& failed) {
    co_return failure(502, asked, failed.what());
  }
}

struct arguments {
  std::string upstream;
  std::uint16_t port = 8080;
  double timeout_seconds = 60;
};

hocket::coro<void> serve(const arguments& given) {
  const hocket::url base = hocket::url::parse(given.upstream).value();
  const auto silence =
      std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(given.timeout_seconds));
  http::session upstream({.limit = 1000,
                          .limit_per_host = 1000,
                          .timeouts = {.total = hocket::duration::max(), .sock_connect = silence, .sock_read = silence},
                          .decode = false});  // bodies go through as they are
  http::server server(
      [&](http::request& asked) -> hocket::coro<http::reply> { co_return co_await pass_on(asked, upstream, base); },
      {.cancel_on_disconnect = true, .name = "", .on_error = [](const std::string& problem) {
         fmt::print(stderr, "reverse_proxy: {}\n", problem);
       }});
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", given.port));
  fmt::print("serving {} at http://{}/\n", base.origin(), listener.local_address().to_string());
  co_await server.serve(listener);
}

std::string web_server(const std::string& text) {
  const auto parsed = hocket::url::parse(text);
  const bool is_web = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https");
  return is_web ? "" : fmt::format("'{}' is not http://HOST:PORT", text);
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Passes requests on to another web server.", "reverse_proxy");
  options.add_option("UPSTREAM", given.upstream, "the server behind: http://HOST:PORT")->required()->check(web_server);
  options.add_option("--port", given.port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--timeout", given.timeout_seconds, "how many seconds the server behind may be silent")
      ->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(given));
}
