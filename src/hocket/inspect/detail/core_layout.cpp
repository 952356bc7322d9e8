// Core dumps, as core(5) and elf(5) have them: a header; what was in memory (PT_LOAD); and notes (PT_NOTE), of which two matter: which
// files were mapped where (NT_FILE), and where the program's own headers are (AT_PHDR in NT_AUXV).
//
// A hostile one can say anything: whatever it counts is held against a limit and against the file's size before it is believed. Its
// headers may all lead to the same bytes: limits are of the whole file.

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <elf.h>
#include <fmt/format.h>

#include <hocket/inspect/detail/core_layout.hpp>
#include <hocket/inspect/detail/own_machine.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t most_headers = 1'000'000;
constexpr std::size_t most_notes = 1'000'000;
constexpr std::size_t most_note_bytes = 16 * 1024 * 1024;
constexpr std::size_t most_mappings = 100'000;
constexpr std::array<unsigned char, 4> zstd_magic{0x28, 0xb5, 0x2f, 0xfd};

class reader {
 public:
  reader(const input_file& core, const std::string& who) noexcept : core_(core), who_(who) {}

  core_layout read() {
    const Elf64_Ehdr header = read_header();
    for (const Elf64_Phdr& part : read_parts(header)) {
      if (part.p_type == PT_NOTE) read_notes(part);
      if (part.p_type != PT_LOAD || part.p_filesz == 0) continue;
      check_is_there(part);
      if (part.p_vaddr + part.p_filesz < part.p_vaddr) refuse_nonsense();
      made_.segments.push_back({.begin = part.p_vaddr, .size = part.p_filesz, .offset = part.p_offset});
    }
    std::ranges::sort(made_.segments, {}, &core_layout::segment::begin);
    for (std::size_t n = 1; n < made_.segments.size(); ++n)
      if (made_.segments[n - 1].begin + made_.segments[n - 1].size > made_.segments[n].begin) refuse_nonsense();
    std::ranges::sort(made_.mappings, {}, &mapping::begin);
    return std::move(made_);
  }

 private:
  Elf64_Ehdr read_header() {
    Elf64_Ehdr header{};
    std::array<unsigned char, 4> magic{};
    if (core_.read(0, magic) && magic == zstd_magic)
      throw unreadable(unreadable::reason::no_core,
                       fmt::format("{} is compressed: unpack it first, with zstd -d or by coredumpctl dump", who_));
    if (core_.size() == 0) throw unreadable(unreadable::reason::no_core, fmt::format("{} is empty", who_));
    if (!core_.read(0, std::as_writable_bytes(std::span(header.e_ident))) ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
      throw unreadable(unreadable::reason::no_core, fmt::format("{} is no core dump", who_));
    const bool is_whole = core_.read(0, header);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != own_byte_order ||
        (is_whole && own_machine != EM_NONE && header.e_machine != own_machine))
      throw unreadable(
          unreadable::reason::other_architecture,
          fmt::format("{} is of a program for another kind of processor: use a hocket program of that kind", who_));
    if (!is_whole) refuse_cut();
    if (header.e_type != ET_CORE)
      throw unreadable(
          unreadable::reason::no_core,
          fmt::format("{} is a program or a library, no core dump, which is what a process leaves that crashes", who_));
    if (header.e_phentsize != sizeof(Elf64_Phdr)) refuse_nonsense();
    return header;
  }

  std::vector<Elf64_Phdr> read_parts(const Elf64_Ehdr& header) {
    std::size_t count = header.e_phnum;
    if (count == PN_XNUM) {  // too many for this field
      Elf64_Shdr first{};
      if (!core_.read(header.e_shoff, first)) refuse_cut();
      count = first.sh_info;
    }
    if (count > most_headers) refuse_nonsense();
    if (count * sizeof(Elf64_Phdr) > core_.size()) refuse_cut();
    std::vector<Elf64_Phdr> parts(count);
    if (!core_.read(header.e_phoff, std::as_writable_bytes(std::span(parts)))) refuse_cut();
    return parts;
  }

  void check_is_there(const Elf64_Phdr& part) {
    if (part.p_offset > core_.size() || part.p_filesz > core_.size() - part.p_offset) refuse_cut();
  }

  void read_notes(const Elf64_Phdr& part) {
    check_is_there(part);
    const auto padded = [](std::uint64_t length) { return (length + 3) / 4 * 4; };
    for (std::uint64_t at = 0; part.p_filesz - at >= sizeof(Elf64_Nhdr); ++notes_) {
      Elf64_Nhdr note{};
      if (notes_ == most_notes || !core_.read(part.p_offset + at, note)) refuse_nonsense();
      const std::uint64_t described = at + sizeof note + padded(note.n_namesz);
      if (described > part.p_filesz || note.n_descsz > part.p_filesz - described) return;
      const bool is_first_of_files = note.n_type == NT_FILE && !std::exchange(has_files_, true);
      if (is_first_of_files || note.n_type == NT_AUXV) {
        note_bytes_ += note.n_descsz;
        if (note_bytes_ > most_note_bytes) refuse_nonsense();
        std::vector<std::byte> text(note.n_descsz);
        if (!core_.read(part.p_offset + described, text)) refuse_cut();
        if (is_first_of_files)
          read_mappings(text);
        else
          read_auxiliary_vector(text);
      }
      at = std::min<std::uint64_t>(described + padded(note.n_descsz), part.p_filesz);
    }
  }

  static std::uint64_t word_of(std::span<const std::byte> text, std::size_t number) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + number * sizeof word, sizeof word);
    return word;
  }

  // The count, the unit of offsets, then begin, end and offset of each, then their names, each ended by a null.
  void read_mappings(std::span<const std::byte> text) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    if (text.size() < 2 * word) return;
    const std::uint64_t count = word_of(text, 0);
    const std::uint64_t unit = word_of(text, 1);
    if (count > most_mappings || count > (text.size() - 2 * word) / (3 * word)) refuse_nonsense();
    const std::size_t words = 2 + 3 * count;
    std::string_view names(reinterpret_cast<const char*>(text.data()) + words * word, text.size() - words * word);
    for (std::size_t n = 0; n < count; ++n) {
      const std::size_t end = names.find('\0');
      if (end == std::string_view::npos) refuse_nonsense();
      made_.mappings.push_back({.begin = word_of(text, 2 + 3 * n),
                                .end = word_of(text, 3 + 3 * n),
                                .offset = word_of(text, 4 + 3 * n) * unit,
                                .readable = true,
                                .path = std::string(names.substr(0, end))});
      names.remove_prefix(end + 1);
    }
  }

  void read_auxiliary_vector(std::span<const std::byte> text) noexcept {
    for (std::size_t n = 0; n < text.size() / (2 * sizeof(std::uint64_t)); ++n)
      if (word_of(text, 2 * n) == AT_PHDR) made_.program_headers = word_of(text, 2 * n + 1);
  }

  [[noreturn]] void refuse_cut() {
    throw unreadable(
        unreadable::reason::corrupted,
        fmt::format("{} is cut off: was there a limit (ulimit -c), or no room? What is left cannot be read", who_));
  }
  [[noreturn]] void refuse_nonsense() {
    throw unreadable(unreadable::reason::corrupted,
                     fmt::format("{} makes no sense as a core dump, or is too much", who_));
  }

  const input_file& core_;
  const std::string& who_;
  core_layout made_;
  std::size_t notes_ = 0;
  std::size_t note_bytes_ = 0;
  bool has_files_ = false;
};

}  // namespace

core_layout read_core_layout(const input_file& core, const std::string& who) { return reader(core, who).read(); }

}  // namespace hocket::inspect::detail
