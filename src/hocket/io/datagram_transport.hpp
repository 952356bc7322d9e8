#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <hocket/io/datagram_protocol.hpp>
#include <hocket/io/detail/datagram_endpoint.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/io/write_buffer_limits.hpp>

namespace hocket {

/// An endpoint of datagrams as its protocol sees it: a handle, cheap to copy. Dropping all of them closes nothing; the endpoint
/// lives until it is lost. After that its calls have no effect. Belongs to its loop. Counterpart: asyncio.DatagramTransport.
class datagram_transport {
 public:
  /// No transport: assign one before any other use.
  datagram_transport() noexcept = default;
  explicit datagram_transport(detail::datagram_ref endpoint) noexcept : endpoint_(std::move(endpoint)) {}

  /// Sends a datagram at once, or, if the system has no room or others wait, keeps a copy and sends it when their turn has come.
  /// May call `error_received` and `pause_writing`. Without effect when it is closing.
  ///
  /// Goes to the remote address, or to `to`; throws std::invalid_argument if there is neither, or if these differ.
  void sendto(std::string_view bytes) const { endpoint_->send(bytes, nullptr); }
  void sendto(std::string_view bytes, const socket_address& to) const { endpoint_->send(bytes, &to); }

  /// Sends what waits, then closes. From here on nothing is received. Then comes `connection_lost`.
  void close() const noexcept { endpoint_->close(); }
  /// Closes now, drops what waits. Then comes `connection_lost`.
  void abort() const noexcept { endpoint_->lose(nullptr); }
  [[nodiscard]] bool is_closing() const noexcept { return endpoint_->is_closing(); }

  /// As those of `stream_writer`.
  void set_write_buffer_limits(std::optional<std::size_t> high = {}, std::optional<std::size_t> low = {}) const {
    endpoint_->set_write_buffer_limits(high, low);
  }
  [[nodiscard]] write_buffer_limits get_write_buffer_limits() const noexcept { return endpoint_->limits(); }
  /// Bytes that wait to be sent, and eight more for each datagram, so that empty ones count too.
  [[nodiscard]] std::size_t get_write_buffer_size() const noexcept { return endpoint_->write_buffer_size(); }

  /// Whom it calls; null once it is lost. A protocol that is set is not told of `connection_made`.
  [[nodiscard]] std::shared_ptr<datagram_protocol> get_protocol() const noexcept { return endpoint_->get_protocol(); }
  void set_protocol(std::shared_ptr<datagram_protocol> next) const noexcept {
    endpoint_->set_protocol(std::move(next));
  }

  /// Throw std::system_error if it is lost; `peer_address` also if the socket is not connected.
  [[nodiscard]] socket_address local_address() const { return endpoint_->socket().local_address(); }
  [[nodiscard]] socket_address peer_address() const { return endpoint_->socket().peer_address(); }
  /// To set options or join groups. It stays the transport's, which alone receives and sends. Counterpart: get_extra_info.
  [[nodiscard]] udp_socket& socket() const noexcept { return endpoint_->socket(); }

  /// False of a transport that is none.
  explicit operator bool() const noexcept { return static_cast<bool>(endpoint_); }
  friend bool operator==(const datagram_transport& a, const datagram_transport& b) noexcept {
    return a.endpoint_.get() == b.endpoint_.get();
  }

 private:
  detail::datagram_ref endpoint_;
};

}  // namespace hocket
