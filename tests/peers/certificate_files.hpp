#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <io/temporary_directory.hpp>
#include <tls/certificate_authority.hpp>

namespace hocket::testing {

/// An authority, and what it has signed, in PEM files for the programs of others.
class certificate_files {
 public:
  struct identity_files {
    std::string certificate;
    std::string key;

    [[nodiscard]] tls_identity identity() const { return {.certfile = certificate, .keyfile = key}; }
  };

  explicit certificate_files(std::string authority_name = "Authority of the peers")
      : authority(make_authority(std::move(authority_name))) {
    write_file(cafile(), authority.certificate);
  }

  [[nodiscard]] std::string cafile() const { return folder_ / "authority.pem"; }

  /// What was issued, as files; `chain` are certificates to be shown with it.
  [[nodiscard]] identity_files write(const issued_certificate& issued, const std::string& chain = {}) {
    const std::string name = folder_ / std::to_string(++count_);
    write_file(name + ".pem", issued.certificate + chain);
    write_file(name + ".key", issued.key);
    return {name + ".pem", name + ".key"};
  }
  /// For localhost and 127.0.0.1 unless told otherwise.
  [[nodiscard]] identity_files issue(const certificate_options& options = {}) {
    return write(testing::issue(options, &authority));
  }

  [[nodiscard]] std::string operator/(std::string_view name) const { return folder_ / name; }

  const issued_certificate authority;

 private:
  temporary_directory folder_;
  int count_ = 0;
};

}  // namespace hocket::testing
