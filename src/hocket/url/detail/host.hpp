#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <hocket/url/url_error.hpp>

namespace hocket::detail {

/// Parses the host `text` of a URL and appends its serialised form to `out`: a lower-case domain, an IPv4 address in
/// four decimal parts, or an IPv6 address in brackets, compressed; if the scheme is not special, instead of a domain or
/// IPv4 address an opaque host. After an error the end of `out` is unspecified.
/// Precondition: `text` is not empty and `out` does not hold it.
/// Source: WHATWG URL, sections 3.3 "IDNA", 3.5 "Host parsing" and 3.6 "Host serializing".
[[nodiscard]] std::expected<void, url_error> append_host(std::string& out, std::string_view text, bool is_special);

/// How long the domain is that `text` begins with, if it is in normal form already and nothing but a path, query or fragment
/// follows, as nearly always; otherwise 0.
[[nodiscard]] std::size_t leading_plain_domain(std::string_view text) noexcept;

}  // namespace hocket::detail
