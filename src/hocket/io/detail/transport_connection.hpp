#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <hocket/io/detail/connection.hpp>
#include <hocket/io/protocol.hpp>

namespace hocket::detail {

/// A connection whose reader is a protocol.
class transport_connection final : public connection {
 public:
  enum class direction : bool {
    both,
    only_writes,  // of a pipe, a FIFO: it notices when nobody reads any more
  };
  transport_connection(byte_stream stream, std::shared_ptr<protocol> reader, direction way)
      : connection(std::move(stream)), protocol_(std::move(reader)), way_(way) {}

  /// Tells the protocol of the connection, from its beginning to its end. Its first step is `connection_made`; bytes come a turn
  /// later at the earliest.
  HOCKET_CORO_WRAPPER static coro<void> run(record_ref<transport_connection> self);

  void pause_reading() noexcept { reading_paused_ = true; }
  void resume_reading() noexcept;
  [[nodiscard]] bool is_reading() const noexcept { return !reading_paused_ && !is_closing(); }

  /// Null once the connection is lost.
  [[nodiscard]] const std::shared_ptr<protocol>& get_protocol() const noexcept { return protocol_; }
  void set_protocol(std::shared_ptr<protocol> next) noexcept { protocol_ = std::move(next); }

 private:
  template <class Transport, class Connection>
  friend coro<void> serve_protocol(record_ref<Connection> self);

  ~transport_connection() override = default;
  void writing_paused() noexcept override;
  void writing_resumed() noexcept override;
  void was_lost() noexcept override { wake_all(readers_); }

  static coro<void> read_all(record_ref<transport_connection> self);
  coro<void> wait_for_hang_up();
  coro<void> wait_until_reading();
  [[nodiscard]] bool hand_over(buffer received);

  std::shared_ptr<protocol> protocol_;
  ready_queue readers_;  // the one that reads, while it is paused
  bool reading_paused_ = false;
  const direction way_;
};

using transport_ref = record_ref<transport_connection>;

[[nodiscard]] transport_ref make_transport_connection(
    byte_stream stream, std::shared_ptr<protocol> reader,
    transport_connection::direction way = transport_connection::direction::both);

}  // namespace hocket::detail
