#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/tls/tls_error.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::tls_context;
using hocket::tls_layer;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering;
using hocket::testing::answering_securely;
using hocket::testing::client_here;
using hocket::testing::over_tls;
using hocket::testing::read_request;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::secure_url;
using hocket::testing::server_here;
using hocket::testing::target_of;

namespace {

coro<std::string> fetch(session& web, std::string url, hocket::http::request_options options = {}) {
  response answer = co_await web.get(std::string_view(url), std::move(options));
  co_return co_await answer.text();
}

/// What an exchange throws: the kind of the exception and its text.
struct failure {
  std::string kind;
  std::string text;
};

coro<failure> failure_of(coro<std::string> work) {
  const auto outcome = co_await hocket::as_result(std::move(work));
  if (outcome) co_return failure{"none", *outcome};
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::http::downgrade_refused& thrown) {
    co_return failure{"downgrade_refused", thrown.what()};
  } catch (const hocket::http::client_error& thrown) {
    co_return failure{"client_error", thrown.what()};
  } catch (const hocket::http::server_disconnected& thrown) {
    co_return failure{"server_disconnected", thrown.what()};
  } catch (const hocket::timeout_error& thrown) {
    co_return failure{"timeout", thrown.what()};
  } catch (const hocket::protocol_error& thrown) {
    co_return failure{"protocol", thrown.what()};
  } catch (const hocket::tls_error& thrown) {
    co_return failure{"tls", thrown.what()};
  } catch (const std::system_error& thrown) {
    co_return failure{"system", thrown.what()};
  }
}

/// Notes what each connection's sides have agreed upon.
struct agreements {
  std::vector<std::string> server_names;
  std::vector<std::string> protocols;
  int resumed = 0;

  void note(const byte_stream& secured) {
    const auto* layer = secured.find_layer<tls_layer>();
    server_names.push_back(layer->server_name());
    protocols.push_back(layer->alpn_protocol());
    resumed += layer->session_reused() ? 1 : 0;
  }
};

/// Answers one request of each connection and closes it orderly.
hocket::testing::secure_script closing_after_each_answer(agreements& seen) {
  return [&seen](byte_stream& peer, std::size_t) -> coro<void> {
    seen.note(peer);
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, "x", "Connection: close\r\n"));
    co_await peer.close();
  };
}

// ---- requests

HOCKET_TEST(https_session, gets_a_page) {
  scripted_server server(over_tls(answering_securely(
      [](const std::string& request) { return response_text(200, "hello from " + target_of(request)); })));
  session web({.tls = client_here()});
  response answer = co_await web.get(secure_url(server, "/page"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.url().href(), secure_url(server, "/page"));
  EXPECT_EQ(co_await answer.text(), "hello from /page");
}

HOCKET_TEST(https_session, names_the_port_in_the_host_field) {
  std::string seen;
  scripted_server server(over_tls(answering_securely([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "");
  })));
  session web({.tls = client_here()});
  co_await fetch(web, secure_url(server));
  EXPECT_NE(seen.find(fmt::format("Host: localhost:{}\r\n", server.port())), std::string::npos) << seen;
}

HOCKET_TEST(https_session, tells_the_server_its_name_but_no_address) {
  agreements seen;
  scripted_server server(over_tls(closing_after_each_answer(seen)));
  session web({.tls = client_here()});
  co_await fetch(web, secure_url(server));
  co_await fetch(web, fmt::format("https://127.0.0.1:{}/", server.port()));
  EXPECT_EQ(seen.server_names, (std::vector<std::string>{"localhost", ""}));
}

