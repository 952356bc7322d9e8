// The first bytes tell the versions apart, and anything else: no byte of a client's is ever waited for.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <hocket/http/forwarded/proxy_protocol.hpp>

namespace hocket::http {
namespace {

using outcome = std::expected<std::optional<proxy_header>, proxy_header_error>;

constexpr std::string_view signature_1 = "PROXY ";
constexpr std::string_view signature_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t longest_1 = 107;
constexpr std::size_t fixed_size_2 = 16;
constexpr std::uint8_t type_checksum = 0x03;
constexpr std::uint8_t type_padding = 0x04;

std::unexpected<proxy_header_error> failed(proxy_header_error error) { return std::unexpected(error); }

/// Whether what came may still become that.
bool may_become(std::string_view received, std::string_view signature) noexcept {
  const std::size_t size = std::min(received.size(), signature.size());
  return received.substr(0, size) == signature.substr(0, size);
}

std::size_t number_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) * 256 +
         static_cast<unsigned char>(bytes[at + 1]);
}

// ---- version 1: a line

/// What stands before the next space, or the rest.
std::string_view take_word(std::string_view& line) noexcept {
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::optional<std::uint16_t> port_of(std::string_view digits) noexcept {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.starts_with('0')) return std::nullopt;
  return port;
}

std::optional<socket_address> address_of(std::string_view host, std::string_view port, int family) {
  const auto number = port_of(port);
  if (!number || host.find_first_of("%[") != std::string_view::npos) return std::nullopt;
  const auto address = socket_address::parse(host, *number);
  return address && address->family() == family ? address : std::nullopt;
}

outcome parse_line(std::string_view line, std::size_t size) {
  proxy_header header;
  header.size_bytes = size;
  const auto protocol = take_word(line);
  if (protocol == "UNKNOWN") return header;
  const bool is_v4 = protocol == "TCP4";
  if (!is_v4 && protocol != "TCP6") return failed(proxy_header_error::malformed);
  if (std::count(line.begin(), line.end(), ' ') != 3 || line.ends_with(' '))
    return failed(proxy_header_error::malformed);
  const auto source = take_word(line);
  const auto destination = take_word(line);
  const auto source_port = take_word(line);
  const int family = is_v4 ? AF_INET : AF_INET6;
  header.source = address_of(source, source_port, family);
  header.destination = address_of(destination, line, family);
  if (!header.source || !header.destination) return failed(proxy_header_error::malformed);
  return header;
}

outcome parse_version_1(std::string_view received) {
  const auto front = received.substr(0, longest_1);
  const std::size_t end = front.find("\r\n");
  if (end != std::string_view::npos)
    return parse_line(front.substr(signature_1.size(), end - signature_1.size()), end + 2);
  if (received.size() >= longest_1) return failed(proxy_header_error::too_large);
  return std::optional<proxy_header>();
}

// ---- version 2: bytes

/// Castagnoli's, reflected (RFC 3720, B.4), bit by bit: headers are short.
std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

bool checksum_fits(std::string_view header, std::size_t value_at) {
  std::string zeroed(header);
  std::uint32_t given = 0;
  for (std::size_t at = value_at; at < value_at + 4; ++at) {
    given = given << 8U | static_cast<unsigned char>(header[at]);
    zeroed[at] = '\0';
  }
  return crc32c(zeroed) == given;
}

socket_address v4_of(std::string_view address, std::size_t port) noexcept {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  std::memcpy(&v4.sin_addr, address.data(), sizeof v4.sin_addr);
  return socket_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4).with_port(static_cast<std::uint16_t>(port));
}

socket_address v6_of(std::string_view address, std::size_t port) noexcept {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, address.data(), sizeof v6.sin6_addr);
  return socket_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6).with_port(static_cast<std::uint16_t>(port));
}

constexpr std::size_t path_size = 108;

std::optional<socket_address> unix_of(std::string_view field) {
  const auto path = field.substr(0, std::min(field.find('\0'), field.size()));
  if (path.size() == path_size) return std::nullopt;
  return socket_address::unix_path(path);
}

/// Puts the addresses in, and returns how many bytes they were; nothing if they are malformed.
std::optional<std::size_t> take_addresses(std::string_view bytes, unsigned family, proxy_header& into) {
  switch (family) {
    case 0:
      return bytes.size();  // unspecified: whatever there is means nothing
    case 1:
      if (bytes.size() < 12) return std::nullopt;
      into.source = v4_of(bytes, number_at(bytes, 8));
      into.destination = v4_of(bytes.substr(4), number_at(bytes, 10));
      return 12;
    case 2:
      if (bytes.size() < 36) return std::nullopt;
      into.source = v6_of(bytes, number_at(bytes, 32));
      into.destination = v6_of(bytes.substr(16), number_at(bytes, 34));
      return 36;
    case 3:
      if (bytes.size() < 2 * path_size) return std::nullopt;
      into.source = unix_of(bytes.substr(0, path_size));
      into.destination = unix_of(bytes.substr(path_size, path_size));
      if (!into.source || !into.destination) return std::nullopt;
      return 2 * path_size;
    default:
      return std::nullopt;
  }
}

outcome take_extensions(std::string_view whole, std::size_t at, proxy_header header) {
  while (at < whole.size()) {
    if (whole.size() - at < 3) return failed(proxy_header_error::malformed);
    const auto type = static_cast<std::uint8_t>(whole[at]);
    const std::size_t size = number_at(whole, at + 1);
    at += 3;
    if (whole.size() - at < size) return failed(proxy_header_error::malformed);
    if (type == type_checksum) {
      if (size != 4) return failed(proxy_header_error::malformed);
      if (!checksum_fits(whole, at)) return failed(proxy_header_error::checksum);
    } else if (type != type_padding) {
      header.extensions.push_back({type, std::string(whole.substr(at, size))});
    }
    at += size;
  }
  return header;
}

outcome parse_version_2(std::string_view received, std::size_t most_bytes) {
  if (received.size() < fixed_size_2) return std::optional<proxy_header>();
  const auto version_and_command = static_cast<unsigned char>(received[12]);
  const auto family_and_transport = static_cast<unsigned char>(received[13]);
  const bool is_local = version_and_command == 0x20;
  if ((!is_local && version_and_command != 0x21) || family_and_transport >> 4U > 3 || (family_and_transport & 15U) > 2)
    return failed(proxy_header_error::malformed);
  const std::size_t size = fixed_size_2 + number_at(received, 14);
  if (size > most_bytes) return failed(proxy_header_error::too_large);
  if (received.size() < size) return std::optional<proxy_header>();

  proxy_header header;
  header.size_bytes = size;
  if (is_local) return header;
  const auto whole = received.substr(0, size);
  const auto taken = take_addresses(whole.substr(fixed_size_2), family_and_transport >> 4U, header);
  if (!taken) return failed(proxy_header_error::malformed);
  return take_extensions(whole, fixed_size_2 + *taken, std::move(header));
}

}  // namespace

outcome parse_proxy_header(std::string_view received, const proxy_header_options& options) {
  const bool may_be_1 = options.version_1 && may_become(received, signature_1);
  const bool may_be_2 = options.version_2 && may_become(received, signature_2);
  if (!may_be_1 && !may_be_2) return failed(proxy_header_error::malformed);
  if (may_be_1 && received.size() >= signature_1.size()) return parse_version_1(received);
  if (may_be_2 && received.size() >= signature_2.size()) return parse_version_2(received, options.most_bytes);
  return std::optional<proxy_header>();
}

}  // namespace hocket::http
