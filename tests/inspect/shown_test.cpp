#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

#include <hocket/inspect/detail/own_machine.hpp>
#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/detail/walk.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace {

using hocket::detail::note_of_process_table;
using hocket::detail::note_of_shown_types;
using hocket::detail::shown_type;
using hocket::inspect::address;
using hocket::inspect::mapping;
using hocket::inspect::unreadable;
using hocket::inspect::detail::memory_cache;
using hocket::inspect::detail::process_table;
using hocket::inspect::detail::shown;

/// A process of which only this much is there.
class made_memory final : public hocket::inspect::memory {
 public:
  bool read(address from, std::span<std::byte> to) override {
    bytes_read += to.size();
    const auto after = regions_.upper_bound(from);
    if (after == regions_.begin()) return false;
    const auto& [begin, bytes] = *std::prev(after);
    if (from - begin > bytes.size() || to.size() > bytes.size() - (from - begin)) return false;
    std::memcpy(to.data(), bytes.data() + (from - begin), to.size());
    return true;
  }

  // In whole pages, as a cache reads.
  template <class Value>
  void put(address at, std::span<const Value> values) {
    auto& region = regions_[at];
    region.resize((values.size_bytes() + page - 1) / page * page);
    std::memcpy(region.data(), values.data(), values.size_bytes());
  }

  std::uint64_t bytes_read = 0;

 private:
  static constexpr std::size_t page = 4096;
  std::map<address, std::vector<std::byte>> regions_;
};

struct made_note {
  std::uint32_t type;
  address target;
};

constexpr address program_at = 0x10000000;
constexpr address tables_at = 0x20000000;
constexpr address further_at = 0x30000000;

mapping mapped_at(address begin) {
  return {.begin = begin, .end = begin + 4096, .offset = 0, .readable = true, .path = "/some/file"};
}

/// A program whose only part is these notes.
void put_program(made_memory& to, const std::vector<made_note>& notes, const std::array<char, 8>& whose = {"hocket"}) {
  struct {
    Elf64_Ehdr header;
    std::array<Elf64_Phdr, 2> parts;
  } begin{};
  struct note {
    Elf64_Nhdr head{.n_namesz = 7, .n_descsz = 8, .n_type = 0};
    std::array<char, 8> name{};
    std::array<std::byte, 8> distance{};
  };
  std::memcpy(begin.header.e_ident, ELFMAG, SELFMAG);
  begin.header.e_ident[EI_CLASS] = ELFCLASS64;
  begin.header.e_machine = hocket::inspect::detail::own_machine;
  begin.header.e_phentsize = sizeof(Elf64_Phdr);
  begin.header.e_phnum = begin.parts.size();
  begin.header.e_phoff = sizeof begin.header;
  begin.parts[0].p_type = PT_LOAD;
  begin.parts[1] = {.p_type = PT_NOTE, .p_vaddr = sizeof begin, .p_memsz = notes.size() * sizeof(note), .p_align = 4};
  std::vector<std::byte> bytes(sizeof begin + notes.size() * sizeof(note));
  std::memcpy(bytes.data(), &begin, sizeof begin);
  for (std::size_t n = 0; n < notes.size(); ++n) {
    const std::size_t at = sizeof begin + n * sizeof(note);
    note made{.name = whose};
    made.head.n_type = notes[n].type;
    const address distance = notes[n].target - (program_at + at + offsetof(note, distance));
    std::memcpy(made.distance.data(), &distance, sizeof distance);
    std::memcpy(bytes.data() + at, &made, sizeof made);
  }
  to.put<std::byte>(program_at, bytes);
}

process_table table() {
  process_table made{};
  made.magic = process_table::right_magic;
  made.version = process_table::current_version;
  made.size = sizeof made;
  return made;
}

shown found_in(made_memory& source, const std::vector<mapping>& mappings) {
  memory_cache memory(source);
  return hocket::inspect::detail::find_shown(memory, mappings, "the process");
}
shown found_in(made_memory& source) { return found_in(source, {mapped_at(program_at)}); }

template <class Does>
unreadable::reason why_not(Does does) {
  try {
    static_cast<void>(does());
  } catch (const unreadable& problem) {
    return problem.why();
  }
  ADD_FAILURE() << "it was read";
  return {};
}

}  // namespace

