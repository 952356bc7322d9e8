// Fuzzes the reader of name servers' answers: two bytes for the type that was asked for, then the message.
// What comes out is records of that type or an error, never both, and no longer than the message allows.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <hocket/dns/detail/message.hpp>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto type = static_cast<hocket::detail::dns_type>(data[0] << 8 | data[1]);
  const std::span<const unsigned char> bytes(data + 2, size - 2);
  const auto message = hocket::detail::read_message(bytes, type);
  require(message.error.has_value() == message.records.empty());
  require(message.error.has_value() || message.ttl.has_value());
  require(message.records.size() <= bytes.size() / 11);
  static_cast<void>(hocket::detail::read_refusal(bytes));
  return 0;
}
