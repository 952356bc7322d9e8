#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace hocket {

/// An IPv4 or IPv6 address with a port.
class socket_address {
 public:
  /// The unspecified IPv4 address, port 0.
  socket_address() noexcept;
  socket_address(const sockaddr* address, socklen_t size) noexcept;

  /// An address in numbers ("127.0.0.1", "::1", "[::1]"), or nothing if `host` is a name.
  [[nodiscard]] static std::optional<socket_address> parse(std::string_view host, std::uint16_t port);

  [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const noexcept;
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// "127.0.0.1:80", "[::1]:80"
  [[nodiscard]] std::string to_string() const;
  /// "127.0.0.1", "::1"
  [[nodiscard]] std::string host() const;

  /// 127.0.0.0/8 and ::1, also when mapped into IPv6.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// True only for addresses of the public internet: not loopback, private (RFC 1918, RFC 4193), link-local, shared
  /// (RFC 6598), multicast, reserved, documentation or benchmarking; what is mapped (v4-mapped, NAT64, 6to4) is looked into.
  /// Source: IANA special-purpose address registries.
  [[nodiscard]] bool is_global() const noexcept;

  friend bool operator==(const socket_address& a, const socket_address& b) noexcept;

 private:
  sockaddr_storage storage_;
};

}  // namespace hocket
