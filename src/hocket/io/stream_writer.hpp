#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/io/detail/stream_connection.hpp>

namespace hocket {

struct writer_tls_options {
  /// On the client's side: whom the server's certificate must be for.
  std::string server_hostname{};
  duration handshake_timeout = std::chrono::seconds(60);
  duration shutdown_timeout = std::chrono::seconds(30);
};

namespace detail {

class drain_operation final : public waiter {
 public:
  explicit drain_operation(stream_ref of) noexcept : waiter(of.get()), of_(std::move(of)) {}
  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume();
  bool stop() noexcept override;

 private:
  stream_ref of_;
  bool in_line_ = false;
};

}  // namespace detail

/// The sending half of a connection: what is written is sent in order, by a task of its own that exists while there is something
/// to send. `open_connection` and servers make it.
///
/// Writing does not wait. What is written in one turn goes out in one send, in the next turn or when `drain` is called. Who
/// writes much awaits `drain` now and then: it waits while more than 64 KiB are left to send.
///
/// A writer that is destroyed without having been closed aborts its connection, unless that belongs to a server, which closes
/// it. What has not been sent when a run ends is lost: await `wait_closed`. Belongs to its loop. Counterpart: asyncio.StreamWriter.
class stream_writer {
 public:
  explicit stream_writer(detail::stream_ref connection) noexcept : connection_(std::move(connection)) {}
  stream_writer(stream_writer&&) noexcept = default;
  stream_writer& operator=(stream_writer&& other) noexcept {
    if (this != &other) {
      leave();
      connection_ = std::move(other.connection_);
    }
    return *this;
  }
  ~stream_writer() { leave(); }

  /// Takes a copy of `bytes`; an rvalue std::string that is large is taken over instead. Without effect when the connection is
  /// closing or lost. Throws `invalid_state_error` after `write_eof`.
  void write(std::string_view bytes) { connection_->write(bytes); }
  template <std::same_as<std::string> Owned>
  void write(Owned&& bytes)
    requires(!std::is_lvalue_reference_v<Owned>)
  {
    connection_->write_owned(std::forward<Owned>(bytes));
  }
  /// The same for each of them, in order. Nothing is put between them.
  template <std::ranges::input_range Lines>
    requires std::convertible_to<std::ranges::range_reference_t<Lines>, std::string_view>
  void writelines(Lines&& lines) {
    for (auto&& each : lines) connection_->write(std::string_view(each));
  }

  /// After what was written the peer is told that nothing more comes; reading goes on.
  void write_eof() { connection_->write_eof(); }
  /// Always true: what cannot tell the end fails when it is to.
  [[nodiscard]] bool can_write_eof() const noexcept { return true; }

  /// Begins to send what was written, and waits if more than the high-water mark is left, until the low one is reached. Throws
  /// by what the connection was lost (std::system_error; connection_reset if it was closed or aborted), and `cancelled`: what
  /// was written is sent all the same. Any number of tasks may wait.
  [[nodiscard]] detail::drain_operation drain() noexcept { return detail::drain_operation(connection_); }

  /// 64 and 16 KiB unless set. Without one of them: four times the other, a quarter. Throws std::invalid_argument.
  void set_write_buffer_limits(std::optional<std::size_t> high = {}, std::optional<std::size_t> low = {}) {
    connection_->set_write_buffer_limits(high, low);
  }
  /// Bytes that were written and not sent.
  [[nodiscard]] std::size_t write_buffer_size() const noexcept { return connection_->write_buffer_size(); }

  /// Sends what was written, then closes; does not wait, and nothing is sent any more that is written after it. Who reads gets
  /// the end.
  void close() noexcept { connection_->close(); }
  /// Waits until it is closed, by whichever side. Throws by what it was lost, and `cancelled`.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<void> wait_closed();
  /// Closes now; drops what was not sent. Who reads gets the end.
  void abort() noexcept { connection_->lose(nullptr); }
  /// True from `close`, `abort` or an error on.
  [[nodiscard]] bool is_closing() const noexcept { return connection_->is_closing(); }

  /// Sends what was written, then makes the connection secure; bytes that the reader holds already belong to the handshake.
  /// Throws `invalid_state_error` while somebody reads, and `cancelled` while it still sends: then nothing has happened.
  /// std::system_error, `timeout_error`, `cancelled` of the handshake: then the connection is lost. The server's side is the one that `start_server` made.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<void> start_tls(security with, writer_tls_options options = {});

  /// The addresses of the socket below. Throw std::system_error if there is none.
  [[nodiscard]] socket_address local_address() const { return connection_->stream().local_address(); }
  [[nodiscard]] socket_address peer_address() const { return connection_->stream().peer_address(); }
  /// The topmost layer of type `Layer`, or null. Counterpart: get_extra_info.
  template <class Layer>
  [[nodiscard]] Layer* find_layer() const noexcept {
    return connection_->stream().find_layer<Layer>();
  }

 private:
  void leave() noexcept {
    if (connection_ && !connection_->is_closing() && !connection_->is_served()) connection_->lose(nullptr);
  }

  detail::stream_ref connection_;
};

}  // namespace hocket
