#pragma once

#include <string>
#include <vector>

#include <hocket/tls/tls_context.hpp>

namespace hocket::testing {

/// A certificate to be made, good unless told otherwise.
struct certificate_options {
  std::string subject = "localhost";
  std::vector<std::string> hosts{"localhost", "127.0.0.1"};
  bool authority = false;
  std::string purposes = "serverAuth,clientAuth";
  int begins_in_days = -1;
  int ends_in_days = 30;
};

/// In PEM.
struct issued_certificate {
  std::string certificate;
  std::string key;

  [[nodiscard]] tls_identity identity() const { return {.certificate = certificate, .key = key}; }
  /// Shown together with the authority that has signed it.
  [[nodiscard]] tls_identity identity_with(const issued_certificate& intermediate) const {
    return {.certificate = certificate + intermediate.certificate, .key = key};
  }
};

/// Makes a key and its certificate, signed by `by`, or by itself.
[[nodiscard]] issued_certificate issue(const certificate_options& options, const issued_certificate* by = nullptr);

[[nodiscard]] inline issued_certificate make_authority(std::string name, const issued_certificate* by = nullptr) {
  return issue({.subject = std::move(name), .hosts = {}, .authority = true, .purposes = {}}, by);
}

/// The same key behind a password.
[[nodiscard]] std::string encrypted(const std::string& key, const std::string& password);

}  // namespace hocket::testing
