#pragma once

#include <span>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/loop/buffer.hpp>

namespace hocket {

class byte_stream;

/// What may stand between a `byte_stream` and the system: TLS, a tunnel, a simulated link, a double for tests. Layers stack: one
/// that changes bytes owns the `byte_stream` below it.
///
/// A layer is called by one receiver and one sender at a time, which may be two tasks. Each call is cancelled like any await; a
/// cancelled `receive` must lose no byte, a cancelled `send` makes the stream useless. After `abort` calls under way end with
/// `std::errc::operation_canceled`; the layer is destroyed when the last has ended.
class stream_layer {
 public:
  stream_layer() noexcept = default;
  stream_layer(const stream_layer&) = delete;
  stream_layer& operator=(const stream_layer&) = delete;
  virtual ~stream_layer() = default;

  /// The next bytes, as soon as there are any; empty at the end. Holds no buffer while it waits. Throws std::system_error.
  [[nodiscard]] virtual coro<buffer> receive() = 0;

  /// Sends all of `pieces`, which stay alive until it has ended; they are not empty. Throws std::system_error.
  [[nodiscard]] virtual coro<void> send(std::span<const std::string_view> pieces) = 0;

  /// Tells the peer that nothing more will be sent; receiving goes on. Throws std::system_error.
  [[nodiscard]] virtual coro<void> shutdown_send() = 0;

  /// Ends the stream in an orderly way: the peer is told as the protocol wants it, within the layer's own limit of time. The
  /// stream below is closed in any case, also if it throws std::system_error or `cancelled`.
  [[nodiscard]] virtual coro<void> close() = 0;

  /// Ends the stream at once.
  virtual void abort() noexcept = 0;

  /// Without waiting: bytes or the end have come, or the stream is broken.
  [[nodiscard]] virtual bool has_something_to_read() const noexcept = 0;

  /// The stream that this one stands on; null if there is none.
  [[nodiscard]] virtual const byte_stream* below() const noexcept { return nullptr; }
};

}  // namespace hocket
