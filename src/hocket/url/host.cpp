// Hosts: domains, IPv4 and IPv6 addresses.
//
// A text in brackets is an IPv6 address; anything else is percent-decoded to a domain, and a domain whose last label is
// a number must be an IPv4 address. That order matters to security: `http://%30x7f.1/` is 127.0.0.1, and whoever guards
// addresses has to see it. Nearly all hosts are lower-case ASCII already, so that case is one scan and one copy.
//
// Domains outside ASCII are mapped by UTS #46. Others need only lower case, whatever their `xn--` labels hold: the
// standard, and the servers that are there, have it so. Schemes that are not special have opaque hosts: whatever stands
// there, percent-encoded.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include <hocket/url/detail/byte_set.hpp>
#include <hocket/url/detail/host.hpp>
#include <hocket/url/detail/idna.hpp>
#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/detail/url_text.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::detail {
namespace {

using ipv6_pieces = std::array<std::uint16_t, 8>;

constexpr byte_set changed_in_domain = forbidden_in_domain | ascii_upper | non_ascii;

std::expected<void, url_error> append_opaque_host(std::string& out, std::string_view text);
std::expected<void, url_error> append_domain(std::string& out, std::string_view text);
bool ends_in_a_number(std::string_view domain) noexcept;
std::optional<std::uint32_t> parse_ipv4(std::string_view domain) noexcept;
std::optional<ipv6_pieces> parse_ipv6(std::string_view text) noexcept;
void append_ipv4(std::string& out, std::uint32_t address);
void append_ipv6(std::string& out, const ipv6_pieces& pieces);

}  // namespace

std::expected<void, url_error> append_host(std::string& out, std::string_view text, bool is_special) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return std::unexpected(url_error::ipv6_invalid);
    const auto pieces = parse_ipv6(text.substr(1, text.size() - 2));
    if (!pieces) return std::unexpected(url_error::ipv6_invalid);
    append_ipv6(out, *pieces);
    return {};
  }

  if (!is_special) return append_opaque_host(out, text);
  const auto start = out.size();
  if (auto appended = append_domain(out, text); !appended) return appended;
  const auto domain = std::string_view(out).substr(start);
  if (!ends_in_a_number(domain)) return {};
  const auto address = parse_ipv4(domain);
  if (!address) return std::unexpected(url_error::ipv4_invalid);
  out.resize(start);
  append_ipv4(out, *address);
  return {};
}

std::size_t leading_plain_domain(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && !changed_in_domain.contains(text[size])) ++size;
  if (size < text.size() && !ends_special_authority.contains(text[size])) return 0;
  return ends_in_a_number(text.substr(0, size)) ? 0 : size;
}

namespace {

bool any_of(std::string_view text, const byte_set& set) noexcept {
  return std::ranges::any_of(text, [&](char byte) { return set.contains(byte); });
}

bool all_of(std::string_view text, const byte_set& set) noexcept {
  return std::ranges::all_of(text, [&](char byte) { return set.contains(byte); });
}

std::expected<void, url_error> append_domain(std::string& out, std::string_view text) {
  if (!any_of(text, changed_in_domain)) {
    out.append(text);
    return {};
  }
  const std::string domain = percent_decode(text);
  if (any_of(domain, non_ascii)) {
    const auto start = out.size();
    if (!append_ascii_domain(out, domain) || out.size() == start) return std::unexpected(url_error::idna_invalid);
    if (any_of(std::string_view(out).substr(start), forbidden_in_domain))
      return std::unexpected(url_error::host_invalid);
    return {};
  }
  if (any_of(domain, forbidden_in_domain)) return std::unexpected(url_error::host_invalid);
  for (const char byte : domain) out.push_back(to_ascii_lower(byte));
  return {};
}

std::expected<void, url_error> append_opaque_host(std::string& out, std::string_view text) {
  if (any_of(text, forbidden_in_host)) return std::unexpected(url_error::host_invalid);
  append_percent_encoded(out, text, c0_control_percent_encode_set);
  return {};
}

// --- IPv4: one to four numbers, the last of which fills all bytes that are left; 0x is hexadecimal, a leading 0 octal.

std::string_view without_trailing_dot(std::string_view domain) noexcept {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return domain;
}

/// The value of one part, or of the largest number that fits where it is larger; nothing where it is no number.
std::optional<std::uint64_t> parse_ipv4_number(std::string_view part) noexcept {
  if (part.empty()) return std::nullopt;
  unsigned radix = 10;
  if (part.starts_with("0x") || part.starts_with("0X")) {
    radix = 16;
    part.remove_prefix(2);
  } else if (part.size() > 1 && part.front() == '0') {
    radix = 8;
    part.remove_prefix(1);
  }
  constexpr std::uint64_t too_large = std::uint64_t{1} << 32;
  std::uint64_t value = 0;
  for (const char digit : part) {
    if (!ascii_hex_digits.contains(digit) || hex_value(digit) >= radix) return std::nullopt;
    value = std::min(value * radix + hex_value(digit), too_large);
  }
  return value;
}

bool ends_in_a_number(std::string_view domain) noexcept {
  domain = without_trailing_dot(domain);
  const auto last = domain.substr(domain.rfind('.') + 1);  // npos + 1 is 0
  if (last.empty() || !ascii_digits.contains(last.front())) return false;
  return all_of(last, ascii_digits) || parse_ipv4_number(last).has_value();
}

std::optional<std::uint32_t> parse_ipv4(std::string_view domain) noexcept {
  domain = without_trailing_dot(domain);
  std::uint64_t address = 0;
  for (unsigned shift = 24;; shift -= 8) {
    const auto dot = domain.find('.');
    const auto number = parse_ipv4_number(domain.substr(0, dot));
    if (!number) return std::nullopt;
    if (dot == domain.npos) {
      if (*number >> (shift + 8) != 0) return std::nullopt;
      return static_cast<std::uint32_t>(address | *number);
    }
    if (*number > 255 || shift == 0) return std::nullopt;
    address |= *number << shift;
    domain.remove_prefix(dot + 1);
  }
}

void append_number(std::string& out, unsigned value, int radix) {
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, radix).ptr;
  out.append(digits.data(), end);
}

