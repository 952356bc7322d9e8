#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/io/socket_address.hpp>

namespace hocket::http {

/// The addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`. IPv4 addresses mapped into IPv6 count as
/// IPv4.
class ip_network {
 public:
  /// Reads `address/bits`, or an address alone; nothing if it is neither. Bits of the address beyond the prefix do not
  /// count.
  /// Source: RFC 4632, 3.1; RFC 4291, 2.3. Counterpart: ipaddress.ip_network with strict=False.
  [[nodiscard]] static std::optional<ip_network> parse(std::string_view text);

  [[nodiscard]] bool contains(const socket_address& address) const noexcept;

  [[nodiscard]] std::size_t prefix_bits() const noexcept { return bits_; }
  /// `10.0.0.0/8`
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const ip_network&, const ip_network&) = default;

 private:
  ip_network(socket_address first, std::size_t bits) noexcept : first_(first), bits_(bits) {}

  socket_address first_;  // all bits beyond the prefix are zero
  std::size_t bits_;
};

}  // namespace hocket::http
