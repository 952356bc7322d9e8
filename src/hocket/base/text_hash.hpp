#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hocket {

/// A hash for tables of texts. Who chooses the texts cannot choose which of them meet without knowing the seed. Not for keys or signatures.
[[nodiscard]] std::uint32_t text_hash(std::string_view text, std::uint64_t seed) noexcept;

/// The same of 64 bits, for tables that keep the hash in place of the text.
[[nodiscard]] std::uint64_t wide_text_hash(std::string_view text, std::uint64_t seed) noexcept;

/// The same for the standard library's tables: `std::unordered_map<std::string, T, seeded_text_hash, std::equal_to<>> table(0, seeded_text_hash{seed})`.
struct seeded_text_hash {
  using is_transparent = void;

  std::uint64_t seed = 0;

  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept { return text_hash(text, seed); }
};

}  // namespace hocket
