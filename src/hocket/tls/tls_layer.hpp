#pragma once

#include <optional>
#include <string>
#include <vector>

#include <hocket/io/stream_layer.hpp>
#include <hocket/tls/tls_certificate.hpp>

namespace hocket {

/// The layer of a secure stream: what the two sides have agreed upon. `stream.find_layer<tls_layer>()` gives it, null for a plain
/// stream. It lives as long as the stream is open.
/// Counterpart: Transport.get_extra_info('ssl_object'), ssl.SSLObject.
class tls_layer : public stream_layer {
 public:
  /// "TLSv1.3"
  [[nodiscard]] virtual std::string version() const = 0;
  /// "TLS_AES_256_GCM_SHA384"
  [[nodiscard]] virtual std::string cipher() const = 0;
  /// The protocol that both wanted (RFC 7301), such as "h2"; empty if there was no agreement.
  [[nodiscard]] virtual std::string alpn_protocol() const = 0;
  /// The host name that the client asked for (SNI, RFC 6066); empty if none.
  [[nodiscard]] virtual std::string server_name() const = 0;
  /// True if an earlier session went on: then no certificates were sent, and those shown here are the session's.
  [[nodiscard]] virtual bool session_reused() const = 0;

  /// The peer's own certificate; nothing if it has shown none.
  [[nodiscard]] virtual std::optional<tls_certificate> peer_certificate() const = 0;
  /// The certificates that the peer has sent, its own first.
  [[nodiscard]] virtual std::vector<tls_certificate> peer_chain() const = 0;
};

}  // namespace hocket
