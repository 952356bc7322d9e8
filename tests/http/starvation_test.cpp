// Requests, streams of events and websockets for which there is no memory, wherever they ask for some, once or from then on: each ends by
// std::bad_alloc, or as one does whose other side has lost its connection. Both sides are on one loop, so that either is hit.

#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <http/running_server.hpp>
#include <http/websocket/sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/event_stream.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/testing/fail_each_allocation.hpp>

using namespace std::chrono_literals;
namespace http = hocket::http;
using hocket::as_result;
using hocket::coro;
using hocket::loop;
using hocket::testing::shortage;
using http::reply;
using http::request;
using http::session;
using http::websocket;

namespace {

/// Throws but for what tells of a connection that the other side had no memory for.
void require_clean_end(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const http::websocket_closed&) {
  } catch (const http::client_error&) {
  } catch (const hocket::protocol_error&) {
  } catch (const std::system_error&) {
  }
}

coro<void> in_order(coro<void> work) {
  const auto outcome = co_await as_result(std::move(work));
  if (!outcome) require_clean_end(outcome.error());
}

coro<reply> serve(request& asked) {
  if (asked.path() == "/events") {
    co_return http::event_stream(
        [](http::event_writer& events) -> coro<void> {
          co_await events.send("first");
          co_await events.send("second");
        },
        {.heartbeat = 10s});
  }
  if (!asked.headers().contains("Upgrade")) {
    const std::string body = co_await asked.read();
    co_return reply::text(std::string(asked.path()) + body);
  }
  co_return http::accept_websocket(asked, [](websocket& socket) -> coro<void> {
    while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
  });
}

coro<void> talk(websocket socket, std::size_t size) {
  const std::string text(size, 'x');
  co_await socket.send_text(text);
  const auto back = co_await socket.receive();
  if (!back) co_return;  // the other side has closed it
  EXPECT_EQ(back->data, text);
  static_cast<void>(co_await socket.ping());
  co_await socket.close();
}

using use = coro<void> (*)(session& web, std::string host);

/// A server whose clients do that.
template <use Use, bool SpeaksHttp2>
coro<void> with_server() {
  loop::running().set_exception_handler([](const hocket::exception_context&) {});
  auto listener = hocket::testing::listen_on_loopback();
  http::server server(serve, {.http2 = {.prior_knowledge = true}, .cancel_on_disconnect = true});
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    const auto serving = group.create_task(server.serve(listener));
    const auto body = [&]() -> coro<void> {
      session web({.timeouts = {.total = 30s}, .http2 = {.prior_knowledge = SpeaksHttp2}});
      co_await Use(web, listener.local_address().to_string());
    };
    const auto used = co_await as_result(in_order(body()));
    serving.cancel();
    if (!used) std::rethrow_exception(used.error());
  });
}

coro<void> post(session& web, std::string host) {
  for (int n = 0; n < 2; ++n) {
    http::response answer = co_await web.post("http://" + host + "/page", {.body = http::body("text")});
    const std::string text = co_await answer.read();
    if (answer.status() == 200) EXPECT_EQ(text, "/pagetext");
  }
}

coro<void> ask_and_talk(session& web, std::string host) {
  http::response answer = co_await web.get("http://" + host + "/page");
  static_cast<void>(co_await answer.read());
  co_await talk(co_await http::connect_websocket(web, "ws://" + host + "/"), 10'000);
}

coro<void> follow(session& web, std::string host) {
  http::response answer = co_await web.get("http://" + host + "/events");
  const std::string text = co_await answer.read();
  if (answer.status() == 200) EXPECT_EQ(text, ":\n\ndata: first\n\ndata: second\n\n");
}

struct in_silence {
  in_silence() { ::testing::internal::CaptureStderr(); }
  ~in_silence() { ::testing::internal::GetCapturedStderr(); }
};

/// What may still be there when all is done: a client's connection of HTTP/2 is a task of its own, and ends behind its session.
enum class leaves { nothing, connections };

// On one backend: it is not their memory that is looked at, and a thousand runs take seconds.
void endures_shortage(coro<void> (*scenario)(), leaves left = leaves::nothing) {
  for (const auto how : {shortage::once, shortage::lasting}) {
    const in_silence of_those_without_memory;  // thousands of lines
    const auto report = hocket::testing::fail_each_allocation(scenario, {}, how);
    EXPECT_EQ(report.leaked_blocks, 0U) << report.to_string();
    EXPECT_EQ(report.leaked_buffers, 0U) << report.to_string();
    if (left == leaves::nothing) EXPECT_EQ(report.leaked_tasks, 0U) << report.to_string();
    EXPECT_GT(report.failed, 5U);
    if (how == shortage::once) EXPECT_LT(report.failed, report.runs - 1) << "no run has coped";
  }
}

TEST(starvation, ends_a_request_over_http_1_in_order) { endures_shortage(with_server<post, false>); }
TEST(starvation, ends_a_request_over_http_2_in_order) {
  endures_shortage(with_server<post, true>, leaves::connections);
}
TEST(starvation, ends_a_stream_of_events_over_http_1_in_order) { endures_shortage(with_server<follow, false>); }
TEST(starvation, ends_a_stream_of_events_over_http_2_in_order) {
  endures_shortage(with_server<follow, true>, leaves::connections);
}
TEST(starvation, ends_a_websocket_over_http_1_in_order) { endures_shortage(with_server<ask_and_talk, false>); }
TEST(starvation, ends_a_websocket_over_http_2_in_order) {
  endures_shortage(with_server<ask_and_talk, true>, leaves::connections);
}

coro<void> echo_in_memory() {
  loop::running().set_exception_handler([](const hocket::exception_context&) {});
  auto [client, server] = hocket::testing::connected({}, {.heartbeat = 10s});
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    const auto echo = [](websocket& socket) -> coro<void> {
      const auto echoed = co_await as_result([](websocket& one) -> coro<void> {
        while (auto message = co_await one.receive()) co_await one.send_text(message->data);
      }(socket));
      co_await socket.close();
      if (!echoed) std::rethrow_exception(echoed.error());
    };
    group.create_task(in_order(echo(server)));
    co_await in_order(talk(std::move(client), 100'000));
    server.abort();
  });
}

TEST(starvation, ends_a_websocket_in_order) { endures_shortage(echo_in_memory); }

}  // namespace
