#pragma once

#include <string>

#include <hocket/tls/detail/openssl_handle.hpp>
#include <hocket/tls/tls_error.hpp>

struct x509_store_ctx_st;

namespace hocket::detail {

/// Why a certificate was not accepted.
struct peer_verdict {
  tls_errc code{};  // zero: it was
  std::string reason;

  [[nodiscard]] explicit operator bool() const noexcept { return code != tls_errc{}; }
};

/// Of a check that has failed, for `host` if a host was asked for.
[[nodiscard]] peer_verdict verdict_of(x509_store_ctx_st& failed, const std::string& host);

/// What the last failure of OpenSSL's means for a connection, `in_handshake` or after. Empties the queue of errors.
[[nodiscard]] peer_verdict reason_of_failure(bool in_handshake);

}  // namespace hocket::detail
