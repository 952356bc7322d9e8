#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <hocket/io/socket_address.hpp>
#include <hocket/loop/network_interface.hpp>

namespace hocket {
namespace {

struct block_v4 {
  std::uint32_t address;
  int prefix;
};

// IANA IPv4 Special-Purpose Address Registry, multicast and the former class E.
constexpr std::array not_global_v4{
    block_v4{0x00000000, 8},   // this network
    block_v4{0x0A000000, 8},   // private
    block_v4{0x64400000, 10},  // shared (carrier-grade NAT)
    block_v4{0x7F000000, 8},   // loopback
    block_v4{0xA9FE0000, 16},  // link-local
    block_v4{0xAC100000, 12},  // private
    block_v4{0xC0000000, 24},  // IETF protocol assignments
    block_v4{0xC0000200, 24},  // documentation
    block_v4{0xC0586300, 24},  // 6to4 relay, deprecated
    block_v4{0xC0A80000, 16},  // private
    block_v4{0xC6120000, 15},  // benchmarking
    block_v4{0xC6336400, 24},  // documentation
    block_v4{0xCB007100, 24},  // documentation
    block_v4{0xE0000000, 3},   // multicast and reserved
};

bool is_in(std::uint32_t address, block_v4 block) noexcept {
  return ((address ^ block.address) >> (32 - block.prefix)) == 0;
}

bool is_global_v4(std::uint32_t address) noexcept {
  return std::none_of(not_global_v4.begin(), not_global_v4.end(), [&](block_v4 each) { return is_in(address, each); });
}

using bytes_v6 = std::array<std::uint8_t, 16>;

struct block_v6 {
  bytes_v6 address;
  int prefix;
};

bool is_in(const bytes_v6& address, const block_v6& block) noexcept {
  for (int bit = 0; bit < block.prefix; bit += 8) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int bits = std::min(8, block.prefix - bit);
    if (((address[at] ^ block.address[at]) >> (8 - bits)) != 0) return false;
  }
  return true;
}

constexpr block_v6 global_unicast{{0x20}, 3};
constexpr block_v6 nat64{{0x00, 0x64, 0xff, 0x9b}, 96};
constexpr block_v6 six_to_four{{0x20, 0x02}, 16};
constexpr block_v6 mapped_v4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};

