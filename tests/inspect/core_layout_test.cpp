#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/inspect/detail/core_layout.hpp>
#include <hocket/inspect/detail/own_machine.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace {

using hocket::inspect::unreadable;
using hocket::inspect::detail::core_layout;
using hocket::inspect::detail::input_file;

template <class Value>
std::string bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string note(std::uint32_t type, const std::string& text) {
  const Elf64_Nhdr head{.n_namesz = 5, .n_descsz = static_cast<std::uint32_t>(text.size()), .n_type = type};
  return bytes_of(head) + std::string("CORE\0\0\0\0", 8) + text;
}

/// That this file is mapped so many times.
std::string files(std::uint64_t count, const std::string& path) {
  std::string numbers = bytes_of(count) + bytes_of(std::uint64_t{4096});
  std::string names;
  for (std::uint64_t n = 0; n < count; ++n) {
    numbers += bytes_of(n * 4096) + bytes_of((n + 1) * 4096) + bytes_of(std::uint64_t{0});
    names += path + '\0';
  }
  std::string all = numbers + names;
  all.resize((all.size() + 3) / 4 * 4);
  return note(NT_FILE, all);
}

/// What a core dump says that holds these notes, to which so many headers lead.
core_layout layout_of(std::uint16_t headers, const std::string& notes) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = hocket::inspect::detail::own_byte_order;
  header.e_type = ET_CORE;
  header.e_machine = hocket::inspect::detail::own_machine;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = headers;
  header.e_phoff = sizeof header;
  const Elf64_Phdr part{
      .p_type = PT_NOTE, .p_offset = sizeof header + headers * sizeof(Elf64_Phdr), .p_filesz = notes.size()};
  const std::string path = std::filesystem::temp_directory_path() / ("hocket_layout_" + std::to_string(::getpid()));
  {
    std::ofstream file(path, std::ios::binary);
    file << bytes_of(header);
    for (std::uint16_t n = 0; n < headers; ++n) file << bytes_of(part);
    file << notes;
  }
  const input_file core(path);
  std::filesystem::remove(path);
  return read_core_layout(core, "'core'");
}

}  // namespace

TEST(core_layout, has_the_files_of_the_first_note_about_files_alone) {
  const core_layout read = layout_of(2'000, files(10, "/first") + files(20, "/second"));
  ASSERT_EQ(read.mappings.size(), 10U);
  EXPECT_EQ(read.mappings.back().path, "/first");
  EXPECT_EQ(read.mappings.back().begin, 9U * 4096);
}

TEST(core_layout, refuses_more_bytes_of_notes_than_any_process_has_however_many_headers_lead_to_them) {
  const std::string vector = note(NT_AUXV, std::string(1024 * 1024, '\0'));
  EXPECT_EQ(layout_of(16, vector).program_headers, 0U);
  EXPECT_THROW(static_cast<void>(layout_of(17, vector)), unreadable);
}
