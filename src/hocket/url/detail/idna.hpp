#pragma once

#include <string>
#include <string_view>

namespace hocket::detail {

/// Maps a percent-decoded domain, UTF-8, and appends it in ASCII to `out`. False if a label breaks a rule; then the end of
/// `out` is unspecified. What is appended may still hold characters that no domain may have, or be empty.
/// Source: WHATWG URL, "domain to ASCII" with beStrict false; UTS #46 with nontransitional processing, CheckBidi and
/// CheckJoiners, without CheckHyphens, VerifyDnsLength and UseSTD3ASCIIRules.
[[nodiscard]] bool append_ascii_domain(std::string& out, std::string_view domain);

}  // namespace hocket::detail
