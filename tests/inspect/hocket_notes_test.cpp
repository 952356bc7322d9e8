#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/inspect/detail/hocket_notes.hpp>

#include "inspect/shown_tasks.hpp"

namespace {

using hocket::inspect::detail::for_each_hocket_note;
using hocket::inspect::detail::has_hocket_notes;
using hocket::testing::shown_programs;

int notes_in(const std::vector<std::byte>& bytes) {
  int count = 0;
  for_each_hocket_note(bytes, 4, [&](auto...) { ++count; });
  return count;
}

/// A note with eight bytes that say something.
std::vector<std::byte> note(const std::array<char, 8>& name) {
  const Elf64_Nhdr head{.n_namesz = 7, .n_descsz = 8, .n_type = 1};
  std::vector<std::byte> bytes(sizeof head + name.size() + 8);
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, name.data(), name.size());
  return bytes;
}

}  // namespace

TEST(hocket_notes, are_in_programs_with_hocket_in_them_stripped_or_not) {
  EXPECT_TRUE(has_hocket_notes(shown_programs + "/shown"));
  EXPECT_TRUE(has_hocket_notes(shown_programs + "/shown_stripped"));
  EXPECT_FALSE(has_hocket_notes("/bin/cat"));
}

TEST(hocket_notes, are_not_in_what_is_no_program_or_not_there) {
  EXPECT_FALSE(has_hocket_notes("/nowhere"));
  EXPECT_FALSE(has_hocket_notes("/dev/zero"));
  EXPECT_FALSE(has_hocket_notes("/etc"));
  EXPECT_FALSE(has_hocket_notes("/etc/passwd"));
}

TEST(hocket_notes, are_looked_for_in_programs_that_are_cut_off_anywhere) {
  std::ifstream whole(shown_programs + "/shown_stripped", std::ios::binary);
  std::string begin(2048, '\0');
  whole.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  const std::string path = std::filesystem::temp_directory_path() / ("hocket_cut_" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << begin;
  for (std::size_t size = begin.size() + 1; size-- > 0;) {
    std::filesystem::resize_file(path, size);
    const bool found = has_hocket_notes(path);
    if (size < sizeof(Elf64_Ehdr)) EXPECT_FALSE(found) << size;
  }
  std::filesystem::remove(path);
}

TEST(hocket_notes, are_told_by_their_name_and_size) {
  const std::vector<std::byte> ours = note({"hocket"});
  EXPECT_EQ(notes_in(ours), 1);
  EXPECT_EQ(notes_in(note({"rocket"})), 0);
  std::vector<std::byte> both = note({"rocket"});
  both.insert(both.end(), ours.begin(), ours.end());
  EXPECT_EQ(notes_in(both), 1);
  for (std::size_t size = 0; size < ours.size(); ++size)
    EXPECT_EQ(notes_in({ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(size)}), 0) << size;
}
