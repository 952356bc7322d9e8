#include <vector>

#include <hocket/inspect/detail/hocket_notes.hpp>
#include <hocket/inspect/detail/input_file.hpp>

namespace hocket::inspect::detail {

bool has_hocket_notes(const std::string& file) {
  const input_file program(file);
  Elf64_Ehdr header{};
  if (program.error() != 0 || !program.read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > most_program_headers)
    return false;
  std::vector<Elf64_Phdr> parts(header.e_phnum);
  if (!program.read(header.e_phoff, std::as_writable_bytes(std::span(parts)))) return false;
  bool found = false;
  std::uint64_t left = most_note_bytes;
  for (const Elf64_Phdr& part : parts) {
    if (part.p_type != PT_NOTE || part.p_filesz > left) continue;
    left -= part.p_filesz;
    std::vector<std::byte> notes(part.p_filesz);
    if (program.read(part.p_offset, notes))
      for_each_hocket_note(notes, alignment_of_notes(part), [&](auto...) { found = true; });
  }
  return found;
}

}  // namespace hocket::inspect::detail
