#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/http/websocket/websocket_deflate.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http {

/// What a websocket allows the other side, and for how long it waits for that.
struct websocket_options {
  /// Compresses messages where the other side agrees. None: never.
  std::optional<websocket_deflate> deflate = websocket_deflate{};
  /// Of a message that `receive` gives whole, when it is unpacked; the other side is told 1009. `receive_piece` has no limit.
  std::size_t max_message_bytes = 4 * 1024 * 1024;
  /// After so long without a byte the other side is sent a ping. None: never; then a connection that was lost without a word looks like one
  /// that is at rest.
  std::optional<duration> heartbeat = std::chrono::seconds(20);
  /// How long it may take to answer that, from when it was sent or the other side last took what a send had waited for, until the websocket counts as
  /// lost (1006). Behind a message that nobody receives the answer may stand: then it does not count as lost.
  duration heartbeat_timeout = std::chrono::seconds(20);
  /// How long `close` waits for the other side, and whoever ends a websocket for what it has still to send.
  duration close_timeout = std::chrono::seconds(10);
};

}  // namespace hocket::http
