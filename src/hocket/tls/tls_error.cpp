#include <hocket/tls/tls_error.hpp>

namespace hocket {
namespace {

class category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tls"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<tls_errc>(code)) {
      case tls_errc::handshake_failed:
        return "the handshake failed";
      case tls_errc::not_tls:
        return "the peer does not speak TLS";
      case tls_errc::peer_refused:
        return "the peer refuses";
      case tls_errc::closed_in_handshake:
        return "the peer closed the connection during the handshake";
      case tls_errc::truncated:
        return "the connection ended without a closure alert";
      case tls_errc::protocol_broken:
        return "the peer broke the protocol";
      case tls_errc::send_cut_off:
        return "an earlier send was cut off";
      case tls_errc::certificate_missing:
        return "the peer has shown no certificate";
      case tls_errc::certificate_expired:
        return "certificate has expired";
      case tls_errc::certificate_not_yet_valid:
        return "certificate is not yet valid";
      case tls_errc::certificate_hostname_mismatch:
        return "the certificate is for another host";
      case tls_errc::certificate_self_signed:
        return "self-signed certificate";
      case tls_errc::certificate_unknown_authority:
        return "unable to get local issuer certificate";
      case tls_errc::certificate_wrong_purpose:
        return "the certificate is for another purpose";
      case tls_errc::certificate_invalid:
        return "invalid certificate";
      case tls_errc::cannot_load:
        return "cannot use certificates, keys or settings";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& tls_category() noexcept {
  static const category instance;
  return instance;
}

std::error_code make_error_code(tls_errc code) noexcept { return {static_cast<int>(code), tls_category()}; }

}  // namespace hocket
