// What comes before a reply: hints (103), consent (100), over both versions of HTTP.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/both_versions.hpp>
#include <http/client/client_peer.hpp>
#include <http/h2_client.hpp>
#include <http/h2_server.hpp>
#include <http/running_server.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
namespace http = hocket::http;
using hocket::as_result;
using hocket::coro;
using hocket::testing::answer_to;
using hocket::testing::both_versions;
using hocket::testing::failure_of;
using hocket::testing::h2_client;
using hocket::testing::h2_server;
using hocket::testing::http_version;
using hocket::testing::name_of;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::speaking_both;
using hocket::testing::speaking_only;
using hocket::testing::statuses;
using http::body;
using http::reply;
using http::request;
using http::session;

namespace {

/// What it was told, in one line.
http::interim_hook telling(std::string& to) {
  return [&to](int status, const http::headers& fields) {
    to += std::to_string(status);
    for (const auto& [name, value] : fields) to += fmt::format(" {}: {}", name, value);
    to += "; ";
  };
}

coro<void> hint(request& asked, std::string_view link) {
  http::headers fields;
  fields.add("link", link);
  fields.add("Content-Length", "5");  // it is none of a hint's
  co_await asked.send_early_hints(std::move(fields));
}

coro<reply> hint_twice(request& asked) {
  co_await hint(asked, "</a>");
  co_await hocket::sleep(1s);
  co_await hint(asked, "</b>");
  co_return reply::text("page");
}

HOCKET_TEST(interim, hints_reach_who_has_asked_before_the_reply) {
  running_server server(hint_twice, speaking_both());
  for (const http_version version : both_versions) {
    std::string told;
    session web(speaking_only(version));
    http::response answer = co_await web.get(server.url(), {.on_interim = telling(told)});
    EXPECT_EQ(told, "103 link: </a>; 103 link: </b>; ") << name_of(version);
    EXPECT_FALSE(answer.headers().contains("Link"));
    EXPECT_EQ(co_await answer.read(), "page");
    http::response unheard = co_await web.get(server.url());
    EXPECT_EQ(co_await unheard.read(), "page");
  }
  co_await server.stop();
}

HOCKET_TEST(interim, hints_arrive_when_they_are_sent) {
  running_server server(hint_twice, speaking_both());
  for (const http_version version : both_versions) {
    std::vector<hocket::duration> at;
    session web(speaking_only(version));
    const auto begun = hocket::loop::running().time();
    const auto note = [&](int, const http::headers&) { at.push_back(hocket::loop::running().time() - begun); };
    http::response answer = co_await web.get(server.url(), {.on_interim = note});
    EXPECT_EQ(at.size(), 2U);
    EXPECT_LT(at.front(), 1s) << name_of(version);
    EXPECT_GE(at.back(), 1s);
    co_await answer.drain();
  }
  co_await server.stop();
}

HOCKET_TEST(interim, consent_is_told_as_hints_are) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_await hint(asked, "</a>");
        co_return reply::text(co_await asked.read());
      },
      speaking_both());
  for (const http_version version : both_versions) {
    std::string told;
    session web(speaking_only(version));
    http::response answer =
        co_await web.post(server.url(), {.body = "text", .expect_continue = true, .on_interim = telling(told)});
    EXPECT_EQ(co_await answer.read(), "text");
    EXPECT_EQ(told, "103 link: </a>; 100; ") << name_of(version);
  }
  co_await server.stop();
}

HOCKET_TEST(interim, hints_are_not_for_clients_of_http_1_0) {
  running_server server(hint_twice);
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(statuses(answer), "200");
  co_await server.stop();
}

HOCKET_TEST(interim, hints_are_too_late_when_the_reply_has_begun) {
  std::string problem;
  running_server server(
      [&problem](request& asked) -> coro<reply> {
        co_return reply::stream("text/plain", [&](http::body_writer& to) -> coro<void> {
          co_await to.write("page");
          const auto sent = co_await as_result(hint(asked, "</a>"));
          problem = sent ? "sent" : "too late";
        });
      },
      speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    http::response answer = co_await web.get(server.url());
    EXPECT_EQ(co_await answer.read(), "page");
    EXPECT_EQ(std::exchange(problem, ""), "too late") << name_of(version);
  }
  co_await server.stop();
}