HOCKET_TEST(https_session, uses_a_connection_again) {
  scripted_server server(over_tls(answering_securely([](const std::string&) { return response_text(200, "x"); })));
  session web({.tls = client_here()});
  for (int n = 0; n < 5; ++n) EXPECT_EQ(co_await fetch(web, secure_url(server)), "x");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(https_session, a_connection_of_https_serves_no_request_of_http) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    if (nth == 1) {
      static_cast<void>(co_await read_request(peer));
      co_return co_await peer.send_all(response_text(200, "open"));
    }
    byte_stream secured =
        co_await hocket::start_tls(byte_stream(std::move(peer)), server_here(), {.server_side = true});
    static_cast<void>(co_await read_request(secured));
    co_await secured.send_all(response_text(200, "secret"));
    static_cast<void>(co_await read_request(secured));
  });
  session web({.tls = client_here()});
  EXPECT_EQ(co_await fetch(web, secure_url(server)), "secret");
  EXPECT_EQ(co_await fetch(web, server.url_at("localhost")), "open");
  EXPECT_EQ(server.connections(), 2U);
}

HOCKET_TEST(https_session, resumes_tls_sessions_on_further_connections) {
  agreements seen;
  scripted_server server(over_tls(closing_after_each_answer(seen)));
  session web({.tls = client_here()});
  for (int n = 0; n < 4; ++n) co_await fetch(web, secure_url(server));
  EXPECT_EQ(server.connections(), 4U);
  EXPECT_EQ(seen.resumed, 3);
}

HOCKET_TEST(https_session, offers_http_1_1_by_itself) {
  agreements seen;
  scripted_server server(
      over_tls(closing_after_each_answer(seen), server_here({.alpn_protocols = {"h2", "http/1.1"}})));
  session web({.tls = client_here({.alpn_protocols = {"http/1.1"}})});
  co_await fetch(web, secure_url(server));
  EXPECT_EQ(seen.protocols, (std::vector<std::string>{"http/1.1"}));
}

HOCKET_TEST(https_session, refuses_to_speak_what_it_cannot) {
  const auto listen = [](byte_stream& peer, std::size_t) -> coro<void> { static_cast<void>(co_await peer.receive()); };
  scripted_server server(over_tls(listen, server_here({.alpn_protocols = {"h3"}})));
  session web({.tls = client_here({.alpn_protocols = {"h3"}})});
  const failure refused = co_await failure_of(fetch(web, secure_url(server)));
  EXPECT_EQ(refused.kind, "client_error");
  EXPECT_EQ(refused.text, "the server was offered 'h3' and has taken it; the session speaks h2 and http/1.1");
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(https_session, a_large_body_arrives_whole) {
  const std::string body(20'000'000, 'b');
  scripted_server server(
      over_tls(answering_securely([&body](const std::string&) { return response_text(200, body); })));
  session web({.tls = client_here()});
  EXPECT_TRUE(co_await fetch(web, secure_url(server)) == body);
}

// ---- servers that are not who they should be

HOCKET_TEST(https_session, verifies_by_the_systems_authorities_unless_told_otherwise) {
  scripted_server server(over_tls(answering_securely([](const std::string&) { return response_text(200, "x"); })));
  session web;
  const failure refused = co_await failure_of(fetch(web, secure_url(server)));
  EXPECT_EQ(refused.kind, "tls");
  EXPECT_EQ(refused.text, fmt::format("TLS with localhost (127.0.0.1:{}): self-signed certificate", server.port()));
  EXPECT_EQ(server.connections(), 1U) << "a certificate is no better the second time";
}

HOCKET_TEST(https_session, refuses_a_certificate_for_another_host) {
  const auto other = hocket::make_self_signed_certificate({.hosts = {"elsewhere.example"}});
  scripted_server server(over_tls(answering_securely([](const std::string&) { return response_text(200, "x"); }),
                                  tls_context::server({.identities = {other.identity()}})));
  session web({.tls = tls_context::client({.cadata = other.certificate})});
  const failure refused = co_await failure_of(fetch(web, secure_url(server)));
  EXPECT_EQ(refused.kind, "tls");
  EXPECT_TRUE(refused.text.contains("the certificate is for 'elsewhere.example', not 'localhost'")) << refused.text;
}

HOCKET_TEST(https_session, a_refused_certificate_gets_no_byte_of_the_request) {
  std::string seen;
  scripted_server server(
      over_tls([&seen](byte_stream& peer, std::size_t) -> coro<void> { seen = co_await read_request(peer); }));
  session web;
  co_await failure_of(fetch(web, secure_url(server)));
  co_await hocket::sleep(1s);
  EXPECT_EQ(seen, "");
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(https_session, asks_about_addresses_before_it_shakes_hands) {
  scripted_server server(over_tls(answering_securely([](const std::string&) { return response_text(200, "x"); })));
  session web({.tls = client_here(), .allow_address = [](const hocket::url&, const hocket::socket_address& address) {
                 return address.is_global();
               }});
  EXPECT_EQ((co_await failure_of(fetch(web, secure_url(server)))).kind, "client_error");
  EXPECT_EQ(server.connections(), 0U);
}

HOCKET_TEST(https_session, a_server_that_speaks_plain_http_is_told_by_name) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await peer.receive());
    co_await peer.send_all(response_text(400, "what?"));
  });
  session web({.tls = client_here()});
  const failure refused = co_await failure_of(fetch(web, secure_url(server)));
  EXPECT_EQ(refused.kind, "tls");
  EXPECT_TRUE(refused.text.contains("localhost")) << refused.text;
  EXPECT_TRUE(refused.text.contains("does not speak TLS; it sent 'HTTP/1.1 400 Whatever")) << refused.text;
}

