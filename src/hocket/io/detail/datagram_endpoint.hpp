#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/io/datagram_protocol.hpp>
#include <hocket/io/detail/water_marks.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::detail {

/// A socket of datagrams whose reader is a protocol. Counted by its handles and by the tasks that work for it. It is *closing*
/// once it takes nothing more, and *lost* once the socket is gone, for which there may be an error. Neither is undone.
class datagram_endpoint final : public arena_allocated {
 public:
  /// `peer`: where it sends. Without one that is where the socket is connected, if it is.
  datagram_endpoint(udp_socket socket, std::optional<socket_address> peer, std::shared_ptr<datagram_protocol> receiver);
  datagram_endpoint(const datagram_endpoint&) = delete;
  datagram_endpoint& operator=(const datagram_endpoint&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  /// Tells the protocol of everything, from `connection_made`, its first step, to `connection_lost`; datagrams come a turn later
  /// at the earliest.
  HOCKET_CORO_WRAPPER static coro<void> run(record_ref<datagram_endpoint> self);

  /// Null: to its peer.
  void send(std::string_view bytes, const socket_address* to);
  /// Sends what waits, then closes.
  void close() noexcept;
  /// Closes now and drops what waits.
  void lose(std::exception_ptr error) noexcept;
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  /// What it was lost by; null if it was closed or aborted.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);
  [[nodiscard]] write_buffer_limits limits() const noexcept { return marks_.limits(); }
  [[nodiscard]] std::size_t write_buffer_size() const noexcept { return waiting_bytes_; }

  [[nodiscard]] udp_socket& socket() noexcept { return socket_; }
  /// Null once it is lost.
  [[nodiscard]] const std::shared_ptr<datagram_protocol>& get_protocol() const noexcept { return protocol_; }
  void set_protocol(std::shared_ptr<datagram_protocol> next) noexcept { protocol_ = std::move(next); }

 private:
  template <class Transport, class Connection>
  friend coro<void> serve_protocol(record_ref<Connection> self);

  struct waiting_datagram {
    std::string bytes;
    std::optional<socket_address> to;  // nothing: where the socket is connected

    /// As asyncio counts, so that a queue of empty ones is not endless.
    [[nodiscard]] std::size_t cost() const noexcept { return bytes.size() + 8; }
  };

  ~datagram_endpoint() = default;

  static coro<void> read_all(record_ref<datagram_endpoint> self);
  static coro<void> wait_closed(record_ref<datagram_endpoint> self);
  void hand_over(datagram_batch& received);
  [[nodiscard]] int try_to_send(std::string_view bytes, const socket_address* to);
  void start_sending() noexcept;
  static coro<void> send_waiting(record_ref<datagram_endpoint> self);
  coro<void> send_all();
  void pause_if_too_many() noexcept;
  void tell_error(std::error_code error) noexcept;

  udp_socket socket_;
  std::optional<socket_address> peer_;
  std::shared_ptr<datagram_protocol> protocol_;
  std::deque<waiting_datagram> waiting_;
  std::size_t waiting_bytes_ = 0;  // with the one that is being sent
  water_marks marks_;
  event was_lost_;
  std::exception_ptr error_;
  std::uint32_t references_ = 0;
  bool connected_;
  bool sending_ = false;  // there is a task that sends what waits
  bool closing_ = false;
  bool lost_ = false;
};

using datagram_ref = record_ref<datagram_endpoint>;

}  // namespace hocket::detail
