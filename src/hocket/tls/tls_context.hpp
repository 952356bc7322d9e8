#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/io/stream_security.hpp>

namespace hocket {

namespace detail {
class context_state;
}  // namespace detail

enum class tls_version { tls1_2, tls1_3 };

/// A chain of certificates (one's own first, then the intermediates) and the private key of the first. In PEM, from files or
/// from text. Counterpart: SSLContext.load_cert_chain.
struct tls_identity {
  std::string certfile{};
  std::string keyfile{};  ///< empty: the key is in `certfile`
  std::string password{};
  std::string certificate{};  ///< PEM text, instead of files
  std::string key{};          ///< PEM text; empty: the key is in `certificate`
};

struct tls_client_options {
  /// Whether the server's certificate is checked at all: its chain, its time, its purpose.
  bool verify = true;
  /// And whether it must be for the host that was asked for, a name or an IP address.
  bool check_hostname = true;

  /// Authorities to trust, in PEM: a file, a directory as c_rehash(1) leaves it, text. If all are empty: those of the system.
  std::string cafile{};
  std::string capath{};
  std::string cadata{};

  /// What to show to a server that asks for a certificate.
  std::optional<tls_identity> identity{};

  /// Protocols to offer, the best first: "h2", "http/1.1" (RFC 7301).
  std::vector<std::string> alpn_protocols{};

  tls_version minimum_version = tls_version::tls1_2;
  std::optional<tls_version> maximum_version{};
  /// For TLS 1.2, as in ciphers(1); empty: the system's.
  std::string ciphers{};
  /// For TLS 1.3: "TLS_AES_128_GCM_SHA256:..."; empty: the system's.
  std::string ciphersuites{};

  /// How many sessions are kept, by host and port, for resumption. The one not used for longest makes room.
  std::size_t session_cache_size = 256;

  /// Appends the secrets of all connections to this file, for wireshark: who can read it can read them (SSLKEYLOGFILE's format).
  std::string keylog_file{};
  /// Takes `keylog_file` from the environment variable SSLKEYLOGFILE, if it is set.
  bool honour_sslkeylogfile = false;
};

/// Whether a server asks its clients for certificates. Counterpart: ssl.CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED.
enum class verify_mode {
  none,
  optional,  ///< a client may come without; if it shows one, it must be good
  required,
};

struct tls_server_options {
  /// Which is used is decided by the name that the client asks for; the first, if none is for that name.
  std::vector<tls_identity> identities{};

  verify_mode client_certificates = verify_mode::none;
  /// Authorities of clients, as in `tls_client_options`; those of the system are not taken for this.
  std::string cafile{};
  std::string capath{};
  std::string cadata{};

  /// Protocols to choose from, the best first. A client that offers others only is refused (RFC 7301, 3.2).
  std::vector<std::string> alpn_protocols{};

  tls_version minimum_version = tls_version::tls1_2;
  std::optional<tls_version> maximum_version{};
  std::string ciphers{};
  std::string ciphersuites{};

  /// Resumption: the tickets that a client gets after a full handshake over TLS 1.3 (after a resumed one it gets one); with 0
  /// no session is resumed at all.
  unsigned session_tickets = 2;
  /// How long a session can be resumed. The keys of tickets change as often; the last one still opens what it has sealed.
  std::chrono::seconds session_lifetime = std::chrono::hours(2);
  /// Sessions kept for clients of TLS 1.2 that know no tickets; 0: none.
  std::size_t session_cache_size = 1024;

  std::string keylog_file{};
  bool honour_sslkeylogfile = false;
};

/// What TLS needs to know before there is a connection: whom to trust, what to show, what to allow. A cheap value, all copies of
/// which are one context; may be used by several loops. Nothing checks whether certificates were revoked (no CRL, no OCSP).
/// Counterpart: ssl.SSLContext, ssl.create_default_context.
class tls_context {
 public:
  /// Read their files here and now. Throw `tls_error` (`tls_errc::cannot_load`) in one line that names the file and the reason;
  /// std::invalid_argument for options that contradict each other.
  [[nodiscard]] static tls_context client(tls_client_options options = {});
  [[nodiscard]] static tls_context server(tls_server_options options);

  /// Reads the files again: handshakes from here on use what they hold now, connections that exist go on. If it throws, as the
  /// makers do, the context stays as it was. A server's tickets stay valid, unless it asks for client certificates; the sessions
  /// that it keeps for clients without tickets end, and so do all of a client's.
  void reload() const;

  /// For whoever takes any `stream_security`: clients and servers of HTTP.
  [[nodiscard]] operator security() const;

 private:
  explicit tls_context(std::shared_ptr<detail::context_state> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<detail::context_state> state_;
};

}  // namespace hocket
