#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hocket {

/// Where a socket is: an IPv4 or IPv6 address with a port, or the address of a unix socket: a path in the file system, an
/// abstract name, or nothing (unix(7)). A value, ordered so that it can be a key; copying allocates nothing.
class socket_address {
 public:
  /// The unspecified IPv4 address, port 0.
  socket_address() noexcept;
  /// A copy of what the system gave, of which the first `size` bytes count. Precondition: it has a family.
  socket_address(const sockaddr* address, socklen_t size) noexcept;

  /// An address in numbers ("127.0.0.1", "::1", "[::1]"), or nothing if `host` is a name. A link-local one may name its
  /// interface, by name or number (RFC 4007): "fe80::1%eth0"; nothing if there is none of that name.
  [[nodiscard]] static std::optional<socket_address> parse(std::string_view host, std::uint16_t port);

  /// The unix socket at `path`, at most 107 bytes without a zero byte. As in Python, one that begins with a zero byte is an
  /// abstract name, and an empty one no name at all: binding to that lets the system choose an abstract one.
  /// Throws std::system_error (ENAMETOOLONG, EINVAL).
  [[nodiscard]] static socket_address unix_path(std::string_view path);
  /// The unix socket of that abstract name, at most 107 bytes: it belongs to the network namespace, stands in no file system,
  /// has no permissions, and goes with its socket.
  [[nodiscard]] static socket_address unix_abstract(std::string_view name);

  [[nodiscard]] const sockaddr* data() const noexcept { return &storage_.any; }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  [[nodiscard]] int family() const noexcept { return storage_.any.sa_family; }

  /// Of an internet address; 0 of others.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// The same address with another port. Precondition: an internet address.
  [[nodiscard]] socket_address with_port(std::uint16_t port) const noexcept;

  /// "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "/run/my.sock", "@abstract", "(unnamed)"
  [[nodiscard]] std::string to_string() const;
  /// "127.0.0.1", "::1", "fe80::1%eth0"; of a unix socket as `to_string`.
  [[nodiscard]] std::string host() const;
  /// Of a unix socket: its path, or its abstract name with the zero byte before it; empty for all others.
  [[nodiscard]] std::string_view path() const noexcept;

  [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
  /// The index of an IPv6 address's interface, 0 if it names none.
  [[nodiscard]] std::uint32_t scope_id() const noexcept;

  /// An IPv4 address as an IPv6 socket shows it, "::ffff:127.0.0.1" (RFC 4291, 2.5.5.2).
  [[nodiscard]] bool is_v4_mapped() const noexcept;
  /// Into that form and out of it; other addresses stay as they are.
  [[nodiscard]] socket_address to_v4_mapped() const noexcept;
  [[nodiscard]] socket_address from_v4_mapped() const noexcept;

  /// 127.0.0.0/8 and ::1, also when mapped into IPv6.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// 224.0.0.0/4 and ff00::/8.
  [[nodiscard]] bool is_multicast() const noexcept;
  /// True only for addresses of the public internet: not loopback, private (RFC 1918, RFC 4193), link-local, shared
  /// (RFC 6598), multicast, reserved, documentation or benchmarking; what is mapped (v4-mapped, NAT64, 6to4) is looked into.
  /// Source: IANA special-purpose address registries.
  [[nodiscard]] bool is_global() const noexcept;

  /// By family, then address, scope and port. What the system adds to an address (the flow label) does not count.
  friend bool operator==(const socket_address& a, const socket_address& b) noexcept { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const socket_address& a, const socket_address& b) noexcept;
  [[nodiscard]] std::size_t hash() const noexcept;

 private:
  struct unnamed {};
  explicit socket_address(unnamed) noexcept;
  [[nodiscard]] static socket_address named(std::string_view name);
  [[nodiscard]] std::string_view address_bytes() const noexcept;

  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  } storage_;
  socklen_t size_;
};

}  // namespace hocket

template <>
struct std::hash<hocket::socket_address> {
  std::size_t operator()(const hocket::socket_address& address) const noexcept { return address.hash(); }
};
