#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/client/granting_proxy.hpp>
#include <http/h2_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::proxy;
using hocket::http::session;
using hocket::testing::answering_messages;
using hocket::testing::answering_securely;
using hocket::testing::ask;
using hocket::testing::client_here;
using hocket::testing::failure_of;
using hocket::testing::grant;
using hocket::testing::granting;
using hocket::testing::over_tls;
using hocket::testing::port_in;
using hocket::testing::request_reader;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::secure_url;
using hocket::testing::seen_request;
using hocket::testing::tunnel;

namespace {

proxy proxy_at(std::uint16_t port, std::string_view scheme = "http", std::string_view credentials = "") {
  return proxy::parse(fmt::format("{}://{}127.0.0.1:{}", scheme, credentials, port));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

HOCKET_TEST(proxied_session, asks_an_http_proxy_for_the_whole_url) {
  seen_request seen;
  scripted_server via(answering_messages([&](const seen_request& asked) {
    seen = asked;
    return response_text(200, "through");
  }));
  session web({.proxies = proxy_at(via.port(), "http", "user:pass@")});
  EXPECT_EQ(co_await ask(web, "GET", "http://nowhere.invalid:81/a?b#c"), "through");
  EXPECT_EQ(seen.target, "http://nowhere.invalid:81/a?b");
  EXPECT_EQ(seen.fields.get("Host"), "nowhere.invalid:81");
  EXPECT_EQ(seen.fields.get("Proxy-Authorization"), "Basic dXNlcjpwYXNz");
}

HOCKET_TEST(proxied_session, keeps_connections_to_a_proxy_and_those_to_the_origin_apart) {
  scripted_server via(answering_messages([](const seen_request&) { return response_text(200, "proxy"); }));
  scripted_server origin(answering_messages([](const seen_request&) { return response_text(200, "origin"); }));
  session web;
  for (int n = 0; n < 2; ++n) {
    EXPECT_EQ(co_await ask(web, "GET", origin.url()), "origin");
    EXPECT_EQ(co_await ask(web, "GET", origin.url(), {.proxies = proxy_at(via.port())}), "proxy");
    EXPECT_EQ(co_await ask(web, "GET", origin.url(), {.proxies = proxy_at(via.port(), "http", "a:b@")}), "proxy");
  }
  EXPECT_EQ(origin.connections(), 1U);
  EXPECT_EQ(via.connections(), 2U) << "one a user";
}

HOCKET_TEST(proxied_session, speaks_http_2_to_the_server_behind_a_tunnel) {
  std::vector<seen_request> seen;
  scripted_server via(granting(seen));
  const auto answer = [](byte_stream& stream, std::size_t) -> coro<void> {
    auto peer = co_await hocket::testing::h2_server::greet(std::move(stream));
    co_await hocket::testing::answer_all(peer);
  };
  scripted_server origin(over_tls(answer, hocket::testing::server_here({.alpn_protocols = {"h2"}})));
  session web({.tls = client_here(), .proxies = proxy_at(via.port())});
  for (const char* path : {"/a", "/b"}) EXPECT_EQ(co_await ask(web, "GET", secure_url(origin, path)), path);
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().method, "CONNECT");
}

HOCKET_TEST(proxied_session, asks_a_proxy_to_lead_to_servers_of_https) {
  std::vector<seen_request> seen;
  scripted_server via(granting(seen));
  std::string request;
  scripted_server server(over_tls(answering_securely([&](const std::string& asked) {
    request = asked;
    return response_text(200, "secret");
  })));
  session web({.tls = client_here(), .proxies = proxy_at(via.port(), "http", "user:pass@")});
  for (int n = 0; n < 2; ++n) EXPECT_EQ(co_await ask(web, "GET", secure_url(server, "/a")), "secret");
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "CONNECT");
  EXPECT_EQ(seen[0].target, fmt::format("localhost:{}", server.port()));
  EXPECT_EQ(seen[0].fields.get("Host"), seen[0].target);
  EXPECT_EQ(seen[0].fields.get("Proxy-Authorization"), "Basic dXNlcjpwYXNz");
  EXPECT_TRUE(request.starts_with("GET /a HTTP/1.1\r\n")) << request;
  EXPECT_EQ(request.find("Proxy-Authorization"), std::string::npos) << "the server is not told";
}

