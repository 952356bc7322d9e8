#pragma once

#include <cstdint>
#include <string_view>

namespace hocket {

/// A hash for tables of texts. Who chooses the texts cannot choose which of them meet without knowing the seed. Not for keys or signatures.
[[nodiscard]] std::uint32_t text_hash(std::string_view text, std::uint64_t seed) noexcept;

/// The same of 64 bits, for tables that keep the hash in place of the text.
[[nodiscard]] std::uint64_t wide_text_hash(std::string_view text, std::uint64_t seed) noexcept;

}  // namespace hocket
