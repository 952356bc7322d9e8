// A websocket's two ends, cancelled wherever they wait: nothing is left behind, and what was received came whole and in order.

#include <functional>
#include <string>
#include <string_view>

#include <http/running_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using hocket::as_result;
using hocket::coro;
using hocket::create_task;
namespace http = hocket::http;
using http::websocket;
using http::websocket_role;

namespace {

coro<void> echo(websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
}

/// Says what it has received, even if it is cut off.
class hearing {
 public:
  void add(const std::string& message) { heard_ += message + " "; }
  ~hearing() { EXPECT_TRUE(std::string_view("one two ").starts_with(heard_)) << heard_; }

 private:
  std::string heard_;
};

coro<void> talk(websocket& socket) {
  hearing heard;
  co_await socket.send_text("one");
  co_await socket.send_text_pieces([](http::websocket_writer& to) -> coro<void> {
    co_await to.write("t");
    co_await to.write("wo");
  });
  auto message = co_await socket.receive();
  heard.add(message->data);
  const auto waiting = create_task(as_result(socket.ping()));
  message = co_await socket.receive();
  heard.add(message->data);
  waiting.cancel();
  static_cast<void>(co_await as_result(waiting));
  co_await socket.close(1000, "enough");
}

http::websocket_agreement agreed(websocket_role role, bool is_compressed) {
  http::websocket_agreement made{.role = role};
  if (is_compressed) made.deflate.emplace();
  return made;
}

coro<void> over_memory(bool is_compressed) {
  auto [in, out] = hocket::testing::memory_streams({.to_server = {.capacity = 16}, .to_client = {.capacity = 16}});
  const http::websocket_options options{.deflate = http::websocket_deflate{.least_bytes = 1}};
  websocket client(std::move(in), {}, agreed(websocket_role::client, is_compressed), options);
  websocket server(std::move(out), {}, agreed(websocket_role::server, is_compressed), options);
  const auto echoing = create_task(echo(server));
  const auto talked = co_await as_result(talk(client));
  client.abort();
  static_cast<void>(co_await as_result(echoing));
  if (!talked) std::rethrow_exception(talked.error());
}

coro<void> plainly() { co_await over_memory(false); }
coro<void> compressed() { co_await over_memory(true); }

coro<void> over_http() {
  hocket::testing::running_server server(
      [](http::request& asked) -> coro<http::reply> { co_return accept_websocket(asked, echo); });
  const auto use = [&]() -> coro<void> {
    http::session web;
    websocket socket = co_await connect_websocket(web, server.url());
    co_await talk(socket);
  };
  const auto talked = co_await as_result(use());
  co_await server.stop();
  if (!talked) std::rethrow_exception(talked.error());
}

TEST(websocket, leaves_nothing_behind_wherever_it_is_cancelled) {
  for (const auto backend : hocket::testing::every_backend()) {
    for (const auto scenario : {plainly, compressed, over_http}) {
      const auto report = hocket::testing::cancel_at_every_suspension([&]() -> coro<void> { co_await scenario(); },
                                                                      {.backend = backend});
      EXPECT_TRUE(report.none()) << hocket::testing::name_of(backend) << ": " << report.to_string();
      EXPECT_GT(report.cancelled, 5U);
    }
  }
}

}  // namespace
