#include <system_error>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <hocket/tls/detail/openssl_handle.hpp>

namespace hocket::detail {

void openssl_free::operator()(bio_st* object) const noexcept { BIO_free(object); }
void openssl_free::operator()(evp_pkey_st* object) const noexcept { EVP_PKEY_free(object); }
void openssl_free::operator()(ssl_ctx_st* object) const noexcept { SSL_CTX_free(object); }
void openssl_free::operator()(ssl_session_st* object) const noexcept { SSL_SESSION_free(object); }
void openssl_free::operator()(ssl_st* object) const noexcept { SSL_free(object); }
void openssl_free::operator()(x509_st* object) const noexcept { X509_free(object); }

std::string take_openssl_reason() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return std::system_category().message(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace hocket::detail
