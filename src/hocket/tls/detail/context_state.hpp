#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <hocket/io/stream_security.hpp>
#include <hocket/tls/detail/openssl_handle.hpp>
#include <hocket/tls/detail/session_cache.hpp>
#include <hocket/tls/detail/ticket_keys.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket::detail {

/// What the files held when they were read: one SSL_CTX, and for a server one for each further identity. A connection keeps the
/// one that it began with.
class context_generation {
 public:
  explicit context_generation(const tls_client_options& options);
  explicit context_generation(const tls_server_options& options);

  [[nodiscard]] ssl_ctx_st& main() const noexcept { return *contexts_.front(); }

  /// A server's identity for `name`: one with that very name, else one with a wildcard for it, else the first.
  [[nodiscard]] ssl_ctx_st& for_name(const std::string& name) const noexcept;
  /// The best first; none if the options name none.
  [[nodiscard]] const std::vector<std::string>& alpn_protocols() const noexcept { return alpn_protocols_; }
  /// For a client. Throws std::invalid_argument of names that cannot be.
  static void offer_protocols(ssl_st& to, const std::vector<std::string>& protocols);
  void log_secret(const char* line) const noexcept;

  /// A client's. A session is as good as the trust under which it was verified, so it ends with the generation: also one whose
  /// ticket comes after a reload.
  [[nodiscard]] session_cache& sessions() const noexcept { return sessions_; }

  /// A server's.
  [[nodiscard]] ticket_keys& tickets() const noexcept { return *tickets_; }
  /// Lets clients go on with the sessions of an earlier generation.
  void keep_tickets_of(const context_generation& earlier) noexcept { tickets_ = earlier.tickets_; }

 private:
  template <class Options>
  void set_up(ssl_ctx_st& context, const Options& options);
  void set_up_server(ssl_ctx_st& context, const tls_server_options& options);

  std::vector<openssl_handle<ssl_ctx_st>> contexts_;  // that of the first identity first
  std::vector<std::string> alpn_protocols_;
  std::string keylog_file_;
  mutable session_cache sessions_;
  std::shared_ptr<ticket_keys> tickets_;  // null for a client
};

/// What all copies of a `tls_context` are.
class context_state final : public stream_security, public std::enable_shared_from_this<context_state> {
 public:
  explicit context_state(tls_client_options options);
  explicit context_state(tls_server_options options);

  void reload();
  [[nodiscard]] coro<byte_stream> start_tls(byte_stream under, start_tls_options options) const override;

  [[nodiscard]] std::shared_ptr<const context_generation> generation() const;
  /// Null for a server.
  [[nodiscard]] const tls_client_options* client_options() const noexcept {
    return std::get_if<tls_client_options>(&options_);
  }

 private:
  std::variant<tls_client_options, tls_server_options> options_;
  mutable std::mutex mutex_;  // around the pointer alone
  std::shared_ptr<const context_generation> generation_;
};

}  // namespace hocket::detail
