// Input: what the other side sends on a websocket; the first byte says which side that is, how messages are compressed, and whether they are received
// whole or in pieces. However the bytes are cut, the same must come of them, and the end must be in order.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/virtual_clock.hpp>

#include "http/message_trace.hpp"

namespace {

using hocket::coro;
using hocket::http::websocket;
using hocket::http::websocket_closed;
using hocket::http::websocket_message;
using hocket::http::websocket_role;

coro<std::string> end_of(websocket& socket, std::string told) {
  const auto closed = co_await hocket::as_result(socket.close());
  if (!closed) std::abort();
  if (!socket.close_code()) std::abort();
  co_return told + " code " + std::to_string(*socket.close_code());
}

struct setting {
  explicit setting(std::uint8_t bits)
      : is_compressed((bits & 1) != 0),
        is_client((bits & 2) != 0),
        forgets((bits & 4) != 0),
        is_by_pieces((bits & 8) != 0) {}

  bool is_compressed;
  bool is_client;  // we are
  bool forgets;    // what earlier messages said
  bool is_by_pieces;
};

coro<std::optional<websocket_message>> receive_by_pieces(websocket& from) {
  websocket_message whole;
  for (;;) {
    const auto piece = co_await from.receive_piece();
    if (!piece) co_return std::nullopt;
    whole.is_text = piece->is_text;
    whole.data += piece->data;
    if (piece->is_last) co_return whole;
  }
}

coro<std::string> told_by(websocket& socket, setting how) {
  std::string told;
  try {
    for (;;) {
      auto message = co_await (how.is_by_pieces ? receive_by_pieces(socket) : socket.receive());
      if (!message) break;
      told += (message->is_text ? "text " : "binary ") + message->data + "\n";
    }
    told += "end";
  } catch (const websocket_closed& end) {
    told += end.what();
  }
  co_return co_await end_of(socket, std::move(told));
}

coro<void> send(hocket::byte_stream& to, const std::vector<std::string_view>& pieces) {
  for (const std::string_view each : pieces)
    if (!each.empty()) co_await to.send_all(each);
  co_await to.shutdown_send();
}

coro<void> drain(hocket::byte_stream& from) {
  while (co_await from.receive()) {
  }
}

std::string made_of(const std::vector<std::string_view>& pieces, setting how) {
  std::string told;
  const auto whole = [&]() -> coro<void> {
    auto [ours, theirs] = hocket::testing::memory_streams({.to_client = {.capacity = 1 << 20}});
    hocket::http::websocket_agreement agreed{.role = how.is_client ? websocket_role::client : websocket_role::server};
    const hocket::http::deflate_window window{.keeps_context = !how.forgets};
    if (how.is_compressed) agreed.deflate = {.client = window, .server = window};
    websocket socket(std::move(ours), {}, std::move(agreed), {.max_message_bytes = 64 * 1024});
    const auto sending = create_task(hocket::as_result(send(theirs, pieces)));
    const auto draining = create_task(hocket::as_result(drain(theirs)));
    told = co_await told_by(socket, how);
    socket.abort();
    static_cast<void>(co_await sending);
    static_cast<void>(co_await draining);
  };
  hocket::testing::virtual_clock clock;
  hocket::run(whole(), {.backend = hocket::backend_kind::epoll, .clock = &clock});
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hocket::http::testing;
  if (size == 0) return 0;
  const setting how(data[0]);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = made_of({bytes}, how);
  if (made_of(cut(bytes, 1), how) != whole) std::abort();
  if (made_of(cut_anyhow(bytes), how) != whole) std::abort();
  return 0;
}