// Of the global unicast space 2000::/3. IANA IPv6 Special-Purpose Address Registry.
constexpr std::array not_global_v6{
    block_v6{{0x20, 0x01, 0x00}, 23},        // IETF protocol assignments: Teredo, benchmarking, ORCHID
    block_v6{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    block_v6{{0x3f, 0xff}, 20},              // documentation
};

std::uint32_t v4_at(const bytes_v6& address, std::size_t at) noexcept {
  return std::uint32_t{address[at]} << 24 | std::uint32_t{address[at + 1]} << 16 | std::uint32_t{address[at + 2]} << 8 |
         std::uint32_t{address[at + 3]};
}

bool is_global_v6(const bytes_v6& address) noexcept {
  if (is_in(address, mapped_v4) || is_in(address, nat64)) return is_global_v4(v4_at(address, 12));
  if (is_in(address, six_to_four)) return is_global_v4(v4_at(address, 2));
  if (!is_in(address, global_unicast)) return false;
  return std::none_of(not_global_v6.begin(), not_global_v6.end(),
                      [&](const block_v6& each) { return is_in(address, each); });
}

bytes_v6 bytes_of(const sockaddr_in6& address) noexcept {
  bytes_v6 bytes;
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return bytes;
}

// Of what may not leave its link or host, and so needs an interface. RFC 4007
bool has_scope(const bytes_v6& address) noexcept {
  constexpr block_v6 link_local{{0xfe, 0x80}, 10};
  const bool multicast = address[0] == 0xff && (address[1] & 0x0f) <= 2;
  return multicast || is_in(address, link_local);
}

std::uint32_t scope_named(std::string_view zone) {
  std::uint32_t index = 0;
  const char* const end = zone.data() + zone.size();
  if (const auto [stop, error] = std::from_chars(zone.data(), end, index); error == std::errc() && stop == end)
    return index;
  return interface_index(std::string(zone));
}

constexpr std::size_t path_begins = offsetof(sockaddr_un, sun_path);
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

socket_address::socket_address() noexcept : storage_{}, size_(sizeof(sockaddr_in)) { storage_.any.sa_family = AF_INET; }

socket_address::socket_address(const sockaddr* address, socklen_t size) noexcept : storage_{} {
  size_ = std::min<socklen_t>(size, sizeof storage_);
  std::memcpy(&storage_, address, size_);
  if (family() == AF_INET) size_ = sizeof(sockaddr_in);
  if (family() == AF_INET6) size_ = sizeof(sockaddr_in6);
  if (is_unix() && size_ > path_begins &&
      storage_.local.sun_path[0] != '\0')  // the system counts the byte that ends it
    size_ = static_cast<socklen_t>(path_begins + ::strnlen(storage_.local.sun_path, size_ - path_begins) + 1);
  size_ = std::min<socklen_t>(size_, sizeof storage_);
}

std::optional<socket_address> socket_address::parse(std::string_view host, std::uint16_t port) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.find('\0') != std::string_view::npos) return std::nullopt;  // inet_pton would stop there
  const std::size_t percent = host.find('%');
  const std::string text(host.substr(0, percent));
  socket_address parsed;
  if (percent == std::string_view::npos && ::inet_pton(AF_INET, text.c_str(), &parsed.storage_.v4.sin_addr) == 1)
    return parsed.with_port(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  if (percent != std::string_view::npos) {
    if (!has_scope(bytes_of(v6))) return std::nullopt;
    v6.sin6_scope_id = scope_named(host.substr(percent + 1));
    if (v6.sin6_scope_id == 0) return std::nullopt;
  }
  return socket_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6).with_port(port);
}

socket_address socket_address::unix_path(std::string_view path) {
  if (path.empty() || path.front() == '\0')
    return path.empty() ? socket_address(unnamed{}) : unix_abstract(path.substr(1));
  if (path.find('\0') != std::string_view::npos)
    throw std::system_error(EINVAL, std::system_category(), "a path of a unix socket has no zero byte");
  socket_address made = named(path);
  ++made.size_;  // the byte that ends it
  return made;
}

socket_address socket_address::unix_abstract(std::string_view name) { return named('\0' + std::string(name)); }

socket_address::socket_address(unnamed) noexcept : storage_{}, size_(path_begins) { storage_.any.sa_family = AF_UNIX; }

socket_address socket_address::named(std::string_view name) {
  socket_address made(unnamed{});
  if (name.size() > longest_path + (name.front() == '\0' ? 1 : 0))
    throw std::system_error(
        ENAMETOOLONG, std::system_category(),
        fmt::format("the name of a unix socket has {} bytes, and may have {}", name.size(), longest_path));
  std::memcpy(made.storage_.local.sun_path, name.data(), name.size());
  made.size_ += static_cast<socklen_t>(name.size());
  return made;
}

std::uint16_t socket_address::port() const noexcept {
  if (is_unix()) return 0;
  return ntohs(family() == AF_INET6 ? storage_.v6.sin6_port : storage_.v4.sin_port);
}

socket_address socket_address::with_port(std::uint16_t port) const noexcept {
  socket_address made = *this;
  (family() == AF_INET6 ? made.storage_.v6.sin6_port : made.storage_.v4.sin_port) = htons(port);
  return made;
}

std::uint32_t socket_address::scope_id() const noexcept { return family() == AF_INET6 ? storage_.v6.sin6_scope_id : 0; }

