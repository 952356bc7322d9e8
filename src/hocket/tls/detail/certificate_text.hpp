#pragma once

#include <string>

#include <hocket/tls/detail/openssl_handle.hpp>
#include <hocket/tls/tls_certificate.hpp>

namespace hocket::detail {

/// What `certificate` says.
[[nodiscard]] tls_certificate describe(const x509_st& certificate);

[[nodiscard]] std::string pem_of(const x509_st& certificate);
/// "AB:CD:...", SHA-256.
[[nodiscard]] std::string fingerprint_of(const x509_st& certificate);
/// The day, as in "2024-05-01".
[[nodiscard]] std::string day_of(std::chrono::sys_seconds moment);

}  // namespace hocket::detail
