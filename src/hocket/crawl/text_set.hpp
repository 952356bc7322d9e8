#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::crawl {

/// Distinct texts, numbered from 0 in the order in which they came. Each costs its bytes, 16 more and its share of a table (8 to 16
/// bytes); looking for one allocates nothing.
///
/// Who chooses the texts, such as the author of a page, cannot choose which of them meet in the table without knowing the seed. It has
/// no part in the order.
class text_set {
 public:
  explicit text_set(std::uint64_t seed = 0) noexcept : seed_(seed) {}

  /// The number of a text, and whether it is new: then it is copied. If it throws (std::bad_alloc, std::length_error), nothing
  /// has changed.
  std::pair<std::size_t, bool> insert(std::string_view text);

  [[nodiscard]] bool contains(std::string_view text) const noexcept;

  /// Valid until `clear`.
  [[nodiscard]] std::string_view operator[](std::size_t number) const noexcept {
    return {texts_[number].bytes, texts_[number].size};
  }
  [[nodiscard]] std::size_t size() const noexcept { return texts_.size(); }

  /// Memory that it has, in bytes.
  [[nodiscard]] std::size_t held_bytes() const noexcept {
    return block_bytes_ + texts_.capacity() * sizeof(stored) + slots_.capacity() * sizeof(std::uint32_t);
  }

  /// Keeps memory for as many as usual, for the next ones.
  void clear() noexcept;

 private:
  struct stored {
    const char* bytes;
    std::uint32_t size;
    std::uint32_t hash;
  };

  /// The slot that has the text, or the free one where it would be.
  [[nodiscard]] std::size_t slot_of(std::string_view text, std::uint32_t hash) const noexcept;
  [[nodiscard]] std::size_t slot_with(std::uint32_t number) const noexcept;
  [[nodiscard]] bool is_crowded() const noexcept { return (texts_.size() + 1) * 2 > slots_.size(); }
  void widen();
  char* room_for(std::size_t size);

  std::uint64_t seed_;
  std::vector<stored> texts_;
  std::vector<std::uint32_t> slots_;  // a power of two of them: one more than a number in `texts_`, or 0
  std::unique_ptr<char[]> first_;     // block of texts, which `clear` keeps
  std::vector<std::unique_ptr<char[]>> more_;
  std::size_t block_bytes_ = 0;  // of all of them
  char* free_ = nullptr;         // in the block that came last
  std::size_t free_size_ = 0;
};

}  // namespace hocket::crawl
