#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/graph/mapped_vector.hpp>

namespace hocket::graph {

/// Distinct texts, numbered from 0 in the order in which they came, in mapped files: the bytes of each, 12 more and its share of a table
/// (8 to 16 bytes).
class text_table {
 public:
  /// Its files are in `directory`; who chooses the texts must not know `seed`.
  text_table(const std::string& directory, std::uint64_t seed);

  /// The number of a text, which is copied if it is new. Throws `hocket::error` if the disk is full or there are 2^32 - 2 of them.
  std::uint32_t insert(std::string_view text);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const noexcept;

  /// Valid until the next `insert`.
  [[nodiscard]] std::string_view operator[](std::uint32_t number) const noexcept;
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(hashes_.size()); }

 private:
  [[nodiscard]] std::size_t slot_of(std::string_view text, std::uint32_t hash) const noexcept;
  void widen();

  std::string directory_;
  std::uint64_t seed_;
  mapped_vector<char> bytes_;
  mapped_vector<std::uint64_t> ends_;  // of each in `bytes_`
  mapped_vector<std::uint32_t> hashes_;
  mapped_vector<std::uint32_t> slots_;  // a power of two of them: one more than a number, or 0
};

}  // namespace hocket::graph
