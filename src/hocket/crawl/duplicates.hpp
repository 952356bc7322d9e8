#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hocket/crawl/counters.hpp>

namespace hocket::crawl {

/// The digest of one body, told while its bytes arrive; however they are cut, it is the same.
class content_digest {
 public:
  explicit content_digest(std::uint64_t seed) noexcept : seed_(seed) { state_.fill(seed); }
  void feed(std::string_view piece) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  static constexpr std::size_t lanes = 4;
  static constexpr std::size_t block_bytes = lanes * 2 * sizeof(std::uint64_t);

  /// Takes whole blocks; tells how many bytes they have.
  std::size_t take_blocks(std::string_view bytes) noexcept;

  std::uint64_t seed_;
  std::array<std::uint64_t, lanes> state_;
  std::array<char, block_bytes> held_{};  // what does not make a block yet
  std::uint64_t size_ = 0;
};

/// Counts bodies that are the same byte by byte.
class duplicates {
 public:
  /// `most`: of one content; 0: nothing is counted. `counts` outlives it.
  duplicates(std::size_t most, counters& counts) noexcept : most_(most), counts_(counts) {}

  [[nodiscard]] bool are_counted() const noexcept { return most_ != 0; }
  [[nodiscard]] content_digest begin() const noexcept { return content_digest(counts_.seed()); }
  /// Counts a body; true if there were more than allowed.
  [[nodiscard]] bool are_too_many(const content_digest& body) {
    return are_counted() && counts_.add(body.value()) > most_;
  }

 private:
  std::size_t most_;
  counters& counts_;
};

}  // namespace hocket::crawl
