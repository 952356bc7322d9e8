#pragma once

#include <string>
#include <vector>

#include <hocket/tls/detail/openssl_handle.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket::detail {

/// The authorities of one's options.
struct authorities {
  const std::string& file;
  const std::string& directory;
  const std::string& text;

  [[nodiscard]] bool empty() const noexcept { return file.empty() && directory.empty() && text.empty(); }
};

/// Each throws `tls_error` (`tls_errc::cannot_load`), in one line that names the file and the reason.
void use_identity(ssl_ctx_st& context, const tls_identity& identity);
void trust(ssl_ctx_st& context, const authorities& trusted);
void trust_system(ssl_ctx_st& context);
/// Names the authorities to the clients that are asked for a certificate.
void announce(ssl_ctx_st& context, const authorities& trusted);

}  // namespace hocket::detail
