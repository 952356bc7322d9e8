#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <http/client/client_peer.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/auth/netrc.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::credentials;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_messages;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

/// Notes what Authorization says; challenges where there is none, or where `refuses` says so.
struct guard {
  std::vector<std::string> seen{};
  std::string challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";
  bool refuses = false;
  std::string refusal = "who";

  scripted_server::script script() {
    return answering_messages([this](const seen_request& asked) {
      seen.emplace_back(asked.fields.get("Authorization").value_or("none"));
      if (seen.back() != "none" && !refuses) return response_text(200, "in " + asked.body);
      return response_text(401, refusal, fmt::format("WWW-Authenticate: {}\r\n", challenge));
    });
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

HOCKET_TEST(authentication, basic_and_bearer_are_sent_at_once) {
  guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::basic("Aladdin", "open sesame")});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in ");
  EXPECT_EQ(co_await ask(web, "GET", server.url(), {.auth = credentials::bearer("token")}), "in ");
  EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = {{"Authorization", "Own"}}}), "in ");
  EXPECT_EQ(door.seen, (std::vector<std::string>{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Bearer token", "Own"}));
}

HOCKET_TEST(authentication, digest_answers_a_challenge_and_then_is_sent_at_once) {
  guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  EXPECT_EQ(co_await ask(web, "POST", server.url("/a"), {.body = "b"}), "in b");
  EXPECT_EQ(co_await ask(web, "GET", server.url("/c?d")), "in ");
  EXPECT_EQ(door.seen.size(), 3U);
  EXPECT_EQ(door.seen[0], "none");
  EXPECT_TRUE(door.seen[1].starts_with("Digest ")) << door.seen[1];
  EXPECT_TRUE(has(door.seen[1], "uri=\"/a\"") && has(door.seen[1], "nc=00000001")) << door.seen[1];
  EXPECT_TRUE(has(door.seen[2], "uri=\"/c?d\"") && has(door.seen[2], "nc=00000002")) << door.seen[2];
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(authentication, digest_prefers_what_is_not_md5) {
  guard door{.challenge =
                 "Basic realm=\"r\", Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5, "
                 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256"};
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in ");
  EXPECT_TRUE(has(door.seen[1], "SHA-256")) << door.seen[1];
}

HOCKET_TEST(authentication, digest_needs_no_second_connection_behind_a_long_refusal) {
  guard door{.refusal = std::string(100'000, 'w')};
  scripted_server server(door.script());
  session web({.limit = 1, .limit_per_host = 1, .auth = credentials::digest("user", "password")});
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in ");
  EXPECT_LT(hocket::loop::running().time() - begun, 1min);
}

HOCKET_TEST(authentication, a_refusal_of_digest_is_the_response) {
  for (const char* user : {"user", "J\xc3\xa4s\xc3\xb8n", "a\"b\\c"}) {
    guard door{.refuses = true};
    scripted_server server(door.script());
    session web({.auth = credentials::digest(user, "wrong")});
    EXPECT_EQ((co_await web.get(server.url())).status(), 401);
    EXPECT_EQ(door.seen.size(), 2U) << user;
    EXPECT_EQ((co_await web.get(server.url())).status(), 401);
    EXPECT_EQ(door.seen.size(), 3U) << user;
  }
}

HOCKET_TEST(authentication, digest_answers_the_challenges_of_many_requests_at_once) {
  guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 8; ++n) all.push_back(hocket::create_task(ask(web, "GET", server.url())));
  for (auto& each : all) EXPECT_EQ(co_await each, "in ");
  EXPECT_EQ(std::ranges::count(door.seen, "none"), 8);
}

HOCKET_TEST(authentication, a_refusal_of_digest_is_the_response_of_many_requests_at_once) {
  guard door{.refuses = true};
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "wrong")});
  for (int round = 0; round < 2; ++round) {
    std::vector<hocket::task<std::string>> all;
    for (int n = 0; n < 8; ++n) all.push_back(hocket::create_task(ask(web, "GET", server.url())));
    for (auto& each : all) EXPECT_EQ(co_await each, "who");
  }
  EXPECT_LE(door.seen.size(), 32U) << "twice each, at most";
}

HOCKET_TEST(authentication, a_nonce_that_is_too_old_is_replaced) {
  guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  co_await ask(web, "GET", server.url());
  door.refuses = true;
  door.challenge = "Digest realm=\"r\", nonce=\"newer\", qop=\"auth\", algorithm=SHA-256, stale=true";
  static_cast<void>(co_await ask(web, "GET", server.url()));
  EXPECT_EQ(door.seen.size(), 4U) << "once with the old one, once with the new one";
  EXPECT_TRUE(has(door.seen[3], "nonce=\"newer\"")) << door.seen[3];
}

/// Lets in who signs by the newest nonce. What is asked of "/late" is refused a second later, and not said to be old.
struct forgetful_guard {
  int newest = 1;
  std::vector<std::string> seen{};
  bool was_late = false;

  [[nodiscard]] std::string refusal(bool is_old) const {
    return response_text(401, "",
                         fmt::format("WWW-Authenticate: Digest realm=\"r\", nonce=\"n{}\", qop=\"auth\"{}\r\n", newest,
                                     is_old ? ", stale=true" : ""));
  }
  scripted_server::script script() {
    return [this](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
      hocket::testing::request_reader requests(peer);
      for (;;) {
        const seen_request asked = co_await requests.whole();
        if (!asked.complete) co_return;
        const std::string who(asked.fields.get("Authorization").value_or("none"));
        seen.push_back(who);
        if (asked.target == "/late" && !std::exchange(was_late, true)) {
          co_await hocket::sleep(1s);
          co_await peer.send_all(refusal(false));
        } else {
          const bool is_known = has(who, fmt::format("nonce=\"n{}\"", newest));
          co_await peer.send_all(is_known ? response_text(200, "in") : refusal(who != "none"));
        }
      }
    };
  }
};

HOCKET_TEST(authentication, who_has_signed_by_a_nonce_that_was_replaced_meanwhile_asks_again) {
  forgetful_guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in");
  auto late = hocket::create_task(ask(web, "GET", server.url("/late")));
  co_await hocket::sleep(500ms);
  door.newest = 2;
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in");
  EXPECT_EQ(co_await late, "in");
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in");
  EXPECT_EQ(std::ranges::count(door.seen, "none"), 1) << "nobody has forgotten it";
}

HOCKET_TEST(authentication, a_server_that_takes_each_nonce_once_lets_in_many_requests_at_once) {
  std::vector<bool> was_used;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    const std::string who(asked.fields.get("Authorization").value_or(""));
    for (std::size_t n = 0; n < was_used.size(); ++n)
      if (!was_used[n] && has(who, fmt::format("nonce=\"n{}\"", n))) {
        was_used[n] = true;
        return response_text(200, "in");
      }
    was_used.push_back(false);
    return response_text(401, "",
                         fmt::format("WWW-Authenticate: Digest realm=\"r\", nonce=\"n{}\", qop=\"auth\"{}\r\n",
                                     was_used.size() - 1, who.empty() ? "" : ", stale=true"));
  }));
  session web({.auth = credentials::digest("user", "password")});
  for (int round = 0; round < 3; ++round) {
    std::vector<hocket::task<std::string>> all;
    for (int n = 0; n < 8; ++n) all.push_back(hocket::create_task(ask(web, "GET", server.url())));
    for (auto& each : all) EXPECT_EQ(co_await each, "in");
  }
  EXPECT_EQ(was_used.size(), 24U) << "each has one of its own";
}

