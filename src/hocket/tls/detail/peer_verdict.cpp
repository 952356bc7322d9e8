#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include <hocket/tls/detail/certificate_text.hpp>
#include <hocket/tls/detail/peer_verdict.hpp>

namespace hocket::detail {
namespace {

/// "'a.example', '*.b.example'", or what there is instead.
std::string names_of(const tls_certificate& certificate) {
  static constexpr std::size_t most = 4;
  std::string text;
  std::size_t count = 0;
  for (const auto* names : {&certificate.names, &certificate.addresses})
    for (const std::string& name : *names) {
      if (++count <= most) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
    }
  if (count > most) text += fmt::format(" and {} more", count - most);
  return count > 0 ? text : "no host ('" + certificate.subject + "')";
}

tls_errc code_of(int error) noexcept {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return tls_errc::certificate_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return tls_errc::certificate_not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return tls_errc::certificate_hostname_mismatch;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return tls_errc::certificate_self_signed;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return tls_errc::certificate_unknown_authority;
    case X509_V_ERR_INVALID_PURPOSE:
      return tls_errc::certificate_wrong_purpose;
    default:
      return tls_errc::certificate_invalid;
  }
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return text;
}

}  // namespace

peer_verdict verdict_of(X509_STORE_CTX& failed, const std::string& host) {
  const int error = X509_STORE_CTX_get_error(&failed);
  const X509* at = X509_STORE_CTX_get_current_cert(&failed);
  if (at == nullptr) at = X509_STORE_CTX_get0_cert(&failed);
  const tls_certificate certificate = at != nullptr ? describe(*at) : tls_certificate{};
  const bool authority = X509_STORE_CTX_get_error_depth(&failed) > 0;
  const auto which = [&](const char* text) {
    return authority ? fmt::format("{} (the authority '{}')", text, certificate.subject) : std::string(text);
  };
  const tls_errc code = code_of(error);
  switch (code) {
    case tls_errc::certificate_expired:
      return {code, which(("certificate has expired on " + day_of(certificate.not_after)).c_str())};
    case tls_errc::certificate_not_yet_valid:
      return {code, which(("certificate is not valid before " + day_of(certificate.not_before)).c_str())};
    case tls_errc::certificate_hostname_mismatch:
      return {code, fmt::format("the certificate is for {}, not '{}'", names_of(certificate), host)};
    case tls_errc::certificate_self_signed:
      return {code, authority ? "self-signed certificate in the chain: its authority is not trusted"
                              : "self-signed certificate"};
    case tls_errc::certificate_unknown_authority:
      return {code, "unable to get local issuer certificate (an intermediate is missing or the authority is unknown)"};
    case tls_errc::certificate_wrong_purpose:
      return {code, which("the certificate is for another purpose")};
    default:
      return {code, which(X509_verify_cert_error_string(error))};
  }
}

// OpenSSL up to 3.1 calls some of TLS 1.3 and RFC 7507 "unknown".
static std::string words_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "certificate required";
    case SSL_AD_MISSING_EXTENSION:
      return "missing extension";
    case SSL_AD_INAPPROPRIATE_FALLBACK:
      return "inappropriate fallback";
    default:
      return lower(SSL_alert_desc_string_long(alert));
  }
}

peer_verdict reason_of_failure(bool in_handshake) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  const std::string words = take_openssl_reason();
  if (reason > SSL_AD_REASON_OFFSET)
    return {tls_errc::peer_refused, "the peer refuses: " + words_of_alert(reason - SSL_AD_REASON_OFFSET)};
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return {tls_errc::certificate_missing, "the peer has shown no certificate"};
  return {in_handshake ? tls_errc::handshake_failed : tls_errc::protocol_broken, words};
}

}  // namespace hocket::detail
