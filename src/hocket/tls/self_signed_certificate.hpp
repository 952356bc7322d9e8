#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <hocket/tls/tls_context.hpp>

namespace hocket {

struct self_signed_options {
  /// Host names ("localhost", "*.example.org") and IP addresses that it is for; the first is its subject.
  std::vector<std::string> hosts{"localhost", "127.0.0.1", "::1"};
  std::chrono::days lifetime{30};
};

/// A certificate that nobody vouches for, with its key: for development, tests, and peers that compare fingerprints.
struct self_signed_certificate {
  std::string certificate;  ///< PEM; also what clients give as `cadata` to trust it
  std::string key;          ///< PEM, not encrypted
  std::string fingerprint;  ///< SHA-256: "AB:CD:..."

  /// To be shown by a context.
  [[nodiscard]] tls_identity identity() const { return {.certificate = certificate, .key = key}; }
};

/// Makes a key (ECDSA, P-256) and its certificate, valid from an hour ago. Takes a fraction of a millisecond.
/// Throws std::invalid_argument if there are no hosts.
[[nodiscard]] self_signed_certificate make_self_signed_certificate(self_signed_options options = {});

}  // namespace hocket