std::string_view socket_address::path() const noexcept {
  if (!is_unix() || size_ <= path_begins) return {};
  const std::string_view name(storage_.local.sun_path, size_ - path_begins);
  return name.front() == '\0' ? name : name.substr(0, name.find('\0'));
}

std::string socket_address::host() const {
  if (is_unix()) return to_string();
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = family() == AF_INET6 ? static_cast<const void*>(&storage_.v6.sin6_addr)
                                             : static_cast<const void*>(&storage_.v4.sin_addr);
  ::inet_ntop(family(), address, text.data(), text.size());
  if (scope_id() == 0) return text.data();
  const std::string name = interface_name(scope_id());
  return name.empty() ? fmt::format("{}%{}", text.data(), scope_id()) : fmt::format("{}%{}", text.data(), name);
}

std::string socket_address::to_string() const {
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host(), port());
  if (!is_unix()) return fmt::format("{}:{}", host(), port());
  if (path().empty()) return "(unnamed)";
  std::string text(path());
  std::replace(text.begin(), text.end(), '\0', '@');  // as ss(8) shows abstract names
  return text;
}

bool socket_address::is_v4_mapped() const noexcept {
  return family() == AF_INET6 && is_in(bytes_of(storage_.v6), mapped_v4);
}

socket_address socket_address::to_v4_mapped() const noexcept {
  if (family() != AF_INET) return *this;
  bytes_v6 bytes = mapped_v4.address;
  std::memcpy(&bytes[12], &storage_.v4.sin_addr, 4);
  sockaddr_in6 made{};
  made.sin6_family = AF_INET6;
  made.sin6_port = storage_.v4.sin_port;
  std::memcpy(&made.sin6_addr, bytes.data(), bytes.size());
  return {reinterpret_cast<const sockaddr*>(&made), sizeof made};
}

socket_address socket_address::from_v4_mapped() const noexcept {
  if (!is_v4_mapped()) return *this;
  socket_address made;
  std::memcpy(&made.storage_.v4.sin_addr, &storage_.v6.sin6_addr.s6_addr[12], 4);
  return made.with_port(port());
}

bool socket_address::is_loopback() const noexcept {
  constexpr block_v4 loopback{0x7F000000, 8};
  const socket_address plain = from_v4_mapped();
  if (plain.family() == AF_INET) return is_in(ntohl(plain.storage_.v4.sin_addr.s_addr), loopback);
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr);
}

bool socket_address::is_multicast() const noexcept {
  if (family() == AF_INET) return IN_MULTICAST(ntohl(storage_.v4.sin_addr.s_addr));
  return family() == AF_INET6 && IN6_IS_ADDR_MULTICAST(&storage_.v6.sin6_addr);
}

bool socket_address::is_global() const noexcept {
  if (family() == AF_INET) return is_global_v4(ntohl(storage_.v4.sin_addr.s_addr));
  return family() == AF_INET6 && is_global_v6(bytes_of(storage_.v6));
}

std::string_view socket_address::address_bytes() const noexcept {
  if (is_unix()) return path();
  if (family() == AF_INET6) return {reinterpret_cast<const char*>(&storage_.v6.sin6_addr), sizeof(in6_addr)};
  return {reinterpret_cast<const char*>(&storage_.v4.sin_addr), sizeof(in_addr)};
}

std::strong_ordering operator<=>(const socket_address& a, const socket_address& b) noexcept {
  if (const auto order = a.family() <=> b.family(); order != 0) return order;
  if (const auto order = a.address_bytes() <=> b.address_bytes(); order != 0) return order;
  if (const auto order = a.scope_id() <=> b.scope_id(); order != 0) return order;
  return a.port() <=> b.port();
}

std::size_t socket_address::hash() const noexcept {
  const std::size_t rest = std::size_t{port()} << 32 ^ scope_id();
  return std::hash<std::string_view>()(address_bytes()) ^ rest * 0x9e3779b97f4a7c15U;
}

}  // namespace hocket