HOCKET_TEST(interim, hints_wait_for_a_client_that_takes_nothing_and_give_it_up) {
  std::size_t sent = 0;
  std::string problem;
  running_server server(
      [&](request& asked) -> coro<reply> {
        const std::string large(4'000, 'x');
        for (; sent < 100'000; ++sent) {
          const auto one = co_await as_result(hint(asked, large));
          if (one) continue;
          problem = "given up";
          break;
        }
        co_return reply::text("page");
      },
      speaking_both());
  for (const http_version version : both_versions) {
    auto socket = co_await hocket::tcp_socket::connect(server.address());
    const std::string asked =
        version == http_version::one
            ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            : std::string(h2::preface) + h2::frame(h2::settings, h2::none, 0, "") + h2::get(1, "/");
    co_await socket.send_all(asked);
    co_await hocket::sleep(5min);
    EXPECT_EQ(std::exchange(problem, ""), "given up") << name_of(version);
    EXPECT_LT(std::exchange(sent, 0U), 100'000U);
  }
  co_await server.stop();
}

// Its pieces do not go out with the last of the hints.
HOCKET_TEST(interim, a_hint_that_was_given_up_harms_no_reply_behind_it) {
  running_server server(
      [](request& asked) -> coro<reply> {
        const std::string large(4'000, 'x');
        while (co_await as_result(hocket::with_timeout(1s, hint(asked, large)))) {
        }
        co_return reply::text(std::string(300'000, 'y'));
      },
      speaking_both());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/") + h2::window(0, 1'000'000) + h2::window(1, 1'000'000));
  co_await hocket::sleep(5s);
  const auto answer = co_await client.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.size(), 300'000U);
  EXPECT_FALSE(answer.reset);
  co_await server.stop();
}

coro<reply> hint_and_serve(request& asked) {
  if (asked.path() == "/chat")
    co_return http::accept_websocket(
        asked, [](http::websocket& socket) -> coro<void> { static_cast<void>(co_await socket.receive()); });
  if (asked.path() == "/endless")
    co_return reply::stream("text/plain", [](http::body_writer& to) -> coro<void> {
      co_await to.write("some");
      co_await to.flush();
      co_await hocket::sleep(1h);
    });
  if (asked.path() == "/a") co_return reply::text("style");
  co_return co_await hint_twice(asked);
}

coro<void> fetch(session& by, std::string url, std::string& to) {
  http::response answer = co_await by.get(std::string_view(url));
  to = co_await answer.read();
}

HOCKET_TEST(interim, a_hook_may_ask_for_more_and_let_go_of_others_on_the_connection_that_brought_it) {
  running_server server(hint_and_serve, speaking_both({.cancel_on_disconnect = true}));
  session web(speaking_only(http_version::two));
  std::optional<http::response> endless = co_await web.get(std::string_view(server.url("/endless")));
  http::websocket socket = co_await http::connect_websocket(web, "ws" + server.url("/chat").substr(4));
  std::string fetched;
  std::optional<hocket::task<void>> fetching;
  const auto use = [&](int, const http::headers&) {
    if (!endless) return;
    fetching = create_task(fetch(web, server.url("/a"), fetched), {.eager_start = true});
    endless.reset();
    socket.abort();
  };
  http::response answer = co_await web.get(server.url(), {.on_interim = use});
  EXPECT_EQ(co_await answer.read(), "page");
  EXPECT_TRUE(fetching);
  if (fetching) co_await *fetching;
  EXPECT_EQ(fetched, "style");
  EXPECT_EQ(server.server.connections(), 1U);
  co_await server.stop();
}

HOCKET_TEST(interim, a_hook_that_throws_ends_its_request_alone) {
  running_server server(hint_twice, speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    const auto ask = [](session& by, std::string url) -> coro<std::string> {
      const auto refuse = [](int, const http::headers&) { throw std::runtime_error("no hints"); };
      http::response answer = co_await by.get(std::string_view(url), {.on_interim = refuse});
      co_return co_await answer.read();
    };
    EXPECT_TRUE((co_await failure_of(ask(web, server.url()))).contains("no hints")) << name_of(version);
    http::response after = co_await web.get(server.url());
    EXPECT_EQ(co_await after.read(), "page");
  }
  co_await server.stop();
}

HOCKET_TEST(interim, those_of_a_redirect_are_told_too) {
  running_server server(
      [](request& asked) -> coro<reply> {
        co_await hint(asked, asked.path());
        if (asked.path() == "/old") co_return reply::redirect("/new");
        co_return reply::text("page");
      },
      speaking_both());
  for (const http_version version : both_versions) {
    std::string told;
    session web(speaking_only(version));
    http::response answer = co_await web.get(std::string_view(server.url("/old")), {.on_interim = telling(told)});
    EXPECT_EQ(co_await answer.read(), "page");
    EXPECT_EQ(told, "103 link: /old; 103 link: /new; ") << name_of(version);
  }
  co_await server.stop();
}

}  // namespace
