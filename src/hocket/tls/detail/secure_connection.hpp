#pragma once

#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hocket/io/byte_stream.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/tls/detail/cipher_bytes.hpp>
#include <hocket/tls/detail/context_state.hpp>
#include <hocket/tls/detail/peer_verdict.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::detail {

class outgoing_plain;

/// A secure stream: one SSL over a `byte_stream`.
class secure_connection final : public tls_layer, public std::enable_shared_from_this<secure_connection> {
 public:
  secure_connection(std::shared_ptr<const context_state> context, byte_stream under, start_tls_options options);
  ~secure_connection() override;

  /// Shakes hands. If it throws, the stream below is closed.
  [[nodiscard]] coro<void> start();

  [[nodiscard]] coro<buffer> receive() override;
  [[nodiscard]] coro<void> send(std::span<const std::string_view> pieces) override;
  [[nodiscard]] coro<void> shutdown_send() override;
  [[nodiscard]] coro<void> close() override;
  void abort() noexcept override;
  [[nodiscard]] bool has_something_to_read() const noexcept override;
  [[nodiscard]] const byte_stream* below() const noexcept override { return &below_; }

  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string cipher() const override;
  [[nodiscard]] std::string alpn_protocol() const override;
  [[nodiscard]] std::string server_name() const override;
  [[nodiscard]] bool session_reused() const override;
  [[nodiscard]] std::optional<tls_certificate> peer_certificate() const override;
  [[nodiscard]] std::vector<tls_certificate> peer_chain() const override;

  /// For OpenSSL's callbacks.
  [[nodiscard]] const context_generation& generation() const noexcept { return *generation_; }
  /// The protocols that this side speaks (ALPN), the best first.
  [[nodiscard]] const std::vector<std::string>& own_protocols() const noexcept {
    const auto& named = generation_->alpn_protocols();
    return named.empty() ? options_.alpn_protocols : named;
  }
  [[nodiscard]] bool keep_session(ssl_session_st* session) const;
  static int note_verdict(int good, x509_store_ctx_st* checked);

 private:
  static constexpr std::size_t largest_record = 16 * 1024;
  static constexpr std::size_t small_record = 1369;            // with its frame it fits one TCP segment
  static constexpr std::size_t small_records_for = 32 * 1024;  // bytes, then large ones
  static constexpr std::size_t most_output = 64 * 1024;        // encrypted and not sent, when another record is added
  static constexpr std::size_t most_handshake_bytes = 256 * 1024;
  static constexpr std::size_t most_idle_records = 100;     // in a row without any data
  static constexpr std::size_t most_dropped = 1024 * 1024;  // while closing

  void set_up_client();
  [[nodiscard]] coro<void> shake_hands();
  [[nodiscard]] coro<std::expected<void, std::error_code>> try_shutdown_send();
  [[nodiscard]] coro<void> say_farewell();
  [[nodiscard]] HOCKET_CORO_WRAPPER stream_send_pieces leave();
  static coro<void> flush_owed(std::shared_ptr<secure_connection> self);
  void flush_soon();
  [[nodiscard]] coro<void> feed(std::size_t seen);
  void take(buffer received);

  [[nodiscard]] bool read_into(buffer& into);
  [[nodiscard]] bool encrypt(outgoing_plain& from);
  [[nodiscard]] bool has_undecrypted() const noexcept;
  [[nodiscard]] bool read_record(std::span<char> into, std::size_t& filled);

  void require_open() const;
  void require_sending() const;
  /// Throws a failure of the transport, with its code, as that of this peer.
  [[noreturn]] void name_peer(const std::system_error& failed) const;
  [[nodiscard]] std::exception_ptr error(tls_errc code, const std::string& reason) const;
  [[nodiscard]] std::exception_ptr failure(bool in_handshake);
  void check_first_bytes() const;
  static void count_record(int written, int version, int type, const void* bytes, std::size_t size, ssl_st* ssl,
                           void* self);

  std::shared_ptr<const context_state> context_;
  std::shared_ptr<const context_generation> generation_;
  byte_stream below_;
  start_tls_options options_;
  std::string peer_;         // as messages name it
  std::string session_key_;  // empty: sessions are not kept
  cipher_bytes cipher_;
  cipher_output leaving_;  // what the transport is sending; its sender has `sending_`
  openssl_handle<ssl_st> ssl_;
  peer_verdict verdict_;

  lock sending_;  // the way out of the transport
  lock feeding_;  // and the way in
  std::size_t feeds_ = 0;
  std::size_t idle_records_ = 0;
  std::size_t sent_in_burst_ = 0;
  time_point last_sent_{};
  std::exception_ptr receive_failure_;
  bool established_ = false;
  bool transport_ended_ = false;
  bool received_end_ = false;
  bool sent_end_ = false;
  bool send_cut_off_ = false;
  bool unusable_ = false;  // OpenSSL has failed: it must not be asked again
  bool aborted_ = false;
};

}  // namespace hocket::detail
