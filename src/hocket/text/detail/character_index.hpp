#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/text/encoding.hpp>

namespace hocket::detail {

/// A table of the Encoding Standard: which character each *pointer*, a number that bytes are computed to, stands for.
class character_index {
 public:
  /// No character.
  static constexpr char32_t none = 0;

  explicit character_index(std::vector<char32_t> characters) : characters_(std::move(characters)) {}

  /// `none` where there is none, beyond the table too.
  [[nodiscard]] char32_t operator[](std::size_t pointer) const noexcept {
    return pointer < characters_.size() ? characters_[pointer] : none;
  }
  [[nodiscard]] std::size_t size() const noexcept { return characters_.size(); }

 private:
  std::vector<char32_t> characters_;
};

/// The way back: which pointer a character has.
class pointer_index {
 public:
  /// Takes character and pointer. Where a character comes again, the first pair counts.
  explicit pointer_index(std::vector<std::pair<char32_t, std::uint32_t>> pairs);

  [[nodiscard]] std::optional<std::uint32_t> find(char32_t character) const noexcept;

 private:
  std::vector<std::pair<char32_t, std::uint32_t>> pairs_;
};

// The tables, each made when it is first asked for (from ICU's, in some milliseconds), and kept. Any thread may ask. Throw
// `hocket::error` if this ICU was built without the converter that they are made from.

/// Of the bytes from 0x80 on. Precondition: the encoding is one of single bytes.
[[nodiscard]] const character_index& single_byte_characters(encoding which);
[[nodiscard]] const pointer_index& single_byte_pointers(encoding which);

[[nodiscard]] const character_index& big5_characters();
[[nodiscard]] const pointer_index& big5_pointers();

[[nodiscard]] const character_index& euc_kr_characters();
[[nodiscard]] const pointer_index& euc_kr_pointers();

[[nodiscard]] const character_index& gb18030_characters();
[[nodiscard]] const pointer_index& gb18030_pointers();

/// Of the sequences of four bytes, as far as they stand for characters up to U+FFFF.
[[nodiscard]] const character_index& gb18030_ranges();
[[nodiscard]] const pointer_index& gb18030_range_pointers();

[[nodiscard]] const character_index& jis0208_characters();
[[nodiscard]] const pointer_index& jis0208_pointers();
/// Without those that Shift_JIS writes elsewhere.
[[nodiscard]] const pointer_index& shift_jis_pointers();

[[nodiscard]] const character_index& jis0212_characters();

}  // namespace hocket::detail
