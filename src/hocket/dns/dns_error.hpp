#pragma once

#include <memory>
#include <string>
#include <system_error>

namespace hocket {

/// Why a name server's answer is no use, as the code of a `dns_error`.
enum class dns_errc {
  no_such_name = 1,    ///< the name does not exist (NXDOMAIN)
  no_data,             ///< the name exists, and has no records of this type
  server_failure,      ///< the server cannot tell (SERVFAIL)
  refused,             ///< the server does not want to tell (REFUSED)
  not_implemented,     ///< the server does not know how to (NOTIMP)
  format_error,        ///< the server does not understand the question (FORMERR)
  bad_response,        ///< the answer is no DNS message, or breaks its rules
  timed_out,           ///< no server has answered in time
  connection_refused,  ///< no server is there
  bad_name,            ///< it is no name: too long, an empty label, characters that must be encoded
  closed,              ///< the resolver was destroyed, or its run ended, before there was an answer
};

/// The category of `dns_errc`. What may pass also compares as std::errc::timed_out, connection_refused and (the server failed)
/// resource_unavailable_try_again. Counterpart: aiodns.error.
[[nodiscard]] const std::error_category& dns_category() noexcept;
[[nodiscard]] std::error_code make_error_code(dns_errc code) noexcept;

/// A name was looked up in vain: one line that names it, the servers that were asked and the reason.
/// Counterpart: aiodns.error.DNSError.
class dns_error : public std::system_error {
 public:
  dns_error(dns_errc code, std::string text)
      : std::system_error(make_error_code(code)), text_(std::make_shared<const std::string>(std::move(text))) {}

  [[nodiscard]] const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;  // copying an exception must not throw
};

}  // namespace hocket

template <>
struct std::is_error_code_enum<hocket::dns_errc> : std::true_type {};
