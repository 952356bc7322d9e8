#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace hocket {

/// What a certificate says (X.509, RFC 5280).
struct tls_certificate {
  std::string subject;        ///< as RFC 2253 writes it: "CN=example.org,O=Example"
  std::string issuer;         ///< the same
  std::string serial_number;  ///< hexadecimal
  /// Host names of the subjectAltName, perhaps with a wildcard: "*.example.org". To be shown, not to be compared: what is no
  /// printable ASCII stands there as '.'.
  std::vector<std::string> names;
  std::vector<std::string> addresses;  ///< IP addresses of the subjectAltName: "192.0.2.1", "2001:db8::1"
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
  std::string fingerprint;  ///< SHA-256 of the whole: "AB:CD:..."
  std::string der;          ///< the whole, binary

  /// The whole as text: "-----BEGIN CERTIFICATE-----" and so on.
  [[nodiscard]] std::string pem() const;
};

}  // namespace hocket