HOCKET_TEST(authentication, a_malformed_challenge_is_no_challenge) {
  for (const char* nonsense : {"", "Digest", "Digest realm=\"r\"", "Digest realm=\"r\", nonce=\"n\", algorithm=ROT13",
                               "Digest realm=\"r", "\"", "Digest realm=r, realm=r, nonce=n"}) {
    guard door{.challenge = nonsense};
    scripted_server server(door.script());
    session web({.auth = credentials::digest("user", "password")});
    EXPECT_EQ((co_await web.get(server.url())).status(), 401) << nonsense;
    EXPECT_EQ(door.seen.size(), 1U) << nonsense;
  }
}

hocket::async_generator<std::string> one_piece() { co_yield "once"; }

HOCKET_TEST(authentication, a_body_that_cannot_be_repeated_gets_the_challenge) {
  guard door;
  scripted_server server(door.script());
  session web({.auth = credentials::digest("user", "password")});
  response answer = co_await web.post(server.url(), {.body = hocket::http::body::pieces(one_piece())});
  EXPECT_EQ(answer.status(), 401);
}

HOCKET_TEST(authentication, does_not_go_to_another_origin) {
  for (const auto& who : {credentials::basic("user", "password"), credentials::digest("user", "password"),
                          credentials::bearer("token")}) {
    guard door;
    scripted_server other(door.script());
    scripted_server server(answering_messages([&](const seen_request&) { return redirect_to(other.url()); }));
    session web({.auth = who});
    EXPECT_EQ((co_await web.get(server.url())).status(), 401);
    EXPECT_EQ(door.seen, (std::vector<std::string>{"none"}));
  }
}