HOCKET_TEST(proxied_session, a_proxy_that_refuses_to_lead_is_told_by_its_status) {
  scripted_server via(answering_messages([](const seen_request&) { return response_text(407, "who are you"); }));
  session web({.tls = client_here(), .proxies = proxy_at(via.port())});
  EXPECT_EQ(co_await failure_of(ask(web, "GET", "https://nowhere.invalid/")),
            fmt::format("http::proxy_error: the proxy http://127.0.0.1:{} refuses: 407 Proxy Authentication Required",
                        via.port()));
}

HOCKET_TEST(proxied_session, a_proxy_that_closes_or_speaks_too_early_is_an_error) {
  for (const char* answer : {"", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    scripted_server via([answer](tcp_socket& peer, std::size_t) -> coro<void> {
      request_reader requests(peer);
      static_cast<void>(co_await requests.head());
      co_await peer.send_all(answer);
    });
    session web({.tls = client_here(), .proxies = proxy_at(via.port())});
    const std::string failure = co_await failure_of(ask(web, "GET", "https://nowhere.invalid/"));
    EXPECT_TRUE(failure.starts_with("http::proxy_error: ")) << failure;
  }
}

HOCKET_TEST(proxied_session, a_proxy_that_says_nothing_is_given_up) {
  scripted_server via([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); });
  session web({.timeouts = {.sock_connect = 5s}, .tls = client_here(), .proxies = proxy_at(via.port())});
  const auto begin = hocket::loop::running().time();
  const std::string failure = co_await failure_of(ask(web, "GET", "https://nowhere.invalid/"));
  EXPECT_EQ(failure, "timeout_error: no connection in time by the proxy " + proxy_at(via.port()).name());
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(proxied_session, speaks_tls_with_a_proxy_of_https) {
  std::vector<seen_request> seen;
  scripted_server via(over_tls([&seen](byte_stream& peer, std::size_t) -> coro<void> { co_await grant(peer, seen); }));
  scripted_server server(
      over_tls(answering_securely([](const std::string&) { return response_text(200, "twice secret"); })));
  const hocket::security tls = client_here();
  session web({.tls = tls, .proxy_tls = tls, .proxies = proxy_at(via.port(), "https")});
  EXPECT_EQ(co_await ask(web, "GET", secure_url(server)), "twice secret");
  EXPECT_EQ(seen.size(), 1U);
}

HOCKET_TEST(proxied_session, a_proxy_that_is_not_trusted_is_named) {
  scripted_server via(over_tls([](byte_stream&, std::size_t) -> coro<void> { co_return; }));
  session web({.proxies = proxy_at(via.port(), "https")});
  const std::string told = co_await failure_of(ask(web, "GET", "http://nowhere.invalid/"));
  EXPECT_TRUE(has(told, "cannot connect to the proxy https://127.0.0.1:" + std::to_string(via.port()) + ": ")) << told;
  EXPECT_TRUE(has(told, "certificate")) << told;
}

HOCKET_TEST(proxied_session, a_proxy_that_begins_no_tls_in_time_is_named) {
  scripted_server via([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); });
  session web({.timeouts = {.sock_connect = 5s}, .proxies = proxy_at(via.port(), "https")});
  EXPECT_EQ(co_await failure_of(ask(web, "GET", "http://nowhere.invalid/")),
            "timeout_error: no connection in time by the proxy " + proxy_at(via.port(), "https").name());
}

// ---- Digest

