#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/inspect/read_core.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "inspect/other_program.hpp"
#include "inspect/shown_tasks.hpp"

namespace {

namespace fs = std::filesystem;

constexpr const char* no_core_dumps = "no core dump comes (a sanitizer, or elsewhere: /proc/sys/kernel/core_pattern)";

using hocket::inspect::read_core;
using hocket::inspect::snapshot;
using hocket::inspect::unreadable;
using hocket::testing::expect_shown_program;
using hocket::testing::other_program;
using hocket::testing::shown_programs;

class temporary_folder {
 public:
  temporary_folder() {
    std::string name = fs::temp_directory_path() / "hocket_core_XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~temporary_folder() { fs::remove_all(path_); }
  temporary_folder(const temporary_folder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::string path() const { return path_; }

 private:
  fs::path path_;
};

// What the system leaves of a program that aborts; empty if it leaves that elsewhere, or nothing.
std::string core_of(const std::string& program, const temporary_folder& in) {
  other_program crashing({"/bin/sh", "-c", "ulimit -c unlimited && cd \"$1\" && exec \"$0\"", program, in.path()});
  if (crashing.line() != "ready") return {};
  ::kill(crashing.number(), SIGABRT);
  if (crashing.end() != 128 + SIGABRT) return {};
  for (const auto& entry : fs::directory_iterator(in.path()))
    if (entry.path().filename().string().starts_with("core")) return entry.path();
  return {};
}

struct refusal {
  unreadable::reason why;
  std::string line;
};
refusal why_not(const std::string& core, const std::string& program = {}) {
  try {
    static_cast<void>(read_core(core, program));
  } catch (const unreadable& problem) {
    EXPECT_TRUE(std::string_view(problem.what()).contains("'" + core + "'")) << problem.what();
    return {problem.why(), problem.what()};
  }
  ADD_FAILURE() << "it was read";
  return {};
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// A core dump of nothing, with one thing wrong.
std::string header_with(const std::function<void(Elf64_Ehdr&)>& change) {
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes_of("/proc/self/exe").data(), sizeof header);
  header.e_type = ET_CORE;
  header.e_phnum = 0;
  change(header);
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

}  // namespace

TEST(read_core, shows_the_tasks_of_a_program_that_crashed) {
  for (const char* program : {"/shown", "/shown_stripped"}) {
    SCOPED_TRACE(program);
    const temporary_folder folder;
    const std::string core = core_of(shown_programs + program, folder);
    if (core.empty()) GTEST_SKIP() << no_core_dumps;
    const snapshot seen = read_core(core);
    expect_shown_program(seen);
    for (const auto& task : seen.loops.at(0).tasks)
      if (task.name == "shared nap") EXPECT_GT(task.waits_for.value().left.value(), std::chrono::minutes(59));
  }
}

TEST(read_core, reads_the_program_from_where_it_is_now_and_no_other_one) {
  const temporary_folder folder;
  const std::string moved = folder / "moved";
  fs::copy_file(shown_programs + "/shown", folder / "program");
  const std::string core = core_of(folder / "program", folder);
  if (core.empty()) GTEST_SKIP() << no_core_dumps;
  fs::rename(folder / "program", moved);
  EXPECT_EQ(why_not(core).why, unreadable::reason::no_program);
  EXPECT_EQ(why_not(core, folder / "nowhere").why, unreadable::reason::no_program);
  EXPECT_EQ(why_not(core, shown_programs + "/churning").why, unreadable::reason::no_program);
  expect_shown_program(read_core(core, moved));
}

#ifndef HOCKET_SANITIZED  // whose shadow memory would be dumped as well: twenty gigabytes of it
static bool dump(pid_t process, const std::string& to) {
  other_program gdb({"/usr/bin/gdb", "-batch", "-nx", "-iex", "set debuginfod enabled off", "-p",
                     std::to_string(process), "-ex", "generate-core-file " + to});
  while (!gdb.line().empty()) {
  }
  return gdb.end() == 0 && fs::exists(to);
}

TEST(read_core, shows_the_tasks_of_a_program_that_a_debugger_dumped) {
  if (::access("/usr/bin/gdb", X_OK) != 0) GTEST_SKIP() << "there is no gdb (scripts/setup peers)";
  const temporary_folder folder;
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  ASSERT_TRUE(dump(shown.number(), folder / "core"));
  expect_shown_program(read_core(folder / "core"));
}
#endif

TEST(read_core, says_of_a_core_dump_that_is_cut_off_that_it_is) {
  const temporary_folder folder;
  const std::string core = core_of(shown_programs + "/shown", folder);
  if (core.empty()) GTEST_SKIP() << no_core_dumps;
  const std::string all = bytes_of(core);
  for (const std::size_t length :
       {std::size_t{40}, std::size_t{100}, std::size_t{4096}, all.size() / 2, all.size() - 1}) {
    write(folder / "cut", std::string_view(all).substr(0, length));
    const refusal refused = why_not(folder / "cut");
    EXPECT_EQ(refused.why, unreadable::reason::corrupted) << length;
    EXPECT_TRUE(refused.line.contains("is cut off")) << refused.line;
  }
}

TEST(read_core, says_of_what_is_no_core_dump_what_it_is) {
  const temporary_folder folder;
  const std::string file = folder / "file";
  const auto refused = [&file](std::string_view bytes) {
    write(file, bytes);
    return why_not(file);
  };
  EXPECT_TRUE(why_not(folder / "nowhere").line.ends_with("No such file or directory"));
  EXPECT_TRUE(why_not(folder.path()).line.ends_with("Is a directory"));
  EXPECT_TRUE(why_not("/dev/null").line.ends_with("it is no regular file"));
  EXPECT_TRUE(refused("").line.ends_with("is empty"));
  EXPECT_TRUE(refused("hello").line.ends_with("is no core dump"));
  EXPECT_TRUE(refused("\x28\xb5\x2f\xfdmore").line.contains("is compressed"));
  EXPECT_TRUE(why_not("/proc/self/exe").line.contains("no core dump"));
  EXPECT_EQ(refused("hello").why, unreadable::reason::no_core);
  EXPECT_EQ(refused(header_with([](Elf64_Ehdr&) {})).why, unreadable::reason::no_hocket);
}

TEST(read_core, says_that_a_core_dump_is_of_another_kind_of_processor) {
  const temporary_folder folder;
  const std::string file = folder / "file";
  for (const auto& change : std::initializer_list<std::function<void(Elf64_Ehdr&)>>{
           [](Elf64_Ehdr& header) { header.e_machine = EM_S390; },
           [](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASS32; },
           [](Elf64_Ehdr& header) { header.e_ident[EI_DATA] = ELFDATA2MSB; }}) {
    write(file, header_with(change));
    EXPECT_EQ(why_not(file).why, unreadable::reason::other_architecture);
  }
}

TEST(read_core, says_that_a_program_without_hocket_has_none) {
  const temporary_folder folder;
  if (core_of(shown_programs + "/shown", folder).empty()) GTEST_SKIP() << no_core_dumps;
  const temporary_folder other;
  other_program cat({"/bin/sh", "-c", "ulimit -c unlimited && cd \"$0\" && echo ready && exec cat", other.path()});
  ASSERT_EQ(cat.line(), "ready");
  ::kill(cat.number(), SIGABRT);
  ASSERT_EQ(cat.end(), 128 + SIGABRT);
  EXPECT_EQ(why_not(fs::directory_iterator(other.path())->path()).why, unreadable::reason::no_hocket);
}
