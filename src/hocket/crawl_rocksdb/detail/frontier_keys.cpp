#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_keys.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr std::size_t number_bytes = 8;
constexpr std::size_t level_bytes = 4;
constexpr std::size_t before_host = 1 + level_bytes;
constexpr std::size_t behind_host = 1 + 1 + number_bytes;  // the zero byte, the priority, the number

// The greater priority first.
char turned_round(int priority) noexcept { return static_cast<char>(0x80 - std::clamp(priority, -0x7f, 0x7f)); }

void append_level(std::string& to, unsigned level) {
  for (std::size_t left = level_bytes; left > 0; --left) to += static_cast<char>(level >> (8 * (left - 1)));
}

void append_decimal(std::string& to, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  to.append(digits, end);
}

// The number before the next blank, which is taken away with it; false if there is none.
bool take_decimal(std::string_view& text, unsigned& number) noexcept {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string seen_key(const url_digest& digest) {
  std::string key = "s";
  append_big_endian(key, digest.first);
  append_big_endian(key, digest.second);
  return key;
}

std::uint64_t first_half_of(std::string_view seen_key) noexcept {
  return from_big_endian(seen_key.substr(1, number_bytes));
}

std::string waiting_order::key_of(const target& waiting) const {
  std::string key = host_prefix(level_of(waiting), waiting.url.host_with_port());
  key += turned_round(waiting.priority);
  append_big_endian(key, at_host == crawl_order::depth_first ? ~waiting.number : waiting.number);
  return key;
}

std::uint64_t waiting_order::number_of(std::string_view key) const noexcept {
  const std::uint64_t number = from_big_endian(key.substr(key.size() - number_bytes));
  return at_host == crawl_order::depth_first ? ~number : number;
}

target waiting_order::target_of(std::string_view key, std::string_view value) const {
  unsigned depth = 0;
  unsigned attempts = 0;
  std::string_view rest = value;
  const bool has_numbers =
      key.size() > before_host + behind_host && take_decimal(rest, depth) && take_decimal(rest, attempts);
  auto place = has_numbers ? url::parse(rest) : std::unexpected(url_error{});
  if (!place) throw error(fmt::format("the frontier is broken: '{}' is no URL that waits", value));
  return {.url = std::move(*place),
          .depth = depth,
          .priority = 0x80 - static_cast<unsigned char>(key[key.size() - number_bytes - 1]),
          .attempts = attempts,
          .number = number_of(key)};
}

std::string waiting_value(const target& waiting) {
  std::string value;
  value.reserve(waiting.url.href().size() + 8);
  append_decimal(value, waiting.depth);
  value += ' ';
  append_decimal(value, waiting.attempts);
  value += ' ';
  return value.append(waiting.url.href());
}

std::string level_prefix(unsigned level) {
  std::string prefix = "q";
  append_level(prefix, level);
  return prefix;
}

std::string host_prefix(unsigned level, std::string_view host) {
  std::string prefix;
  prefix.reserve(before_host + host.size() + behind_host);
  prefix += 'q';
  append_level(prefix, level);
  prefix.append(host);
  prefix += '\0';
  return prefix;
}

unsigned level_of(std::string_view waiting_key) noexcept {
  return static_cast<unsigned>(from_big_endian(waiting_key.substr(1, level_bytes)));
}

std::string_view host_of(std::string_view waiting_key) noexcept {
  const std::string_view rest = waiting_key.substr(std::min(before_host, waiting_key.size()));
  return rest.substr(0, rest.find('\0'));
}

std::string undone_key(std::uint64_t batch) {
  std::string key = "u";
  append_big_endian(key, batch);
  return key;
}

std::string count_key(std::uint64_t name) {
  std::string key = "k";
  append_big_endian(key, name);
  return key;
}

std::string claimed_key(std::string_view href) { return std::string("c").append(href); }

std::string rest_key(std::string_view href) { return std::string("r").append(href); }

void append_big_endian(std::string& to, std::uint64_t number) {
  char bytes[number_bytes];
  for (std::size_t n = 0; n < number_bytes; ++n) bytes[n] = static_cast<char>(number >> (8 * (number_bytes - 1 - n)));
  to.append(bytes, number_bytes);
}

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  append_big_endian(bytes, number);
  return bytes;
}

std::uint64_t from_big_endian(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace hocket::crawl::detail