TEST(find_shown, finds_a_table_once_to_which_several_notes_lead) {
  made_memory source;
  source.put<process_table>(tables_at, std::array{table(), table()});
  const made_note first{note_of_process_table, tables_at};
  const made_note second{note_of_process_table, tables_at + sizeof(process_table)};
  put_program(source, {first, second, first, first, second});
  EXPECT_EQ(found_in(source).tables.size(), 2U);
  EXPECT_EQ(found_in(source, {mapped_at(program_at), mapped_at(program_at)}).tables.size(), 2U);
}

TEST(find_shown, refuses_more_tables_notes_and_types_than_any_process_has) {
  const auto why_not_notes = [](std::size_t count, const std::vector<process_table>& tables) {
    made_memory source;
    source.put<process_table>(tables_at, tables);
    std::vector<made_note> notes;
    for (std::size_t n = 0; n < count; ++n)
      notes.push_back({note_of_process_table, tables_at + n % tables.size() * sizeof(process_table)});
    put_program(source, notes);
    return why_not([&] { return found_in(source); });
  };
  EXPECT_EQ(why_not_notes(65, std::vector(65, table())), unreadable::reason::corrupted);
  EXPECT_EQ(why_not_notes(1'001, std::vector(1, table())), unreadable::reason::corrupted);
  made_memory source;
  source.put<shown_type>(
      tables_at, std::vector(20'000, shown_type{.type = reinterpret_cast<const std::type_info*>(std::uintptr_t{8})}));
  put_program(source, {{note_of_shown_types, tables_at}, {note_of_shown_types, tables_at + sizeof(shown_type)}});
  EXPECT_EQ(why_not([&] { return found_in(source); }), unreadable::reason::corrupted);
}

TEST(find_shown, refuses_more_bytes_of_notes_than_any_process_has) {
  made_memory source;
  put_program(source, std::vector<made_note>(2'000, {.type = 1, .target = tables_at}), {"rocket"});
  const std::vector<mapping> mappings(400, mapped_at(program_at));
  EXPECT_EQ(why_not([&] { return found_in(source, mappings); }), unreadable::reason::corrupted);
  EXPECT_LT(source.bytes_read, 18'000'000U);
}

TEST(find_shown, reads_of_files_that_are_no_programs_nothing_but_the_header) {
  constexpr std::size_t files = 50'000;
  made_memory source;
  std::vector<mapping> mappings;
  for (std::size_t n = 0; n < files; ++n) mappings.push_back(mapped_at(further_at + n * 0x20000));
  for (std::size_t n = 0; n < files; n += 2) source.put<char>(mappings[n].begin, std::array{'t', 'e', 'x', 't'});
  EXPECT_EQ(why_not([&] { return found_in(source, mappings); }), unreadable::reason::no_hocket);
  EXPECT_LE(source.bytes_read, files * sizeof(Elf64_Ehdr));
}

// Loops that are all the same one, of which nothing is there.
TEST(walk, refuses_more_loops_than_any_process_has_though_no_table_has_so_many) {
  struct link {
    address next = 0;
    address previous = 0;
    address self = 8;
  };
  constexpr std::size_t links = 6'000;
  made_memory source;
  shown from;
  for (const address ends : {address{further_at}, address{further_at + 0x1000000}}) {
    std::vector<link> list(links + 1);
    for (std::size_t n = 0; n <= links; ++n) {
      list[n].next = ends + (n + 1) % (links + 1) * sizeof(link);
      list[n].previous = ends + (n + links) % (links + 1) * sizeof(link);
    }
    source.put<link>(ends, list);
    process_table& made = from.tables.emplace_back(table());
    made.loops = reinterpret_cast<const void*>(ends);
    made.link = {.next = offsetof(link, next), .previous = offsetof(link, previous)};
    made.living_loop = {.link = 0, .self = offsetof(link, self)};
    memory_cache memory(source);
    hocket::inspect::detail::types classes(memory, from);
    const auto walked = [&] { return hocket::inspect::detail::walk(memory, from, classes).loops.size(); };
    if (from.tables.size() == 1)
      EXPECT_EQ(walked(), links);
    else
      EXPECT_EQ(why_not(walked), unreadable::reason::corrupted);
  }
}
