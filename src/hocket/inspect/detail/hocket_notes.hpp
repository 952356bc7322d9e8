#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <elf.h>

namespace hocket::inspect::detail {

inline constexpr std::size_t most_program_headers = 256;
inline constexpr std::size_t most_note_bytes = 64 * 1024;

/// Those ELF notes by which hocket shows something: `visit(type, place, distance)`, where the last, which is what it says, stands at `place`
/// in `notes`. Whatever stands there is borne.
template <class Visit>
void for_each_hocket_note(std::span<const std::byte> notes, std::size_t alignment, Visit visit) {
  static constexpr std::string_view name{"hocket", 7};  // with its null
  const auto padded = [alignment](std::size_t length) { return (length + alignment - 1) / alignment * alignment; };
  for (std::size_t at = 0; notes.size() - at >= sizeof(Elf64_Nhdr);) {
    Elf64_Nhdr note{};
    std::memcpy(&note, notes.data() + at, sizeof note);
    const std::size_t described = at + sizeof note + padded(note.n_namesz);
    if (described > notes.size() || note.n_descsz > notes.size() - described) return;
    std::int64_t distance = 0;
    if (note.n_namesz == name.size() && note.n_descsz == sizeof distance &&
        std::memcmp(notes.data() + at + sizeof note, name.data(), name.size()) == 0) {
      std::memcpy(&distance, notes.data() + described, sizeof distance);
      visit(note.n_type, described, distance);
    }
    at = std::min(described + padded(note.n_descsz), notes.size());
  }
}

[[nodiscard]] inline std::size_t alignment_of_notes(const Elf64_Phdr& part) noexcept {
  return part.p_align == 8 ? 8 : 4;
}

/// Whether the program or library in this file shows something: for who may not read a process that has mapped it.
[[nodiscard]] bool has_hocket_notes(const std::string& file);

}  // namespace hocket::inspect::detail
