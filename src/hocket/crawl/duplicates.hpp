#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace hocket::crawl {

/// The digest of one body, told while its bytes arrive; however they are cut, it is the same.
class content_digest {
 public:
  explicit content_digest(std::uint64_t seed) noexcept : state_(seed) {}
  void feed(std::string_view piece) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  std::uint64_t state_;
  std::uint64_t word_ = 0;  // what does not make eight bytes yet
  std::uint64_t size_ = 0;
};

/// Counts bodies that are the same byte by byte. Remembers eight bytes and a number for each.
class duplicates {
 public:
  /// `seed`: so that nobody can make two bodies that are taken for one. `most`: of one content; 0: nothing is counted.
  duplicates(std::size_t most, std::uint64_t seed) noexcept : most_(most), seed_(seed) {}

  [[nodiscard]] bool are_counted() const noexcept { return most_ != 0; }
  [[nodiscard]] content_digest begin() const noexcept { return content_digest(seed_); }
  /// Counts a body; true if there were more than allowed.
  [[nodiscard]] bool are_too_many(const content_digest& body) { return are_counted() && ++seen_[body.value()] > most_; }

 private:
  std::size_t most_;
  std::uint64_t seed_;
  std::unordered_map<std::uint64_t, std::size_t> seen_;
};

}  // namespace hocket::crawl
