#include <string>

#include <http/secure_servers.hpp>
#include <http/server/answers.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::ip_network;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::http::trusted_proxies;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

const std::string get = request_of("GET", "/");
const std::string greeting = "PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\n";

/// A header of version 2, of 192.0.2.1:12345, with extensions behind the addresses.
std::string binary_greeting(const std::string& extensions = {}, char command = 0x21) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes += command;
  bytes += '\x11';
  bytes += '\0';
  bytes += static_cast<char>(12 + extensions.size());
  return bytes + std::string("\xc0\x00\x02\x01\xc6\x33\x64\x01\x30\x39\x01\xbb", 12) + extensions;
}

/// Tells who made the request: "scheme host peer".
coro<reply> tell_origin(request& asked) {
  co_return reply::text(fmt::format("{} {} {}", asked.scheme(), asked.host(), asked.peer().host()));
}

std::vector<ip_network> only(const char* network) { return {*ip_network::parse(network)}; }

server_options greeted(const char* network = "127.0.0.0/8") { return {.proxy_protocol = {{.trusted = only(network)}}}; }

HOCKET_TEST(proxy_protocol, tells_the_server_who_is_connected) {
  running_server server(tell_origin, greeted());
  for (const std::string& begins : {greeting, binary_greeting()}) {
    const std::string answer = co_await answer_to(server.address(), begins + get + get);
    EXPECT_EQ(statuses(answer), "200 200");
    EXPECT_TRUE(answer.ends_with("\r\n\r\nhttp x 192.0.2.1"));
  }
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, a_proxy_that_speaks_for_itself_is_the_peer) {
  running_server server(tell_origin, greeted());
  EXPECT_EQ(body_of(co_await answer_to(server.address(), "PROXY UNKNOWN\r\n" + get)), "http x 127.0.0.1");
  EXPECT_EQ(body_of(co_await answer_to(server.address(), binary_greeting("", 0x20) + get)), "http x 127.0.0.1");
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, tells_that_the_client_speaks_tls_with_the_proxy) {
  running_server server(tell_origin, greeted());
  const std::string spoken("\x20\x00\x05\x01\x00\x00\x00\x00", 8), unspoken("\x20\x00\x05\x00\x00\x00\x00\x00", 8);
  EXPECT_EQ(body_of(co_await answer_to(server.address(), binary_greeting(spoken) + get)), "https x 192.0.2.1");
  EXPECT_EQ(body_of(co_await answer_to(server.address(), binary_greeting(unspoken) + get)), "http x 192.0.2.1");
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, comes_out_the_same_however_it_is_cut) {
  running_server server(tell_origin, greeted());
  for (const std::string& begins : {greeting, binary_greeting()})
    for (std::size_t cut = 1; cut <= begins.size() + 3; ++cut) {
      auto client = co_await hocket::tcp_socket::connect(server.address());
      co_await client.send_all((begins + get).substr(0, cut));
      co_await hocket::testing::wait_all_tasks_blocked();
      co_await client.send_all((begins + get).substr(cut));
      client.shutdown_send();
      EXPECT_EQ(body_of(co_await hocket::testing::receive_to_end(client)), "http x 192.0.2.1") << cut;
    }
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, who_is_not_trusted_may_not_speak_it) {
  running_server server(tell_origin, greeted("10.0.0.0/8"));
  EXPECT_EQ(body_of(co_await answer_to(server.address(), get)), "http x 127.0.0.1");
  EXPECT_EQ(statuses(co_await answer_to(server.address(), greeting + get)), "501");  // a method that nobody knows
  EXPECT_EQ(statuses(co_await answer_to(server.address(), binary_greeting() + get)), "400");
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, who_is_trusted_must_speak_it) {
  std::string reported;
  server_options options = greeted();
  options.on_error = [&](const std::string& problem) { reported = problem; };
  running_server server(tell_origin, std::move(options));
  for (const std::string& sent : {get, std::string("PROXY TCP4 1.2.3.4\r\n") + get, greeting.substr(0, 20),
                                  std::string(5000, 'P'), binary_greeting("", 0x31) + get}) {
    reported.clear();
    EXPECT_EQ(co_await answer_to(server.address(), sent), "");
    EXPECT_TRUE(reported.starts_with("the proxy 127.0.0.1:")) << reported;
  }
  reported.clear();
  EXPECT_EQ(co_await answer_to(server.address(), ""), "");  // only looks whether somebody listens
  EXPECT_EQ(reported, "");
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, waits_for_it_a_limited_time) {
  running_server server(tell_origin, greeted());
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all("PROXY ");
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await hocket::testing::receive_to_end(client), "");
  EXPECT_EQ(hocket::loop::running().time() - begun, 5s);
  co_await server.stop();
}

HOCKET_TEST(proxy_protocol, a_server_that_stops_does_not_wait_for_it) {
  running_server server(tell_origin, greeted());
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all("PROXY ");
  co_await hocket::testing::wait_all_tasks_blocked();
  const auto begun = hocket::loop::running().time();
  co_await server.stop();
  EXPECT_EQ(hocket::loop::running().time(), begun);
}