HOCKET_TEST(authentication, a_netrc_says_who_one_is_on_a_host) {
  guard door;
  scripted_server server(door.script());
  session web({.netrc = std::make_shared<hocket::http::netrc>(
                   hocket::http::netrc::parse("machine 127.0.0.1 login a password b"))});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "in ");
  EXPECT_EQ((co_await web.get(server.url_at("localhost"))).status(), 401);
  EXPECT_EQ(co_await ask(web, "GET", fmt::format("http://c:d@127.0.0.1:{}/", server.port())), "in ");
  EXPECT_EQ(door.seen, (std::vector<std::string>{"Basic YTpi", "none", "Basic Yzpk"}));
}

HOCKET_TEST(authentication, of_a_netrc_is_not_for_where_a_redirect_leads) {
  guard door;
  scripted_server other(door.script());
  std::vector<std::string> seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen.emplace_back(asked.fields.get("Authorization").value_or("none"));
    return redirect_to(asked.target == "/" ? "/here" : other.url_at("localhost"));
  }));
  for (const char* file : {"machine 127.0.0.1 login a password b machine localhost login c password d",
                           "machine 127.0.0.1 login a password b default login c password d"}) {
    door.seen.clear();
    seen.clear();
    session web({.netrc = std::make_shared<hocket::http::netrc>(hocket::http::netrc::parse(file))});
    EXPECT_EQ((co_await web.get(server.url())).status(), 401);
    EXPECT_EQ(seen, (std::vector<std::string>{"Basic YTpi", "Basic YTpi"}));
    EXPECT_EQ(door.seen, (std::vector<std::string>{"none"}));
    EXPECT_EQ(co_await ask(web, "GET", other.url_at("localhost")), "in ");
  }
}

HOCKET_TEST(authentication, retry_after_is_told_by_the_servers_own_clock) {
  std::string fields;
  scripted_server server(answering_messages([&](const seen_request&) { return response_text(503, "", fields); }));
  session web;
  fields = "Retry-After: 120\r\n";
  EXPECT_EQ((co_await web.get(server.url())).retry_after(), 120s);
  fields = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
  EXPECT_EQ((co_await web.get(server.url())).retry_after(), 60s);
  for (const char* nothing : {"", "Retry-After: soon\r\n", "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"}) {
    fields = nothing;
    EXPECT_EQ((co_await web.get(server.url())).retry_after(), std::nullopt) << nothing;
  }
}

}  // namespace