HOCKET_TEST(https_session, gives_up_on_a_handshake_that_does_not_come) {
  scripted_server server([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); });
  session web({.timeouts = {.sock_connect = 5s}, .tls = client_here()});
  const auto begin = hocket::loop::running().time();
  const failure late = co_await failure_of(fetch(web, secure_url(server)));
  EXPECT_EQ(late.kind, "timeout");
  EXPECT_EQ(late.text, "no connection in time");
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(https_session, gives_up_on_a_server_that_says_nothing_after_the_handshake) {
  scripted_server server(over_tls([](byte_stream&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); }));
  session web({.timeouts = {.sock_read = 20s}, .tls = client_here()});
  EXPECT_EQ((co_await failure_of(fetch(web, secure_url(server)))).text, "the server sends nothing");
}

// ---- connections that end

/// Answers the first request of a connection and ends it when the second one has come.
hocket::testing::secure_script ending_upon_the_second_request(bool orderly) {
  return [orderly](byte_stream& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(response_text(200, "x"));
    static_cast<void>(co_await read_request(peer));
    if (orderly) co_await peer.close();
  };
}

HOCKET_TEST(https_session, a_stale_connection_is_replaced_once_whether_or_not_it_said_farewell) {
  for (const bool orderly : {true, false}) {
    scripted_server server(over_tls(ending_upon_the_second_request(orderly)));
    session web({.tls = client_here()});
    EXPECT_EQ(co_await fetch(web, secure_url(server)), "x");
    EXPECT_EQ(co_await fetch(web, secure_url(server)), "x") << (orderly ? "orderly" : "cut off");
    EXPECT_EQ(server.connections(), 2U);
  }
}

HOCKET_TEST(https_session, a_connection_that_the_server_closed_meanwhile_is_replaced_unnoticed) {
  for (const bool orderly : {true, false}) {
    scripted_server server(over_tls([orderly](byte_stream& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await read_request(peer));
      co_await peer.send_all(response_text(200, "x"));
      if (orderly) co_await peer.shutdown_send();
    }));
    session web({.tls = client_here()});
    for (int n = 0; n < 3; ++n) {
      EXPECT_EQ(co_await fetch(web, secure_url(server)), "x");
      co_await hocket::sleep(1s);
    }
    EXPECT_EQ(server.connections(), 3U);
  }
}

HOCKET_TEST(https_session, a_body_without_length_ends_with_tlss_farewell_and_not_without) {
  for (const bool orderly : {true, false}) {
    scripted_server server(over_tls([orderly](byte_stream& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await read_request(peer));
      co_await peer.send_all("HTTP/1.1 200 OK\r\n\r\nall there is");
      if (orderly) co_await peer.close();
    }));
    session web({.tls = client_here()});
    const failure seen = co_await failure_of(fetch(web, secure_url(server)));
    EXPECT_EQ(seen.kind, orderly ? "none" : "server_disconnected") << seen.text;
    if (orderly) {
      EXPECT_EQ(seen.text, "all there is");
    }
  }
}

