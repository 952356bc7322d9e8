// Python's websockets and aiohttp, as clients of our server and as servers for our client. See the script beside.

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>

using hocket::coro;
using hocket::testing::peer_process;
using hocket::testing::port_at_end_of;
using hocket::testing::run_peer;
using hocket::testing::running_server;
using hocket::testing::skip_for_want_of;
namespace http = hocket::http;

namespace {

std::vector<std::string> python(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {HOCKET_PYTHON, HOCKET_PEER_SCRIPTS "/websocket_peer.py"});
  return arguments;
}

coro<bool> has_module(std::string name) {
  static std::map<std::string, bool> known;
  if (!hocket::testing::find_program(HOCKET_PYTHON)) co_return false;
  if (const auto found = known.find(name); found != known.end()) co_return found->second;
  const auto command = python({"has", name});
  const auto asked = co_await run_peer(command);
  co_return known[name] = asked.status == 0;
}

coro<void> echo(http::websocket& socket) {
  while (auto message = co_await socket.receive()) {
    if (message->is_text)
      co_await socket.send_text(message->data);
    else
      co_await socket.send_binary(message->data);
  }
}

coro<void> expect_served_to(std::string client) {
  running_server server([](http::request& asked) -> coro<http::reply> {
    co_return accept_websocket(asked, echo, {.subprotocols = {"v2.echo"}});
  });
  const auto command = python({"client", client, "ws" + server.url().substr(4)});
  const auto result = co_await run_peer(command);
  EXPECT_EQ(result.status, 0) << result.err;
  co_await server.stop();
}

coro<void> expect_to_be_served_by(std::string kind) {
  peer_process server(python({"server", kind}));
  const std::string url = fmt::format("ws://127.0.0.1:{}/", port_at_end_of(co_await server.out().readline()));
  http::session web;
  http::connect_websocket_options options{.subprotocols = {"v1.echo", "v2.echo"}};
  http::websocket socket = co_await connect_websocket(web, url, std::move(options));
  EXPECT_EQ(socket.subprotocol(), "v2.echo");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 1000U, 65535U, 65536U, 300'000U}) {
    const std::string text(size, 'x');
    co_await socket.send_text(text);
    EXPECT_EQ((co_await socket.receive())->data, text);
    const std::string bytes(size, '\xFF');
    co_await socket.send_binary(bytes);
    EXPECT_EQ((co_await socket.receive())->data, bytes);
  }
  co_await socket.send_text_pieces([](http::websocket_writer& to) -> coro<void> {
    for (const char* piece : {"in", " frag", "ments"}) co_await to.write(piece);
  });
  EXPECT_EQ((co_await socket.receive())->data, "in fragments");
  const auto ping = create_task(socket.ping());
  const auto sending = create_task([](http::websocket& to) -> coro<void> {
    for (int nth = 0; nth < 1000; ++nth) co_await to.send_text(fmt::format("message {}", nth));
  }(socket));
  for (int nth = 0; nth < 1000; ++nth) EXPECT_EQ((co_await socket.receive())->data, fmt::format("message {}", nth));
  co_await sending;
  co_await socket.send_text("go away");
  EXPECT_THROW(co_await socket.receive(), http::websocket_closed);
  EXPECT_EQ(socket.close_code(), 4001);
  EXPECT_EQ(socket.close_reason(), "gone");
  EXPECT_NO_THROW(co_await ping);
  co_await socket.close();
}

}  // namespace

HOCKET_PEER_TEST(websockets_client, is_served) {
  if (!co_await has_module("websockets")) co_return skip_for_want_of("python3-websockets");
  co_await expect_served_to("websockets");
}

HOCKET_PEER_TEST(websockets_server, serves_us) {
  if (!co_await has_module("websockets")) co_return skip_for_want_of("python3-websockets");
  co_await expect_to_be_served_by("websockets");
}

HOCKET_PEER_TEST(aiohttp_websocket_client, is_served) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  co_await expect_served_to("aiohttp");
}

HOCKET_PEER_TEST(aiohttp_websocket_server, serves_us) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  co_await expect_to_be_served_by("aiohttp");
}