HOCKET_TEST(proxy_protocol, comes_before_tls) {
  server_options options = greeted();
  options.tls = hocket::testing::server_here();
  running_server server(tell_origin, std::move(options));
  for (const bool at_once : {false, true}) {
    auto socket = co_await hocket::tcp_socket::connect(server.address());
    if (!at_once) co_await socket.send_all(greeting);
    hocket::byte_stream plain(std::move(socket));
    if (at_once) co_await plain.send_all(greeting.substr(0, 10));
    if (at_once) co_await plain.send_all(greeting.substr(10));
    hocket::start_tls_options how{.server_hostname = "localhost"};
    auto stream = co_await hocket::start_tls(std::move(plain), hocket::testing::client_here(), std::move(how));
    co_await stream.send_all(get);
    co_await stream.shutdown_send();
    EXPECT_EQ(body_of(co_await hocket::testing::receive_to_end(stream)), "https x 192.0.2.1");
    co_await stream.close();
  }
  co_await server.stop();
}

// ---- fields

server_options behind(const char* network, hocket::http::forwarded_fields fields) {
  return {.proxies = trusted_proxies(only(network), fields)};
}

HOCKET_TEST(proxies, say_who_made_a_request) {
  running_server server(tell_origin, behind("127.0.0.1", hocket::http::forwarded_fields::x_forwarded));
  const auto ask = [&](std::string fields) -> coro<std::string> {
    co_return std::string(body_of(co_await answer_to(server.address(), request_of("GET", "/", fields))));
  };
  EXPECT_EQ(co_await ask("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n"),
            "https example.org 192.0.2.1");
  EXPECT_EQ(co_await ask("X-Forwarded-For: 10.9.9.9, 192.0.2.1\r\n"), "http x 192.0.2.1");
  EXPECT_EQ(co_await ask("Forwarded: for=192.0.2.1\r\n"), "http x 127.0.0.1");
  EXPECT_EQ(co_await ask(""), "http x 127.0.0.1");
  co_await server.stop();
}

HOCKET_TEST(proxies, say_it_of_each_request_anew) {
  running_server server(tell_origin, behind("127.0.0.1", hocket::http::forwarded_fields::forwarded));
  const std::string answers =
      co_await answer_to(server.address(), request_of("GET", "/", "Forwarded: for=192.0.2.1;proto=https;host=a\r\n") +
                                               get + request_of("GET", "/", "Forwarded: for=192.0.2.2\r\n"));
  EXPECT_TRUE(answers.contains("https a 192.0.2.1HTTP")) << answers;
  EXPECT_TRUE(answers.contains("http x 127.0.0.1HTTP")) << answers;
  EXPECT_TRUE(answers.ends_with("http x 192.0.2.2")) << answers;
  co_await server.stop();
}

HOCKET_TEST(proxies, who_is_not_trusted_is_not_believed) {
  running_server server(tell_origin, behind("10.0.0.0/8", hocket::http::forwarded_fields::x_forwarded));
  const std::string fields = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n";
  EXPECT_EQ(body_of(co_await answer_to(server.address(), request_of("GET", "/", fields))), "http x 127.0.0.1");
  co_await server.stop();
}

HOCKET_TEST(proxies, whose_account_is_malformed_are_refused) {
  running_server server(tell_origin, behind("127.0.0.1", hocket::http::forwarded_fields::forwarded));
  EXPECT_EQ(statuses(co_await answer_to(server.address(), request_of("GET", "/", "Forwarded: for=\"\r\n") + get)),
            "400");
  co_await server.stop();
}

HOCKET_TEST(proxies, of_bytes_and_of_requests_may_stand_in_a_row) {
  server_options options = greeted();
  options.proxies = trusted_proxies(only("192.0.2.1"));
  running_server server(tell_origin, std::move(options));
  const std::string asking = greeting + request_of("GET", "/", "X-Forwarded-For: 203.0.113.7\r\n");
  EXPECT_EQ(body_of(co_await answer_to(server.address(), asking)), "http x 203.0.113.7");
  co_await server.stop();
}

HOCKET_TEST(proxies, are_the_peer_where_the_server_itself_refuses) {
  std::vector<std::string> peers;
  running_server server(tell_origin, {.proxies = trusted_proxies(only("127.0.0.0/8")),
                                      .on_answered = [&](const request& asked, const hocket::http::answered&) {
                                        peers.push_back(asked.peer().host());
                                      }});
  const std::string bytes = request_of("GET", "/", "X-Forwarded-For: 192.0.2.1\r\n") + "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(statuses(co_await answer_to(server.address(), bytes)), "200 400");
  EXPECT_EQ(peers, (std::vector<std::string>{"192.0.2.1", "127.0.0.1"}));
  co_await server.stop();
}

}  // namespace