constexpr const char* proxy_challenge =
    "Proxy-Authenticate: Basic realm=\"r\", Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n";

std::string shown_to_proxy(const seen_request& asked) {
  return std::string(asked.fields.get("Proxy-Authorization").value_or("none"));
}

HOCKET_TEST(proxied_session, answers_a_proxy_that_asks_for_digest_and_then_shows_it_at_once) {
  std::vector<std::string> shown;
  scripted_server via(answering_messages([&](const seen_request& asked) {
    shown.push_back(shown_to_proxy(asked));
    if (shown.back().starts_with("Digest ")) return response_text(200, "through " + asked.body);
    return response_text(407, "who are you", proxy_challenge);
  }));
  session web({.proxies = proxy_at(via.port(), "http", "user:pass@").with_digest()});
  EXPECT_EQ(co_await ask(web, "POST", "http://nowhere.invalid/a?b", {.body = "all"}), "through all");
  EXPECT_EQ(co_await ask(web, "GET", "http://elsewhere.invalid/"), "through ");
  EXPECT_EQ(shown.size(), 3U);
  EXPECT_EQ(shown[0], "none") << "no password in the clear";
  EXPECT_TRUE(has(shown[1], "uri=\"http://nowhere.invalid/a?b\"") && has(shown[1], "nc=00000001")) << shown[1];
  EXPECT_TRUE(has(shown[2], "uri=\"http://elsewhere.invalid/\"") && has(shown[2], "nc=00000002")) << shown[2];
}

HOCKET_TEST(proxied_session, goes_on_from_basic_to_digest_where_a_proxy_wants_that) {
  std::vector<std::string> shown;
  scripted_server via(answering_messages([&](const seen_request& asked) {
    shown.push_back(shown_to_proxy(asked));
    return shown.back().starts_with("Digest ") ? response_text(200, "through")
                                               : response_text(407, "who are you", proxy_challenge);
  }));
  session web({.proxies = proxy_at(via.port(), "http", "user:pass@")});
  EXPECT_EQ(co_await ask(web, "GET", "http://nowhere.invalid/"), "through");
  EXPECT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0], "Basic dXNlcjpwYXNz");
}

HOCKET_TEST(proxied_session, answers_a_proxy_that_asks_many_requests_at_once_for_digest) {
  scripted_server via(answering_messages([](const seen_request& asked) {
    return shown_to_proxy(asked).starts_with("Digest ") ? response_text(200, "through")
                                                        : response_text(407, "who are you", proxy_challenge);
  }));
  session web({.proxies = proxy_at(via.port(), "http", "user:pass@")});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 8; ++n) all.push_back(hocket::create_task(ask(web, "GET", "http://nowhere.invalid/")));
  for (auto& each : all) EXPECT_EQ(co_await each, "through");
}

HOCKET_TEST(proxied_session, answers_a_proxy_that_asks_for_digest_before_it_leads_many_at_once) {
  scripted_server via([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    const seen_request asked = co_await requests.head();
    if (!shown_to_proxy(asked).starts_with("Digest "))
      co_return co_await peer.send_all(response_text(407, "who are you", proxy_challenge));
    co_await peer.send_all(response_text(503, "let in, and no further"));
  });
  session web({.tls = client_here(), .proxies = proxy_at(via.port(), "http", "user:pass@")});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 8; ++n)
    all.push_back(hocket::create_task(failure_of(ask(web, "GET", fmt::format("https://nowhere{}.invalid/", n)))));
  for (auto& each : all)
    EXPECT_EQ(co_await each, fmt::format("http::proxy_error: the proxy http://127.0.0.1:{} refuses: 503 Service "
                                         "Unavailable",
                                         via.port()));
}

hocket::async_generator<std::string> one_piece() { co_yield std::string("x"); }

