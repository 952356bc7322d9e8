#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/io/detail/transport_connection.hpp>
#include <hocket/io/protocol.hpp>
#include <hocket/io/write_buffer_limits.hpp>

namespace hocket {

/// A connection as its protocol sees it: a handle, cheap to copy. Dropping all of them closes nothing; the connection lives until
/// it is lost. After that its calls have no effect.
///
/// Writing is that of `stream_writer`: what is written in one turn goes out together, in the next. Belongs to its loop.
/// Counterpart: asyncio.Transport.
class transport {
 public:
  /// No transport: assign one before any other use.
  transport() noexcept = default;
  explicit transport(detail::transport_ref connection) noexcept : connection_(std::move(connection)) {}

  /// Takes a copy of `bytes`. May call `pause_writing`. Without effect when it is closing. Throws `invalid_state_error` after
  /// `write_eof`.
  void write(std::string_view bytes) const { connection_->write(bytes); }
  template <std::ranges::input_range Pieces>
    requires std::convertible_to<std::ranges::range_reference_t<Pieces>, std::string_view>
  void writelines(Pieces&& pieces) const {
    for (auto&& each : pieces) connection_->write(std::string_view(each));
  }
  /// After what was written the peer is told that nothing more comes; receiving goes on.
  void write_eof() const { connection_->write_eof(); }
  [[nodiscard]] bool can_write_eof() const noexcept { return true; }

  /// Sends what was written, then closes. From here on nothing is received. Then comes `connection_lost`.
  void close() const noexcept { connection_->close(); }
  /// Closes now, drops what was not sent. Then comes `connection_lost`.
  void abort() const noexcept { connection_->lose(nullptr); }
  [[nodiscard]] bool is_closing() const noexcept { return connection_->is_closing(); }

  /// No `data_received` and no `eof_received` comes before `resume_reading`, and the peer is held up. What the system had handed
  /// over by then, at most 20 KiB, waits in a buffer of the loop's.
  void pause_reading() const noexcept { connection_->pause_reading(); }
  void resume_reading() const noexcept { connection_->resume_reading(); }
  [[nodiscard]] bool is_reading() const noexcept { return connection_->is_reading(); }

  /// As those of `stream_writer`.
  void set_write_buffer_limits(std::optional<std::size_t> high = {}, std::optional<std::size_t> low = {}) const {
    connection_->set_write_buffer_limits(high, low);
  }
  [[nodiscard]] write_buffer_limits get_write_buffer_limits() const noexcept { return connection_->limits(); }
  [[nodiscard]] std::size_t get_write_buffer_size() const noexcept { return connection_->write_buffer_size(); }

  /// Whom it calls; null once the connection is lost. A protocol that is set is not told of `connection_made`.
  [[nodiscard]] std::shared_ptr<protocol> get_protocol() const noexcept { return connection_->get_protocol(); }
  void set_protocol(std::shared_ptr<protocol> next) const noexcept { connection_->set_protocol(std::move(next)); }

  /// The addresses of the socket below. Throw std::system_error if there is none.
  [[nodiscard]] socket_address local_address() const { return connection_->stream().local_address(); }
  [[nodiscard]] socket_address peer_address() const { return connection_->stream().peer_address(); }
  /// The topmost layer of type `Layer`, or null. Counterpart: get_extra_info.
  template <class Layer>
  [[nodiscard]] Layer* find_layer() const noexcept {
    return connection_->stream().find_layer<Layer>();
  }

  /// False of a transport that is none.
  explicit operator bool() const noexcept { return static_cast<bool>(connection_); }
  friend bool operator==(const transport& a, const transport& b) noexcept {
    return a.connection_.get() == b.connection_.get();
  }

 private:
  detail::transport_ref connection_;
};

}  // namespace hocket
