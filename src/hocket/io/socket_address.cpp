#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <hocket/io/socket_address.hpp>

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

const sockaddr_in& as_v4(const sockaddr_storage& storage) noexcept {
  return reinterpret_cast<const sockaddr_in&>(storage);
}
const sockaddr_in6& as_v6(const sockaddr_storage& storage) noexcept {
  return reinterpret_cast<const sockaddr_in6&>(storage);
}
bytes_v6 bytes_of(const sockaddr_storage& storage) noexcept {
  bytes_v6 bytes;
  std::memcpy(bytes.data(), &as_v6(storage).sin6_addr, bytes.size());
  return bytes;
}

}  // namespace

socket_address::socket_address() noexcept : storage_{} { storage_.ss_family = AF_INET; }

socket_address::socket_address(const sockaddr* address, socklen_t size) noexcept : storage_{} {
  std::memcpy(&storage_, address, std::min<std::size_t>(size, sizeof storage_));
}

std::optional<socket_address> socket_address::parse(std::string_view host, std::uint16_t port) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string text(host);
  if (text.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return socket_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return socket_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return std::nullopt;
}

socklen_t socket_address::size() const noexcept {
  return family() == AF_INET6 ? socklen_t{sizeof(sockaddr_in6)} : socklen_t{sizeof(sockaddr_in)};
}

std::uint16_t socket_address::port() const noexcept {
  return ntohs(family() == AF_INET6 ? as_v6(storage_).sin6_port : as_v4(storage_).sin_port);
}

std::string socket_address::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = family() == AF_INET6 ? static_cast<const void*>(&as_v6(storage_).sin6_addr)
                                             : static_cast<const void*>(&as_v4(storage_).sin_addr);
  ::inet_ntop(family(), address, text.data(), text.size());
  return text.data();
}

std::string socket_address::to_string() const {
  return family() == AF_INET6 ? fmt::format("[{}]:{}", host(), port()) : fmt::format("{}:{}", host(), port());
}

bool socket_address::is_loopback() const noexcept {
  constexpr block_v4 loopback{0x7F000000, 8};
  if (family() != AF_INET6) return is_in(ntohl(as_v4(storage_).sin_addr.s_addr), loopback);
  const bytes_v6 bytes = bytes_of(storage_);
  if (is_in(bytes, mapped_v4)) return is_in(v4_at(bytes, 12), loopback);
  return IN6_IS_ADDR_LOOPBACK(&as_v6(storage_).sin6_addr);
}

bool socket_address::is_global() const noexcept {
  return family() == AF_INET6 ? is_global_v6(bytes_of(storage_)) : is_global_v4(ntohl(as_v4(storage_).sin_addr.s_addr));
}

bool operator==(const socket_address& a, const socket_address& b) noexcept {
  return a.family() == b.family() && std::memcmp(&a.storage_, &b.storage_, a.size()) == 0;
}

}  // namespace hocket