HOCKET_TEST(proxied_session, a_refusal_of_digest_by_a_proxy_is_the_response) {
  int asked = 0;
  scripted_server via(answering_messages([&](const seen_request&) {
    ++asked;
    return response_text(407, "who are you", proxy_challenge);
  }));
  session web({.proxies = proxy_at(via.port(), "http", "user:wrong@")});
  EXPECT_EQ((co_await web.get("http://nowhere.invalid/")).status(), 407);
  EXPECT_EQ(asked, 2);
  asked = 0;
  EXPECT_EQ((co_await web.post("http://nowhere.invalid/", {.body = body::pieces(one_piece())})).status(), 407);
  EXPECT_EQ(asked, 1) << "what cannot be sent again is not";
}

HOCKET_TEST(proxied_session, without_credentials_does_not_answer_a_proxy) {
  int asked = 0;
  scripted_server via(answering_messages([&](const seen_request&) {
    ++asked;
    return response_text(407, "who are you", proxy_challenge);
  }));
  session web({.proxies = proxy_at(via.port())});
  EXPECT_EQ((co_await web.get("http://nowhere.invalid/")).status(), 407);
  EXPECT_EQ(asked, 1);
}

HOCKET_TEST(proxied_session, shows_a_digest_when_it_asks_to_be_led) {
  std::vector<seen_request> seen;
  scripted_server via([&seen](tcp_socket& peer, std::size_t) -> coro<void> {
    byte_stream stream(std::move(peer));
    std::uint16_t port = 0;
    {
      request_reader requests(stream);
      seen.push_back(co_await requests.head());
      if (!seen.back().complete) co_return;
      port = port_in(seen.back().target);
    }
    if (!shown_to_proxy(seen.back()).starts_with("Digest "))
      co_return co_await stream.send_all(response_text(407, "who are you", proxy_challenge));
    co_await stream.send_all("HTTP/1.1 200 Go ahead\r\n\r\n");
    co_await tunnel(stream, port);
  });
  scripted_server server(over_tls(
      answering_securely([](const std::string&) { return response_text(200, "secret", "Connection: close\r\n"); })));
  session web({.tls = client_here(), .proxies = proxy_at(via.port(), "http", "user:pass@").with_digest()});
  for (int n = 0; n < 2; ++n) EXPECT_EQ(co_await ask(web, "GET", secure_url(server, "/a")), "secret");
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(shown_to_proxy(seen[0]), "none");
  const std::string authority = fmt::format("localhost:{}", server.port());
  EXPECT_TRUE(has(shown_to_proxy(seen[1]), fmt::format("uri=\"{}\"", authority))) << shown_to_proxy(seen[1]);
  EXPECT_TRUE(has(shown_to_proxy(seen[2]), "nc=00000002")) << shown_to_proxy(seen[2]);
}

HOCKET_TEST(proxied_session, a_proxy_that_refuses_a_digest_to_be_led_is_an_error) {
  scripted_server via(
      answering_messages([](const seen_request&) { return response_text(407, "who are you", proxy_challenge); }));
  session web({.tls = client_here(), .proxies = proxy_at(via.port(), "http", "user:wrong@")});
  EXPECT_EQ(co_await failure_of(ask(web, "GET", "https://nowhere.invalid/")),
            fmt::format("http::proxy_error: the proxy http://127.0.0.1:{} refuses: 407 Proxy Authentication Required",
                        via.port()));
  EXPECT_EQ(via.connections(), 2U);
}

// ---- SOCKS5

/// What a SOCKS5 proxy of the test does and sees.
struct socks_proxy {
  bool wants_password = false;
  std::string login{};    // as it came
  std::string request{};  // the same
  std::string method_answer{};
  std::string reply{};  // instead of the usual

  coro<std::string> read(tcp_socket& peer, std::size_t size) {
    while (rest.size() < size) {
      const hocket::buffer piece = co_await peer.receive();
      if (!piece) co_return "";
      rest += piece.text();
    }
    std::string taken = rest.substr(0, size);
    rest.erase(0, size);
    co_return taken;
  }

