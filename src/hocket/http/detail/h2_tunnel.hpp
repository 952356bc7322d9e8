#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// Bytes of another protocol both ways in the DATA frames of one stream of HTTP/2. Its flag END_STREAM is the end of one direction, RST_STREAM
/// (CANCEL) what a reset is for a connection. Who does not receive holds the other side back, and who sends waits for its windows.
/// Source: RFC 9113, 8.5; RFC 8441, 5.
class h2_tunnel {
 public:
  /// `over` stays as long as `keeper`; without one until `leave` has ended. The other side may take nothing for `silence`.
  h2_tunnel(h2_stream& over, std::shared_ptr<void> keeper, duration silence) noexcept
      : stream_(&over), keeper_(std::move(keeper)), silence_(silence) {}
  h2_tunnel(const h2_tunnel&) = delete;

  /// Once.
  [[nodiscard]] static byte_stream open(std::shared_ptr<h2_tunnel> tunnel);

  /// Ends it, at once unless it was closed in order, and waits until nobody is in the stream any more.
  [[nodiscard]] coro<void> leave();

 private:
  class layer;
  class call;

  coro<buffer> receive();
  coro<void> send(std::span<const std::string_view> pieces);
  coro<void> shutdown_send();
  coro<void> close();
  void abort() noexcept;
  [[nodiscard]] bool has_something_to_read() const noexcept;

  void require_open() const;
  [[nodiscard]] std::string_view take();
  coro<void> send_piece(std::string_view piece, bool is_last, duration limit);

  h2_stream* stream_;
  std::shared_ptr<void> keeper_;
  duration silence_;
  std::string_view rest_;  // of the piece that was taken last
  std::size_t calls_ = 0;  // under way
  event none_;             // is
  bool is_sending_ = false;
  bool is_over_ = false;    // nothing more may be asked of it
  bool is_closed_ = false;  // in order
};

}  // namespace hocket::http::detail
