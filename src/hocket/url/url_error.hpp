#pragma once

#include <cstdint>

namespace hocket {

/// Why a text is no URL.
enum class url_error : std::uint8_t {
  no_scheme,     ///< the text is relative and no base was given
  opaque_base,   ///< the text is relative, and the base, such as `mailto:`, has nothing that it could be relative to
  host_missing,  ///< nothing where the host should be
  host_invalid,  ///< the host has a character that no host may have
  ipv4_invalid,  ///< the host ends in a number, but is no IPv4 address
  ipv6_invalid,  ///< the host in brackets is no IPv6 address
  idna_invalid,  ///< the host is no domain by the rules for characters outside ASCII (UTS #46)
  port_invalid,  ///< the port has a character that is no digit
  port_out_of_range,  ///< the port is above 65535
  too_long,           ///< longer than `url::max_size`, before or after normalisation
};

/// The reason as a phrase for people, without a full stop: "port out of range".
[[nodiscard]] const char* describe(url_error error) noexcept;

}  // namespace hocket