void append_ipv4(std::string& out, std::uint32_t address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    append_number(out, address >> shift & 0xff, 10);
    if (shift != 0) out.push_back('.');
  }
}

// --- IPv6: eight pieces of 16 bits; `::` stands once for a run of zeros; the last two may be written as IPv4.

/// Four decimal numbers without leading zeros, and nothing after them.
std::optional<std::uint32_t> parse_dotted_quad(std::string_view text) noexcept {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const auto digits = part < 3 ? text.substr(0, text.find('.')) : text;
    if (digits.empty() || digits.size() > 3 || !all_of(digits, ascii_digits)) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::uint32_t value = 0;
    for (const char digit : digits) value = value * 10 + hex_value(digit);
    if (value > 255 || (part < 3 && digits.size() == text.size())) return std::nullopt;
    address = address << 8 | value;
    if (part < 3) text.remove_prefix(digits.size() + 1);
  }
  return address;
}

std::string_view leading_hex_digits(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < 4 && size < text.size() && ascii_hex_digits.contains(text[size])) ++size;
  return text.substr(0, size);
}

std::optional<ipv6_pieces> parse_ipv6(std::string_view text) noexcept {
  ipv6_pieces pieces{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // how many pieces stand before `::`
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  } else if (text.starts_with(':')) {
    return std::nullopt;
  }

  while (!text.empty()) {
    const auto taken = count + (gap ? 1 : 0);  // `::` stands for one zero at least
    if (taken == pieces.size()) return std::nullopt;
    if (text.front() == ':') {  // the second one: the first was taken behind the piece before it
      if (gap) return std::nullopt;
      gap = count;
      text.remove_prefix(1);
      continue;
    }

    const auto digits = leading_hex_digits(text);
    if (text.substr(digits.size()).starts_with('.')) {
      const auto address = parse_dotted_quad(text);
      if (!address || taken > 6) return std::nullopt;
      pieces[count++] = static_cast<std::uint16_t>(*address >> 16);
      pieces[count++] = static_cast<std::uint16_t>(*address & 0xffff);
      break;
    }

    unsigned value = 0;
    for (const char digit : digits) value = value * 16 + hex_value(digit);
    pieces[count++] = static_cast<std::uint16_t>(value);
    text.remove_prefix(digits.size());
    if (text.empty()) break;
    if (text.front() != ':' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }

  if (!gap) return count == pieces.size() ? std::optional(pieces) : std::nullopt;
  std::rotate(pieces.begin() + *gap, pieces.begin() + count, pieces.end());
  return pieces;
}

struct piece_run {
  std::size_t first = 0;
  std::size_t size = 0;
};

/// The first of the longest runs of two or more zeros; an empty one where there is none.
piece_run longest_run_of_zeros(const ipv6_pieces& pieces) noexcept {
  piece_run longest{.first = 0, .size = 1};
  piece_run current;
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    current = pieces[at] == 0 ? piece_run{at - current.size, current.size + 1} : piece_run{};
    if (current.size > longest.size) longest = current;
  }
  return longest.size > 1 ? longest : piece_run{};
}

void append_ipv6(std::string& out, const ipv6_pieces& pieces) {
  const auto zeros = longest_run_of_zeros(pieces);
  out.push_back('[');
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    if (zeros.size != 0 && at == zeros.first) {
      out.append("::");
      at += zeros.size - 1;
      continue;
    }
    if (at != 0 && at != zeros.first + zeros.size) out.push_back(':');
    append_number(out, pieces[at], 16);
  }
  out.push_back(']');
}

}  // namespace
}  // namespace hocket::detail