  coro<void> serve(tcp_socket& peer) {
    const std::string hello = co_await read(peer, 2);
    if (hello.empty()) co_return;
    const std::string methods = co_await read(peer, static_cast<unsigned char>(hello.at(1)));
    const char method = wants_password ? '\2' : '\0';
    const bool has_it = methods.find(method) != std::string::npos;
    co_await peer.send_all(!method_answer.empty() ? method_answer : std::string{'\5', has_it ? method : '\xff'});
    if (method == '\2' && has_it) {
      login = co_await read(peer, 2);
      if (login.empty()) co_return;
      login += co_await read(peer, static_cast<unsigned char>(login[1]) + 1U);
      login += co_await read(peer, static_cast<unsigned char>(login.back()));
      co_await peer.send_all(std::string{'\1', login.ends_with("pass") ? '\0' : '\1'});
    }
    request = co_await read(peer, 5);
    if (request.empty()) co_return;  // the client has given up
    const std::size_t host = request[3] == 3 ? static_cast<unsigned char>(request[4]) : request[3] == 1 ? 3U : 15U;
    request += co_await read(peer, host + 2);
    const auto high = static_cast<unsigned char>(request[request.size() - 2]);
    const auto port = static_cast<std::uint16_t>(high << 8 | static_cast<unsigned char>(request.back()));
    // Byte by byte: the answer must be put together.
    const std::string answer = reply.empty() ? std::string("\5\0\0\1\0\0\0\0\0\0", 10) : reply;
    for (const char each : answer) co_await peer.send_all(std::string_view(&each, 1));
    if (!reply.empty()) co_await hocket::sleep(1h);
    byte_stream stream(std::move(peer));
    co_await tunnel(stream, port);
  }

  std::string rest{};  // of what has come
};

/// Shared, for the tasks of a server outlive its test.
scripted_server::script socks(std::shared_ptr<socks_proxy> via) {
  return [via](tcp_socket& peer, std::size_t) -> coro<void> { co_await via->serve(peer); };
}

HOCKET_TEST(proxied_session, lets_a_socks5_proxy_look_names_up) {
  const auto via = std::make_shared<socks_proxy>();
  scripted_server between(socks(via));
  seen_request seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen = asked;
    return response_text(200, "through");
  }));
  session web({.proxies = proxy_at(between.port(), "socks5")});
  EXPECT_EQ(co_await ask(web, "GET", server.url_at("name.invalid", "/a")), "through");
  EXPECT_EQ(seen.target, "/a");
  EXPECT_EQ(via->request.substr(0, 5), std::string("\5\1\0\3\14", 5));
  EXPECT_EQ(via->request.substr(5, 12), "name.invalid");
}

HOCKET_TEST(proxied_session, tells_a_socks5_proxy_addresses_as_such) {
  const auto via = std::make_shared<socks_proxy>();
  scripted_server between(socks(via));
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "through"); }));
  session web({.proxies = proxy_at(between.port(), "socks5")});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "through");
  EXPECT_EQ(via->request.substr(0, 8), std::string("\5\1\0\1\x7f\0\0\1", 8));
  co_await ask(web, "GET", server.url_at("[::1]"));
  EXPECT_EQ(via->request.substr(0, 4), std::string("\5\1\0\4", 4));
  EXPECT_EQ(via->request.size(), 4U + 16U + 2U);
}

HOCKET_TEST(proxied_session, logs_in_at_a_socks5_proxy_that_wants_that) {
  const auto via = std::make_shared<socks_proxy>(socks_proxy{.wants_password = true});
  scripted_server between(socks(via));
  scripted_server server(over_tls(answering_securely([](const std::string&) { return response_text(200, "in"); })));
  session web({.tls = client_here(), .proxies = proxy_at(between.port(), "socks5", "user:pass@")});
  EXPECT_EQ(co_await ask(web, "GET", secure_url(server)), "in");
  EXPECT_EQ(via->login, "\1\4user\4pass");
}

