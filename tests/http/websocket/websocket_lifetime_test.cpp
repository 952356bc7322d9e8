// Who holds what while others close or destroy a websocket: pieces that were received, and calls that are under way.

#include <exception>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <http/websocket/frames.hpp>
#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::coro;
using hocket::create_task;
using hocket::http::websocket;
using hocket::http::websocket_agreement;
using hocket::http::websocket_closed;
using hocket::http::websocket_options;
using hocket::http::websocket_role;
using hocket::http::websocket_writer;
using hocket::testing::client_frame;
using hocket::testing::connect_on_loopback;
using hocket::testing::memory_streams;
using hocket::testing::opcode;

namespace {

constexpr websocket_options silent{.heartbeat = std::nullopt};

websocket_agreement agreed(websocket_role role, bool is_compressed) {
  websocket_agreement made{.role = role};
  if (is_compressed) made.deflate.emplace();
  return made;
}

HOCKET_TEST(websocket, a_piece_stays_as_it_is_while_another_task_closes) {
  for (const bool is_compressed : {false, true}) {
    auto [in, out] = memory_streams();
    websocket client(std::move(in), {}, agreed(websocket_role::client, is_compressed), silent);
    websocket server(std::move(out), {}, agreed(websocket_role::server, is_compressed), silent);
    const std::string text(1000, 'x');
    co_await client.send_text(text);
    const auto piece = co_await server.receive_piece();
    const auto closing = create_task(server.close());
    const auto others = create_task([](websocket& socket) -> coro<void> {
      for (int nth = 0; nth < 10; ++nth) co_await socket.send_text(std::string(2000, 'o'));
      while (co_await socket.receive()) {
      }
      co_await socket.close();
    }(client));
    static_cast<void>(co_await as_result(others));
    co_await closing;
    EXPECT_EQ(piece->data, std::string_view(text).substr(0, piece->data.size()));
    EXPECT_FALSE(piece->data.empty());
  }
}

HOCKET_TEST(websocket, a_piece_stays_as_it_is_while_control_frames_are_looked_for) {
  auto [client, out] = memory_streams();
  websocket server(std::move(out), {}, {.role = websocket_role::server}, silent);
  co_await client.send_all(client_frame(opcode::text, "what was lent"));
  const auto piece = co_await server.receive_piece();
  for (int nth = 0; nth < 10; ++nth) {
    co_await hocket::sleep(2s);
    co_await client.send_all(client_frame(opcode::ping, "what overwrites it"));
  }
  EXPECT_EQ(piece->data, "what was lent");
}

/// A call that waits: the other side says nothing and takes little.
struct waiting_call {
  const char* name;
  coro<void> (*run)(websocket&);
};

const std::string& large() {
  static const std::string bytes(std::size_t{16} * 1024 * 1024, 'x');
  return bytes;
}

const waiting_call waiting_calls[] = {
    {"receive", [](websocket& socket) -> coro<void> { static_cast<void>(co_await socket.receive()); }},
    {"receive_piece", [](websocket& socket) -> coro<void> { static_cast<void>(co_await socket.receive_piece()); }},
    {"send", [](websocket& socket) -> coro<void> { co_await socket.send_binary(large()); }},
    {"send_pieces",
     [](websocket& socket) -> coro<void> {
       co_await socket.send_binary_pieces([](websocket_writer& to) -> coro<void> { co_await to.write(large()); });
     }},
    {"ping", [](websocket& socket) -> coro<void> { static_cast<void>(co_await socket.ping()); }},
    {"close", [](websocket& socket) -> coro<void> { co_await socket.close(); }},
};

/// Calls that do not touch the websocket but when they begin, as it may go.
hocket::task<std::expected<void, std::exception_ptr>> begin(const waiting_call& call, websocket& on) {
  return create_task(as_result(call.run(on)));
}

bool has_ended_as_closed(const std::expected<void, std::exception_ptr>& outcome) {
  if (outcome) return false;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const websocket_closed&) {
    return true;
  } catch (...) {
    return false;
  }
}

HOCKET_TEST(websocket, may_be_destroyed_under_whatever_waits_on_it) {
  for (const waiting_call& call : waiting_calls) {
    for (const bool is_replaced : {false, true}) {
      auto ends = co_await connect_on_loopback();
      const hocket::byte_stream client(std::move(ends.client));
      std::optional<websocket> server(std::in_place, hocket::byte_stream(std::move(ends.server)), hocket::buffer(),
                                      websocket_agreement{.role = websocket_role::server}, silent);
      const auto first = begin(call, *server);
      const auto second = begin(call, *server);
      co_await hocket::sleep(1ms);
      if (is_replaced) {
        auto [in, out] = memory_streams();
        *server = websocket(std::move(in), {}, {.role = websocket_role::server}, silent);
      } else {
        server.reset();
      }
      const auto outcome = co_await first;
      const auto outcome_of_second = co_await second;
      if (std::string_view(call.name) == "close") continue;
      EXPECT_TRUE(has_ended_as_closed(outcome)) << call.name;
      EXPECT_TRUE(has_ended_as_closed(outcome_of_second)) << call.name;
    }
  }
}

HOCKET_TEST(websocket, may_be_destroyed_before_a_call_has_begun) {
  auto [in, out] = memory_streams();
  std::optional<websocket> client(std::in_place, std::move(in), hocket::buffer(), websocket_agreement{}, silent);
  const auto receiving = create_task(as_result(client->receive()));
  auto messages = client->messages();
  client.reset();
  EXPECT_FALSE(co_await receiving);
  EXPECT_THROW(co_await messages.next(), websocket_closed);
}

HOCKET_TEST(websocket, may_be_closed_by_two_tasks_at_once) {
  auto [in, out] = memory_streams();
  websocket client(std::move(in), {}, {.role = websocket_role::client}, silent);
  websocket server(std::move(out), {}, {.role = websocket_role::server}, silent);
  const auto other = create_task(client.close(1001));
  const auto answering = create_task(server.close());
  co_await client.close(1000);
  co_await other;
  co_await answering;
  EXPECT_FALSE(client.is_open() || server.is_open());
}

}  // namespace
