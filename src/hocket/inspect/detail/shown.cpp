// Programs and libraries are mapped with their ELF header first. The program headers say where notes are in memory, so that
// files are not needed: they may be gone, or be in a container. Some processes map thousands of files that are neither: of each only the
// header is read, of many at once. Nor is any of this kept, for what notes lead to stands elsewhere.
//
// Whoever maps a file can say anything in it: all that it may make a reader do is limited, by all files together.

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include <elf.h>
#include <fmt/format.h>

#include <hocket/inspect/detail/bound.hpp>
#include <hocket/inspect/detail/hocket_notes.hpp>
#include <hocket/inspect/detail/own_machine.hpp>
#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t most_programs = 10'000;
constexpr std::size_t most_notes = 1'000;
constexpr std::size_t most_bytes_of_notes = 16 * 1024 * 1024;
constexpr std::size_t most_tables = 64;
constexpr std::size_t most_types = 10'000;
constexpr std::size_t longest_type_name = 4096;
constexpr std::uint32_t version_without_notes = 0;

class finder {
 public:
  explicit finder(memory_cache& memory) noexcept : memory_(memory) {}

  void look_at_all(std::span<const mapping> mappings) {
    std::vector<address> begins;
    for (const mapping& each : mappings)
      if (each.offset == 0 && each.readable && !each.path.empty()) begins.push_back(each.begin);
    const std::vector<Elf64_Ehdr> headers = headers_at(begins);
    for (std::size_t n = 0; n < begins.size(); ++n) look_at(begins[n], headers[n]);
  }

  shown found;
  [[nodiscard]] bool is_foreign() const noexcept { return is_foreign_; }
  [[nodiscard]] std::optional<std::uint32_t> other_version() const noexcept { return other_version_; }

 private:
  // One that is not there is empty.
  std::vector<Elf64_Ehdr> headers_at(std::span<const address> begins) {
    std::vector<Elf64_Ehdr> headers(begins.size());
    std::vector<memory::piece> pieces;
    for (std::size_t n = 0; n < begins.size(); ++n)
      pieces.push_back({begins[n], std::as_writable_bytes(std::span(&headers[n], 1))});
    for (std::size_t done = 0; done < pieces.size(); ++done) {
      done += memory_.source().read_pieces(std::span(pieces).subspan(done));
      if (done < pieces.size()) headers[done] = {};
    }
    return headers;
  }

  void look_at(address begin, const Elf64_Ehdr& header) {
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || (own_machine != EM_NONE && header.e_machine != own_machine)) {
      is_foreign_ = true;
      return;
    }
    bound(programs_++, most_programs);
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > most_program_headers) return;
    std::vector<Elf64_Phdr> parts(header.e_phnum);
    if (!memory_.source().read(begin + header.e_phoff, std::as_writable_bytes(std::span(parts)))) return;
    const auto first = std::ranges::find_if(
        parts, [](const Elf64_Phdr& part) { return part.p_type == PT_LOAD && part.p_offset == 0; });
    if (first == parts.end()) return;
    const address base = begin - first->p_vaddr;
    for (const Elf64_Phdr& part : parts)
      if (part.p_type == PT_NOTE && part.p_memsz <= most_note_bytes)
        read_notes(base + part.p_vaddr, part.p_memsz, alignment_of_notes(part));
  }

  void read_notes(address begin, std::size_t size, std::size_t alignment) {
    bound(bytes_of_notes_ += size, most_bytes_of_notes);
    std::vector<std::byte> notes(size);
    if (!memory_.source().read(begin, notes)) return;
    for_each_hocket_note(notes, alignment, [&](std::uint32_t type, std::size_t place, std::int64_t distance) {
      follow(type, begin + place + static_cast<address>(distance));
    });
  }

  void follow(std::uint32_t type, address target) {
    bound(notes_++, most_notes);
    if (!targets_.insert(target).second) return;
    if (type == hocket::detail::note_of_process_table) read_table(target);
    if (type == hocket::detail::note_of_shown_types) read_types(target);
  }

  void read_table(address target) {
    process_table table{};
    constexpr std::size_t known_to_all = offsetof(process_table, loops);
    if (!memory_.read(target, std::as_writable_bytes(std::span(&table, 1)).first(known_to_all))) return;
    if (table.magic == std::array<char, 8>{}) return;  // the program has not begun
    if (table.magic != process_table::right_magic || table.version != process_table::current_version ||
        table.size != sizeof table) {
      other_version_ = table.version;
      return;
    }
    if (!memory_.read(target, table)) return;
    bound(found.tables.size(), most_tables);
    found.tables.push_back(table);
  }

  void read_types(address target) {
    for (;; target += sizeof(shown_type)) {
      shown_type type;
      address name = 0;
      if (!memory_.read(target, type) || type.type == nullptr) return;
      bound(types_++, most_types);
      if (memory_.read(reinterpret_cast<address>(type.type) + sizeof(address), name))
        found.types.insert_or_assign(memory_.text(name, longest_type_name), type);
    }
  }

  memory_cache& memory_;
  std::set<address> targets_;  // of notes
  std::size_t programs_ = 0;
  std::size_t bytes_of_notes_ = 0;
  std::size_t notes_ = 0;
  std::size_t types_ = 0;
  bool is_foreign_ = false;
  std::optional<std::uint32_t> other_version_;
};

}  // namespace

shown find_shown(memory_cache& memory, std::span<const mapping> mappings, const std::string& who) {
  finder looking(memory);
  looking.look_at_all(mappings);
  if (!looking.found.tables.empty()) return std::move(looking.found);
  if (looking.other_version() == version_without_notes)
    throw unreadable(
        unreadable::reason::without_notes,
        fmt::format("{} was built without notes (HOCKET_NOTES=OFF), and shows nothing: build it with them", who));
  if (looking.other_version())
    throw unreadable(unreadable::reason::other_version,
                     fmt::format("{} shows version {} of what hocket shows, and this program reads version {}: use the "
                                 "hocket program that it was built with",
                                 who, *looking.other_version(), process_table::current_version));
  if (looking.is_foreign())
    throw unreadable(
        unreadable::reason::other_architecture,
        fmt::format("{} is a program for another kind of processor: use a hocket program of that kind", who));
  throw unreadable(unreadable::reason::no_hocket,
                   fmt::format("there is no hocket in {}, or it is from before it showed itself", who));
}

}  // namespace hocket::inspect::detail