/// Passes bytes between its client and the server at `target`, and resets or closes both after `most` bytes of the server's.
scripted_server::script cutting_proxy(std::uint16_t target, std::size_t most, bool by_reset) {
  return [=](tcp_socket& client, std::size_t) -> coro<void> {
    auto server = co_await tcp_socket::connect(*hocket::socket_address::parse("127.0.0.1", target));
    const auto pass_requests = [&]() -> coro<void> {
      while (auto bytes = co_await client.receive()) co_await server.send_all(bytes.text());
    };
    const auto pass_answers = [&]() -> coro<void> {
      std::size_t left = most;
      while (left > 0) {
        auto bytes = co_await server.receive();
        if (!bytes) co_return;
        co_await client.send_all(bytes.text().substr(0, left));
        left -= std::min(left, bytes.size());
      }
      if (!by_reset) co_return;
      co_await hocket::sleep(1ms);
      hocket::testing::reset(client);
    };
    auto requests = create_task(pass_requests());
    static_cast<void>(co_await hocket::as_result(pass_answers()));
    requests.cancel();
    static_cast<void>(co_await hocket::as_result(requests));
  };
}

HOCKET_TEST(https_session, bytes_that_end_within_any_record_are_an_error) {
  scripted_server server(over_tls([](byte_stream& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n\r\n" + std::string(3000, 'x'));
    co_await peer.close();
  }));
  int failed = 0;
  int whole = 0;
  for (std::size_t most = 0; most < 7000; most += 97) {
    scripted_server proxy(cutting_proxy(server.port(), most, most % 2 == 0));
    session web({.tls = client_here()});
    const failure seen = co_await failure_of(fetch(web, secure_url(proxy)));
    if (seen.kind == "none") {
      EXPECT_EQ(seen.text.size(), 3000U);
      ++whole;
    } else {
      EXPECT_EQ(whole, 0) << "after " << most << " bytes: " << seen.text;
      EXPECT_EQ(seen.text.find('\n'), std::string::npos) << seen.text;
      ++failed;
    }
  }
  EXPECT_GT(failed, 30);
  EXPECT_GT(whole, 10);
}

// ---- any stream will do: a layer that is a script

