#pragma once

#include <memory>
#include <string>
#include <system_error>

namespace hocket {

/// What can go wrong with TLS, as the code of a `tls_error`. What the transport itself reports keeps its own code.
enum class tls_errc {
  handshake_failed = 1,  ///< both sides speak TLS and cannot agree, or the peer broke its rules
  not_tls,               ///< the peer answers in another protocol
  peer_refused,          ///< the peer sent an alert: it ends the connection and says why
  closed_in_handshake,   ///< the transport ended before the handshake had
  truncated,             ///< the transport ended without a closure alert: what was received may lack its end
  protocol_broken,       ///< bytes that no conforming peer sends, or that were tampered with
  send_cut_off,          ///< an earlier send was cancelled or failed in the middle of a record
  certificate_missing,   ///< the peer has to show a certificate and has none
  certificate_expired,
  certificate_not_yet_valid,
  certificate_hostname_mismatch,
  certificate_self_signed,
  certificate_unknown_authority,
  certificate_wrong_purpose,
  certificate_invalid,  ///< anything else: a bad signature, a weak key, a constraint not kept
  cannot_load,          ///< own certificates, keys or settings that cannot be used
};

/// The category of `tls_errc`.
[[nodiscard]] const std::error_category& tls_category() noexcept;
[[nodiscard]] std::error_code make_error_code(tls_errc code) noexcept;

/// TLS failed: one line that names the peer, or the file, and the reason.
///
/// A `std::system_error`, as what fails below TLS is one: who handles a connection that broke need not ask at which floor, and
/// `as_expected` has a code for it (docs/decisions/0016).
class tls_error : public std::system_error {
 public:
  tls_error(tls_errc code, std::string text)
      : std::system_error(make_error_code(code)), text_(std::make_shared<const std::string>(std::move(text))) {}

  [[nodiscard]] const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;  // copying an exception must not throw
};

}  // namespace hocket

template <>
struct std::is_error_code_enum<hocket::tls_errc> : std::true_type {};