HOCKET_TEST(proxied_session, errors_of_a_socks5_proxy_are_one_line) {
  struct {
    socks_proxy via;
    std::string credentials;
    std::string words;
  } cases[] = {
      {{.wants_password = true}, "", "wants a user and a password"},
      {{.wants_password = true}, "user:wrong@", "does not know that user and password"},
      {{.reply = std::string("\5\5\0\1\0\0\0\0\0\0", 10)}, "", "refuses: connection refused"},
      {{.reply = std::string("\5\2\0\1\0\0\0\0\0\0", 10)}, "", "refuses: not allowed by its rules"},
      {{.reply = std::string("\5\xee\0\1\0\0\0\0\0\0", 10)}, "", "refuses: unknown failure"},
      {{.reply = "HTTP/1.1 400 Bad Request\r\n\r\n"}, "", "does not speak SOCKS5"},
      {{.reply = std::string("\5\0\0\7\0\0\0\0\0\0", 10)}, "", "does not speak SOCKS5"},
      {{.method_answer = "HTTP/1.1 400 Bad Request\r\n\r\n"}, "", "sends what nobody has asked for"},
      {{.method_answer = "\4\1"}, "", "does not speak SOCKS5"},
      {{.method_answer = "\5\2"}, "", "wants a user and a password"},
  };
  for (auto& each : cases) {
    scripted_server between(socks(std::make_shared<socks_proxy>(each.via)));
    session web({.proxies = proxy_at(between.port(), "socks5", each.credentials)});
    EXPECT_EQ(co_await failure_of(ask(web, "GET", "http://name.invalid/")),
              fmt::format("http::proxy_error: the proxy socks5://127.0.0.1:{} {}", between.port(), each.words));
  }
}

HOCKET_TEST(proxied_session, goes_straight_to_hosts_that_are_excepted) {
  scripted_server origin(answering_messages([](const seen_request&) { return response_text(200, "straight"); }));
  hocket::http::proxy_settings settings(proxy_at(1));
  settings.except("127.0.0.0/8");
  session web({.proxies = std::move(settings)});
  EXPECT_EQ(co_await ask(web, "GET", origin.url()), "straight");
}

void cancel_everywhere(coro<void> (*scenario)(), std::size_t least_suspensions) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(scenario, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, least_suspensions);
  }
}

TEST(proxied_session, by_socks5_cancelled_anywhere_leaves_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        const auto via = std::make_shared<socks_proxy>(socks_proxy{.wants_password = true});
        scripted_server between(socks(via));
        scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
        session web({.proxies = proxy_at(between.port(), "socks5", "user:pass@")});
        co_await ask(web, "GET", server.url());
      },
      8);
}

TEST(proxied_session, by_http_cancelled_anywhere_leaves_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server via(
            answering_messages([](const seen_request& asked) { return response_text(200, asked.body); }));
        session web({.proxies = proxy_at(via.port())});
        co_await ask(web, "POST", "http://nowhere.invalid/", {.body = "x"});
        co_await ask(web, "GET", "http://nowhere.invalid/");
      },
      5);
}

TEST(proxied_session, by_connect_cancelled_anywhere_leaves_nothing_behind) {
  cancel_everywhere(
      +[]() -> coro<void> {
        scripted_server via([](tcp_socket& peer, std::size_t) -> coro<void> {
          std::vector<seen_request> seen;  // its own, for it outlives a scenario that is cancelled
          byte_stream stream(std::move(peer));
          co_await grant(stream, seen);
        });
        scripted_server server(over_tls(
            answering_securely([](const std::string&) { return response_text(200, "x", "Connection: close\r\n"); })));
        session web({.tls = client_here(), .proxies = proxy_at(via.port())});
        co_await ask(web, "GET", secure_url(server));
      },
      12);
}

}  // namespace
