#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/socket_operations.hpp>
#include <hocket/io/stream_layer.hpp>
#include <hocket/io/stream_socket.hpp>

namespace hocket {

namespace detail {

/// An operation of a byte stream: that of its descriptor, without a frame, or a coroutine of its layer.
template <class Plain, class Value>
class stream_operation {
 public:
  template <class... Arguments>
  explicit stream_operation(std::in_place_t, Arguments&&... plain) : plain_(std::forward<Arguments>(plain)...) {}
  template <class... Arguments>
  stream_operation(std::shared_ptr<stream_layer> layer, coro<Value> work, Arguments&&... idle)
      : plain_(std::forward<Arguments>(idle)...), layer_(std::move(layer)), work_(std::move(work)) {}

  [[nodiscard]] bool await_ready() { return !work_ && plain_.await_ready(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    if (!work_) {
      plain_.await_suspend(waiter);
      return std::noop_coroutine();
    }
    auto begun = std::move(*work_).operator co_await();
    frame_ = begun.child;
    return begun.await_suspend(waiter);
  }
  void limit(operation_limit bound) {
    if (work_)
      work_ = with_limit(bound, std::move(*work_));
    else
      plain_.limit(bound);
  }
  Value await_resume() { return frame_ ? frame_.promise().result().take() : plain_.await_resume(); }

  /// For `as_expected`.
  [[nodiscard]] std::expected<Value, std::error_code> expected() {
    if (!frame_) return plain_.expected();
    try {
      if constexpr (std::is_void_v<Value>) {
        frame_.promise().result().take();
        return {};
      } else {
        return frame_.promise().result().take();
      }
    } catch (const std::system_error& failed) {
      return std::unexpected(failed.code());
    }
  }

 private:
  static coro<Value> with_limit(operation_limit bound, coro<Value> work) {
    using enum operation_limit::kind;
    if (bound.bound == passed) co_return co_await wait_for(std::move(work), duration::zero());
    if (bound.bound == after) co_return co_await with_timeout(bound.time, std::move(work));
    co_return co_await with_timeout_at(bound.bound == at ? std::optional(time_point(bound.time)) : std::nullopt,
                                       std::move(work));
  }

  Plain plain_;
  std::shared_ptr<stream_layer> layer_;  // it lives as long as its coroutine
  std::optional<coro<Value>> work_;
  std::coroutine_handle<coro_promise<Value>> frame_;
};

using stream_receive = stream_operation<receive_operation, buffer>;
using stream_send = stream_operation<send_operation, void>;
using stream_send_pieces = stream_operation<send_pieces_operation, void>;

}  // namespace detail

/// A connection that carries bytes both ways, in order: what HTTP, TLS, proxies and tests read and write.
///
/// Inside is a connected stream socket (TCP, unix, a socket pair), a pipe, FIFO or terminal, and then an operation costs what that
/// of the system costs; or a `stream_layer`, and then an operation is a coroutine. Owns what is inside. One task may receive and one may send at a
/// time. Destroying it aborts: what is under way ends with `std::errc::operation_canceled`. Belongs to its loop's thread.
/// Counterpart: asyncio.Transport; for asyncio's streams see `stream_reader` and `stream_writer`.
class byte_stream {
 public:
  /// A stream that is not open.
  byte_stream() noexcept = default;
  /// Of a connected stream socket, an end of a pipe, a terminal.
  explicit byte_stream(io_handle socket) noexcept : handle_(std::move(socket)) {}
  explicit byte_stream(stream_socket socket) noexcept : handle_(socket.release()) {}
  /// Of a layer.
  explicit byte_stream(std::unique_ptr<stream_layer> layer) : layer_(std::move(layer)) {}
  template <std::derived_from<stream_layer> Layer>
  explicit byte_stream(std::unique_ptr<Layer> layer) : layer_(std::move(layer)) {}
  byte_stream(byte_stream&&) noexcept = default;
  byte_stream& operator=(byte_stream&& other) noexcept;
  ~byte_stream() { abort(); }

  /// Waits for bytes and gives them in a buffer that is lent; empty at the end. While it waits it holds no buffer. Cancelled, it
  /// loses no byte. Throws std::system_error, `cancelled`.
  [[nodiscard]] HOCKET_CORO_WRAPPER detail::stream_receive receive() {
    if (layer_ != nullptr) return receive_from_layer();
    return detail::stream_receive(std::in_place, handle_.record());
  }

  /// Sends all of `bytes`, which must stay alive; suspends while the peer does not take them. If it throws (also `cancelled`), an
  /// unknown part was sent and the stream is of no further use.
  [[nodiscard]] HOCKET_CORO_WRAPPER detail::stream_send send_all(std::string_view bytes, send_options options = {}) {
    if (layer_ != nullptr) return send_to_layer(bytes);
    return detail::stream_send(std::in_place, handle_.record(), bytes, options);
  }
  /// The same for several pieces, one after the other; both the bytes and, for a layer, the span must stay alive.
  [[nodiscard]] HOCKET_CORO_WRAPPER detail::stream_send_pieces send_all(std::span<const std::string_view> pieces);

  /// Tells the peer that nothing more will be sent; receiving goes on. Over TLS this is its closure alert; a pipe is closed by
  /// it. Throws std::system_error, `cancelled`.
  [[nodiscard]] coro<void> shutdown_send();

  /// Ends it in an orderly way: over TLS with a closure alert, for which the layer has a limit of time; a socket is closed at
  /// once, and the system sends what it has taken. Not open from here on. Throws std::system_error, `cancelled`.
  [[nodiscard]] coro<void> close();

  /// Ends it at once, also while `close` waits. What the system has taken of a plain socket is still sent.
  void abort() noexcept;
  /// The same, but nothing more is sent: the peer sees a reset, and the system keeps nothing for one that reads no more. A stream without
  /// a TCP socket at the bottom is aborted. SO_LINGER with 0
  void reset() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open() || layer_ != nullptr; }

  /// The addresses of the socket below all layers. Throw std::system_error if there is none.
  [[nodiscard]] socket_address local_address() const;
  [[nodiscard]] socket_address peer_address() const;

  /// Without waiting: bytes or the end have come. On a connection at rest either means that it cannot be used again.
  [[nodiscard]] bool has_something_to_read() const noexcept;

  /// The topmost layer of type `Layer`, or null: what TLS has agreed upon, for instance.
  /// Counterpart: Transport.get_extra_info.
  template <class Layer>
  [[nodiscard]] Layer* find_layer() const noexcept {
    for (const byte_stream* at = this; at != nullptr && at->layer_ != nullptr; at = at->layer_->below())
      if (auto* found = dynamic_cast<Layer*>(at->layer_.get())) return found;
    return nullptr;
  }

  /// The socket itself, if there is no layer; otherwise one that is not open. It stays this object's.
  [[nodiscard]] const io_handle& socket() const noexcept { return handle_; }
  /// Gives the socket away. Precondition: there is no layer.
  [[nodiscard]] io_handle release_socket() noexcept { return std::move(handle_); }

 private:
  [[nodiscard]] HOCKET_CORO_WRAPPER detail::stream_receive receive_from_layer();
  [[nodiscard]] HOCKET_CORO_WRAPPER detail::stream_send send_to_layer(std::string_view bytes);
  [[nodiscard]] const io_handle& lowest_socket() const noexcept;

  io_handle handle_;
  std::shared_ptr<stream_layer> layer_;
  std::weak_ptr<stream_layer> ending_;  // while it is closed in order
};

}  // namespace hocket
