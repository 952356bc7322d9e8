#include <array>
#include <charconv>
#include <cstring>
#include <span>

#include <hocket/http/forwarded/ip_network.hpp>

namespace hocket::http {
namespace {

struct address_bytes {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;
};

address_bytes bytes_of(const socket_address& address) noexcept {
  address_bytes result;
  if (address.family() == AF_INET) {
    result.size = 4;
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    result.size = 16;
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, 16);
  }
  return result;
}

void clear_beyond(std::array<unsigned char, 16>& bytes, std::size_t bits) noexcept {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::size_t kept = bits > at * 8 ? bits - at * 8 : 0;
    if (kept < 8) bytes[at] = static_cast<unsigned char>(bytes[at] & (0xff00U >> kept));
  }
}

socket_address address_of(const address_bytes& from) noexcept {
  if (from.size == 4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, from.bytes.data(), 4);
    return {reinterpret_cast<const sockaddr*>(&v4), sizeof v4};
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, from.bytes.data(), 16);
  return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
}

}  // namespace

std::optional<ip_network> ip_network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  auto address = socket_address::parse(text.substr(0, slash), 0);
  if (!address) return std::nullopt;
  const std::size_t mapped_bits = address->is_v4_mapped() ? 96 : 0;
  auto bytes = bytes_of(address->from_v4_mapped());
  std::size_t bits = bytes.size * 8;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    if (bits < mapped_bits || bits - mapped_bits > bytes.size * 8) return std::nullopt;
    bits -= mapped_bits;
  }
  clear_beyond(bytes.bytes, bits);
  return ip_network(address_of(bytes), bits);
}

bool ip_network::contains(const socket_address& address) const noexcept {
  auto bytes = bytes_of(address.from_v4_mapped());
  const auto first = bytes_of(first_);
  if (bytes.size != first.size) return false;
  clear_beyond(bytes.bytes, bits_);
  return bytes.bytes == first.bytes;
}

std::string ip_network::to_string() const { return first_.host() + "/" + std::to_string(bits_); }

}  // namespace hocket::http
