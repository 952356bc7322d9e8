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

void write_big_endian(char* to, std::uint64_t number) noexcept {
  for (std::size_t n = 0; n < number_bytes; ++n) to[n] = static_cast<char>(number >> (8 * (number_bytes - 1 - n)));
}

void append_level(std::string& to, unsigned level) {
  char bytes[level_bytes];
  for (std::size_t n = 0; n < level_bytes; ++n) bytes[n] = static_cast<char>(level >> (8 * (level_bytes - 1 - n)));
  to.append(bytes, level_bytes);
}

void write_host_prefix(unsigned level, std::string_view host, std::string& to) {
  to.clear();
  to.reserve(before_host + host.size() + behind_host);
  to += 'q';
  append_level(to, level);
  to.append(host);
  to += '\0';
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

seen_key_bytes seen_key(const url_digest& digest) noexcept {
  seen_key_bytes key{'s'};
  write_big_endian(&key[1], digest.first);
  write_big_endian(&key[1 + number_bytes], digest.second);
  return key;
}

std::uint64_t first_half_of(std::string_view seen_key) noexcept {
  return from_big_endian(seen_key.substr(1, number_bytes));
}

std::string waiting_order::key_of(const target& waiting) const {
  std::string key;
  write_key(waiting, key);
  return key;
}

void waiting_order::write_key(const target& waiting, std::string& to) const {
  write_host_prefix(level_of(waiting), waiting.url.host_with_port(), to);
  to += turned_round(waiting.priority);
  append_big_endian(to, at_host == crawl_order::depth_first ? ~waiting.number : waiting.number);
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
  write_waiting_value(waiting, value);
  return value;
}

void write_waiting_value(const target& waiting, std::string& to) {
  to.clear();
  to.reserve(waiting.url.href().size() + 8);
  append_decimal(to, waiting.depth);
  to += ' ';
  append_decimal(to, waiting.attempts);
  to += ' ';
  to.append(waiting.url.href());
}

std::string level_prefix(unsigned level) {
  std::string prefix = "q";
  append_level(prefix, level);
  return prefix;
}

std::string host_prefix(unsigned level, std::string_view host) {
  std::string prefix;
  write_host_prefix(level, host, prefix);
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
  write_big_endian(bytes, number);
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
