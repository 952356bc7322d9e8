#pragma once

#include <optional>
#include <string>
#include <vector>

#include <hocket/io/socket_address.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket::app {

/// What `hocket serve` was told about TLS.
struct serve_tls_arguments {
  std::string certificate_file{};
  std::string key_file{};
  bool self_signed = false;

  [[nodiscard]] bool wanted() const noexcept { return self_signed || !certificate_file.empty(); }
};

struct serve_security {
  security tls{};                           // null: plain HTTP
  std::string description{};                // of a certificate made on the spot: whom it is for, and its fingerprint
  std::optional<tls_context> from_files{};  // what `tls` is, if files can be read again for it
};

/// What a server that was told to serve `host`, and listens at `address`, shows its clients. Throws `failure`.
[[nodiscard]] serve_security secure_server(const serve_tls_arguments& arguments, const std::string& host,
                                           const socket_address& address);

/// The names and addresses under which such a server is reached: `host`, its address, and if that is this machine's own or
/// every address, "localhost" with its addresses, the machine's name, the addresses of its interfaces.
[[nodiscard]] std::vector<std::string> hosts_served(const std::string& host, const socket_address& address);

}  // namespace hocket::app
