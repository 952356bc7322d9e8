#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/io/socket_address.hpp>

namespace hocket::http {

/// What a proxy says of a connection that it passes on, before all else on it.
struct proxy_header {
  /// A value of version 2 beyond the addresses: 0x01 is the protocol (ALPN), 0x02 the host name that the client asked
  /// for, ...
  struct extension {
    std::uint8_t type = 0;
    std::string value;
    friend bool operator==(const extension&, const extension&) = default;
  };

  /// Who connected to the proxy, and where. Neither if the proxy speaks for itself (`LOCAL`: a health check) or does
  /// not know.
  std::optional<socket_address> source{};
  std::optional<socket_address> destination{};
  std::vector<extension> extensions{};
  /// How many bytes of the connection it was; what follows is the client's.
  std::size_t size_bytes = 0;

  friend bool operator==(const proxy_header&, const proxy_header&) = default;
};

enum class proxy_header_error : unsigned char {
  malformed,  ///< no such header, or one that breaks its rules; close the connection
  too_large,
  checksum,  ///< it has one (CRC-32C), which is not that of its bytes
};

struct proxy_header_options {
  bool version_1 = true;
  bool version_2 = true;
  /// Of version 2; a header of version 1 has 107 bytes at most.
  std::size_t most_bytes = 4096;
};

/// Reads the PROXY header at the beginning of `received`: nothing in the result if more bytes are needed. To be called
/// only for connections that come from a proxy one trusts, and then for each: a header may be neither expected in vain
/// nor guessed at.
/// Source: The PROXY protocol, versions 1 and 2, haproxy.org, 2020/03/05.
[[nodiscard]] std::expected<std::optional<proxy_header>, proxy_header_error> parse_proxy_header(
    std::string_view received, const proxy_header_options& options = {});

}  // namespace hocket::http