/// Gives `pieces`, one a call, then ends.
class scripted_layer final : public hocket::stream_layer {
 public:
  explicit scripted_layer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  coro<hocket::buffer> receive() override {
    if (next_ == pieces_.size()) co_return hocket::buffer();
    hocket::buffer given = hocket::loop::running().io().borrow();
    given.truncate(pieces_[next_].copy(given.bytes().data(), given.size()));
    ++next_;
    co_return given;
  }
  coro<void> send(std::span<const std::string_view>) override { co_return; }
  coro<void> shutdown_send() override { co_return; }
  coro<void> close() override { co_return; }
  void abort() noexcept override {}
  [[nodiscard]] bool has_something_to_read() const noexcept override { return true; }

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

/// Secures nothing: plays the script to every connection.
class playing final : public hocket::stream_security {
 public:
  explicit playing(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  coro<byte_stream> start_tls(byte_stream, hocket::start_tls_options) const override {
    co_return byte_stream(std::make_unique<scripted_layer>(pieces_));
  }

 private:
  std::vector<std::string> pieces_;
};

coro<failure> outcome_of(std::vector<std::string> pieces) {
  scripted_server nobody([](tcp_socket&, std::size_t) -> coro<void> { co_return; });
  session web({.tls = std::make_shared<playing>(std::move(pieces))});
  co_return co_await failure_of(fetch(web, secure_url(nobody)));
}

constexpr std::array<std::string_view, 2> whole_answers{
    "HTTP/1.1 200 OK\r\nX-Field: of some length\r\nContent-Length: 11\r\n\r\nhello world",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-Last: y\r\n\r\n"};

HOCKET_TEST(https_session, an_answer_cut_in_two_at_any_byte_is_the_same_answer) {
  for (const std::string_view bytes : whole_answers) {
    for (std::size_t at = 1; at < bytes.size(); ++at) {
      const failure seen = co_await outcome_of({std::string(bytes.substr(0, at)), std::string(bytes.substr(at))});
      EXPECT_EQ(seen.kind, "none") << at << ": " << seen.text;
      EXPECT_EQ(seen.text, "hello world");
    }
  }
}

HOCKET_TEST(https_session, an_answer_that_ends_after_any_byte_but_its_last_is_a_broken_protocol) {
  for (const std::string_view bytes : whole_answers) {
    for (std::size_t at = 1; at < bytes.size(); ++at)
      EXPECT_EQ((co_await outcome_of({std::string(bytes.substr(0, at))})).kind, "server_disconnected") << at;
  }
}

// ---- redirects

HOCKET_TEST(https_session, follows_redirects_from_http_and_within_https) {
  scripted_server secure(over_tls(answering_securely([](const std::string& request) {
    return target_of(request) == "/old" ? redirect_to("/new") : response_text(200, "arrived");
  })));
  scripted_server plain(answering([&](const std::string&) { return redirect_to(secure_url(secure, "/old")); }));
  session web({.tls = client_here()});
  response answer = co_await web.get(plain.url());
  EXPECT_EQ(answer.url().href(), secure_url(secure, "/new"));
  EXPECT_EQ(answer.redirects(), 2U);
  EXPECT_EQ(co_await answer.text(), "arrived");
}

HOCKET_TEST(https_session, is_not_redirected_from_https_to_http) {
  scripted_server plain(answering([](const std::string&) { return response_text(200, "in the open"); }));
  scripted_server secure(
      over_tls(answering_securely([&](const std::string&) { return redirect_to(plain.url("/there")); })));
  session web({.tls = client_here()});
  const failure refused = co_await failure_of(fetch(web, secure_url(secure, "/here")));
  EXPECT_EQ(refused.kind, "downgrade_refused");
  EXPECT_EQ(refused.text, fmt::format("redirected from {} to {}, which would give TLS up", secure_url(secure, "/here"),
                                      plain.url("/there")));
  EXPECT_EQ(plain.connections(), 0U);
}

HOCKET_TEST(https_session, tells_no_password_when_it_is_not_redirected_from_https_to_http) {
  const auto from = *hocket::url::parse("https://user:secret@a.example/here?x#y");
  const auto to = *hocket::url::parse("http://user:secret@b.example/there");
  EXPECT_STREQ(hocket::http::downgrade_refused(from, to).what(),
               "redirected from https://a.example/here?x#y to http://b.example/there, which would give TLS up");
  co_return;
}

HOCKET_TEST(https_session, is_redirected_from_https_to_http_if_that_is_allowed_but_without_credentials) {
  std::string seen;
  scripted_server plain(answering([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "in the open");
  }));
  scripted_server secure(over_tls(answering_securely([&](const std::string&) { return redirect_to(plain.url()); })));
  session web({.tls = client_here(), .allow_https_downgrade = true});
  EXPECT_EQ(co_await fetch(web, secure_url(secure), {.fields = {{"Authorization", "Basic c2VjcmV0"}}}), "in the open");
  EXPECT_FALSE(seen.contains("Authorization"));
}

HOCKET_TEST(https_session, drops_credentials_on_the_way_from_http_to_https) {
  std::string seen;
  scripted_server secure(over_tls(answering_securely([&seen](const std::string& request) {
    seen = request;
    return response_text(200, "");
  })));
  scripted_server plain(answering([&](const std::string&) { return redirect_to(secure_url(secure)); }));
  session web({.tls = client_here()});
  co_await fetch(web, plain.url_at("localhost"), {.fields = {{"Cookie", "id=1"}}});
  EXPECT_FALSE(seen.empty());
  EXPECT_FALSE(seen.contains("Cookie"));
}

// ---- cancellation

TEST(https_session, a_request_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          scripted_server server(over_tls(
              answering_securely([](const std::string&) { return response_text(200, "x", "Connection: close\r\n"); })));
          session web({.tls = client_here()});
          co_await fetch(web, secure_url(server));
          co_await fetch(web, secure_url(server));
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 10U);
  }
}

}  // namespace
