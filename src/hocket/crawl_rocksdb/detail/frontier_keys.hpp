#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/crawl_order.hpp>
#include <hocket/crawl/target.hpp>

// What the database holds. The first letter of a key tells what it is about:
//
//   s digest                               was seen
//   q level host \0 priority number        waits; the value is its depth, attempts and URL
//   n URL                                  was passed over; the value is why
//   c URL                                  was found while a page under way had claimed it; the value is its depth
//   u batch                                pages that it has finished and that may not outlast the machine: see `undone_page`
//   k name                                 was counted so often
//   r URL                                  is the root of a site whose host wants to be left alone until that time
//   m name                                 about the crawl as a whole
//
// Numbers are big-endian, priorities and, depth first, numbers are turned round: at a host keys are in the order in which URLs are to
// be fetched. Levels are 0 unless the crawl goes by level.

namespace hocket::crawl::detail {

/// Of a URL; nobody outside knows the seed, so nobody can make two that share one. What is new is told from what was seen by the whole in the
/// database, and by the first half alone where `recent_digests` knows that: see there.
struct url_digest {
  std::uint64_t first;
  std::uint64_t second;
  auto operator<=>(const url_digest&) const = default;
};

[[nodiscard]] inline std::uint64_t first_half(std::string_view href, std::uint64_t seed) noexcept {
  return wide_text_hash(href, seed);
}
[[nodiscard]] inline url_digest digest_of(std::string_view href, std::uint64_t first_half,
                                          std::uint64_t seed) noexcept {
  return {first_half, wide_text_hash(href, ~seed)};
}
using seen_key_bytes = std::array<char, 1 + sizeof(url_digest)>;
[[nodiscard]] seen_key_bytes seen_key(const url_digest& digest) noexcept;
[[nodiscard]] inline std::string_view text_of(const seen_key_bytes& key) noexcept { return {key.data(), key.size()}; }
/// Of a key that `seen_key` has made.
[[nodiscard]] std::uint64_t first_half_of(std::string_view seen_key) noexcept;

/// How keys of URLs that wait are made.
struct waiting_order {
  bool by_level = false;
  crawl_order at_host = crawl_order::breadth_first;

  [[nodiscard]] unsigned level_of(const target& waiting) const noexcept { return by_level ? waiting.depth : 0; }
  [[nodiscard]] std::string key_of(const target& waiting) const;
  /// The same, in place of what `to` holds.
  void write_key(const target& waiting, std::string& to) const;
  /// What `key_of` and `waiting_value` were made of. Throws `hocket::error` if it was not so.
  [[nodiscard]] target target_of(std::string_view key, std::string_view value) const;
  [[nodiscard]] std::uint64_t number_of(std::string_view key) const noexcept;
};

[[nodiscard]] std::string waiting_value(const target& waiting);
/// The same, in place of what `to` holds.
void write_waiting_value(const target& waiting, std::string& to);
/// With which the keys of a level, or of a host in it, begin; those of a host go to `behind`.
[[nodiscard]] std::string level_prefix(unsigned level);
[[nodiscard]] std::string host_prefix(unsigned level, std::string_view host);
[[nodiscard]] unsigned level_of(std::string_view waiting_key) noexcept;
[[nodiscard]] std::string_view host_of(std::string_view waiting_key) noexcept;

[[nodiscard]] std::string undone_key(std::uint64_t batch);
[[nodiscard]] std::string count_key(std::uint64_t name);
[[nodiscard]] std::string claimed_key(std::string_view href);
[[nodiscard]] std::string rest_key(std::string_view href);

void append_big_endian(std::string& to, std::uint64_t number);
[[nodiscard]] std::string big_endian(std::uint64_t number);
[[nodiscard]] std::uint64_t from_big_endian(std::string_view bytes) noexcept;

}  // namespace hocket::crawl::detail
