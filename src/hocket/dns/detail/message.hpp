#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/dns/dns_error.hpp>
#include <hocket/dns/dns_record.hpp>

namespace hocket::detail {

/// The types of records that we know. RFC 1035, 3.2.2 and IANA
enum class dns_type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  naptr = 35,
  caa = 257,
};

/// "MX"
[[nodiscard]] std::string_view name_of(dns_type type) noexcept;

template <class Record>
inline constexpr dns_type type_of{};
template <>
inline constexpr dns_type type_of<dns::a> = dns_type::a;
template <>
inline constexpr dns_type type_of<dns::aaaa> = dns_type::aaaa;
template <>
inline constexpr dns_type type_of<dns::cname> = dns_type::cname;
template <>
inline constexpr dns_type type_of<dns::mx> = dns_type::mx;
template <>
inline constexpr dns_type type_of<dns::txt> = dns_type::txt;
template <>
inline constexpr dns_type type_of<dns::srv> = dns_type::srv;
template <>
inline constexpr dns_type type_of<dns::ns> = dns_type::ns;
template <>
inline constexpr dns_type type_of<dns::ptr> = dns_type::ptr;
template <>
inline constexpr dns_type type_of<dns::soa> = dns_type::soa;
template <>
inline constexpr dns_type type_of<dns::caa> = dns_type::caa;
template <>
inline constexpr dns_type type_of<dns::naptr> = dns_type::naptr;

/// What a server has said of a name.
struct dns_message {
  std::optional<dns_errc> error{};     // then there are no records
  std::vector<dns::record> records{};  // of the type asked for: at least one
  /// How long it holds: the least of the records and of the aliases that led to them; for an error what the zone says of names that
  /// do not exist. Nothing if an error comes without.
  std::optional<std::chrono::seconds> ttl{};
};

/// Reads the answer to a question for `type`. Records of other names than the one asked for, and of aliases that lead from there, do
/// not count, so that a server cannot slip in what nobody wanted to know. RFC 1035, 4; RFC 2308
[[nodiscard]] dns_message read_message(std::span<const unsigned char> bytes, dns_type type);

/// What a server does not want to tell, or cannot.
struct dns_refusal {
  std::string name{};  // in lower case
  dns_type type{};
  dns_errc error{};
};

/// Nothing if the message is another.
[[nodiscard]] std::optional<dns_refusal> read_refusal(std::span<const unsigned char> bytes);

}  // namespace hocket::detail
