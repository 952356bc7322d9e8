// hocket patch: runs a program of others with libhocket_patch before its C library. The program takes the place of this one; what the library finds
// there, it says itself.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <hocket/loop/loop.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

namespace fs = std::filesystem;

std::span<char*> to_be_run;

/// Beside this program: as installed, and as built.
fs::path library() {
  const fs::path home = fs::read_symlink("/proc/self/exe").parent_path();
  for (const char* folder : {HOCKET_FROM_BIN_TO_LIB, "../lib"}) {
    const fs::path there = (home / folder / "hocket/libhocket_patch.so").lexically_normal();
    if (std::error_code unknown; fs::exists(there, unknown)) return there;
  }
  throw failure(fmt::format("libhocket_patch.so is not there: it belongs to {}",
                            (home / HOCKET_FROM_BIN_TO_LIB / "hocket").lexically_normal().string()),
                not_executable);
}

/// As execvp(3) finds it.
fs::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), F_OK) != 0)
      throw failure(fmt::format("cannot run '{}': {}", name, std::strerror(errno)), not_found);
    return name;
  }
  const char* const given = std::getenv("PATH");
  const std::string path = given != nullptr ? given : "/bin:/usr/bin";
  std::optional<fs::path> unusable;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const fs::path there = (end > begin ? fs::path(path.substr(begin, end - begin)) : fs::path(".")) / name;
    begin = end + 1;
    if (std::error_code unknown; !fs::is_regular_file(there, unknown)) continue;
    if (::access(there.c_str(), X_OK) == 0) return there;
    if (!unusable) unusable = there;
  }
  if (unusable) return *unusable;
  throw failure(fmt::format("there is no program '{}'", name), not_found);
}

/// The loader that brings the libraries of a program in this machine's format; nothing if it names none. Null: it is no such program, a script.
struct format {
  bool is_native = false;
  bool has_thread_sanitizer = false;
  std::string loader{};
};

/// Of both compilers: by the name of what their code calls first.
bool has_thread_sanitizer(int opened) {
  struct stat known{};
  if (::fstat(opened, &known) != 0 || known.st_size <= 0) return false;
  const auto size = static_cast<std::size_t>(known.st_size);
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened, 0);
  if (mapped == MAP_FAILED) return false;
  constexpr std::string_view name("\0__tsan_init\0", 13);
  const bool found = ::memmem(mapped, size, name.data(), name.size()) != nullptr;
  ::munmap(mapped, size);
  return found;
}

std::optional<format> format_of(const fs::path& program) {
  const int opened = ::open(program.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return std::nullopt;  // to be run, not to be read: exec has the last word
  const std::unique_ptr<const int, void (*)(const int*)> closes(&opened, [](const int* number) { ::close(*number); });
  Elf64_Ehdr header{};
  const auto got = ::pread(opened, &header, sizeof header, 0);
  if (got < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  Elf64_Ehdr mine{};
  const int self = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self >= 0) {
    static_cast<void>(!::pread(self, &mine, sizeof mine, 0));
    ::close(self);
  }
  format found;
  found.is_native =
      got == sizeof header && header.e_ident[EI_CLASS] == mine.e_ident[EI_CLASS] && header.e_machine == mine.e_machine;
  if (!found.is_native) return found;
  found.has_thread_sanitizer = has_thread_sanitizer(opened);
  for (int n = 0; n < header.e_phnum; ++n) {
    Elf64_Phdr part{};
    const auto place = static_cast<off_t>(header.e_phoff) + n * static_cast<off_t>(sizeof part);
    if (::pread(opened, &part, sizeof part, place) != sizeof part) break;
    if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz > 4096) continue;
    found.loader.resize(part.p_filesz - 1);
    if (::pread(opened, found.loader.data(), found.loader.size(), static_cast<off_t>(part.p_offset)) < 0)
      found.loader.clear();
  }
  return found;
}

/// The system ignores LD_PRELOAD for who would get rights that the caller has not.
bool gets_rights(const fs::path& program) {
  struct stat known{};
  if (::stat(program.c_str(), &known) != 0) return false;
  const bool changes_user = (known.st_mode & S_ISUID) != 0 && known.st_uid != ::getuid();
  const bool changes_group = (known.st_mode & S_ISGID) != 0 && known.st_gid != ::getgid();
  const bool has_capabilities = ::getuid() != 0 && ::getxattr(program.c_str(), "security.capability", nullptr, 0) > 0;
  return changes_user || changes_group || has_capabilities;
}

void require_patchable(const fs::path& program) {
  const auto refuse = [&](std::string_view why) {
    throw failure(fmt::format("cannot patch '{}': {}", program.string(), why), not_executable);
  };
  if (std::error_code unknown; fs::is_directory(program, unknown)) refuse("it is a directory");
  if (gets_rights(program))
    refuse("it runs with rights of another, setuid, setgid or capabilities, and takes no library from who calls it");
  const std::optional<format> known = format_of(program);
  if (!known) return;  // a script: what runs it is patched
  if (!known->is_native) refuse("it is a program for another kind of machine");
  if (known->loader.empty()) refuse("it is linked statically: it has its C library within");
  if (known->has_thread_sanitizer)
    refuse("it is built with the thread sanitizer, which stands before the same functions of the C library");
  if (known->loader.find("ld-musl") != std::string::npos) refuse("its C library is musl, and not glibc");
}

/// What the environment says wrongly of loops is told here: there it would be a thread that cannot be made.
void require_loop() {
  try {
    static_cast<void>(loop{});
  } catch (const std::exception& problem) {
    throw failure(problem.what(), not_executable);
  }
}

int run(bool is_forced) {
  require_loop();
  const fs::path program = find_program(to_be_run.front());
  const std::string preloaded = library().string();
  require_patchable(program);
  if (preloaded.find_first_of(": ") != std::string::npos)
    throw failure(fmt::format("'{}' cannot be preloaded: there is a blank or a colon in its name", preloaded),
                  not_executable);
  const char* const others = std::getenv("LD_PRELOAD");
  const std::string preload = others != nullptr && *others != '\0' ? preloaded + ":" + others : preloaded;
  ::setenv("LD_PRELOAD", preload.c_str(), 1);
  // For this process alone, which the program becomes: its children are as ever.
  ::setenv("HOCKET_PATCH", fmt::format("{}{}", ::getpid(), is_forced ? ":force" : "").c_str(), 1);
  ::execv(program.c_str(), to_be_run.data());  // a null stands behind it, as behind every argv
  throw failure(fmt::format("cannot run '{}': {}", program.string(), std::strerror(errno)),
                errno == ENOENT ? not_found : not_executable);
}

}  // namespace

int keep_command_to_patch(std::span<char*> words) {
  if (words.size() < 2 || std::string_view(words[1]) != "patch") return static_cast<int>(words.size());
  const auto is_option = [](std::string_view word) { return word.starts_with('-') && word != "--"; };
  const auto end = std::find_if_not(words.begin() + 2, words.end(), is_option);
  const bool has_mark = end != words.end() && std::string_view(*end) == "--";
  to_be_run = {has_mark ? end + 1 : end, words.end()};
  return static_cast<int>(end - words.begin());
}

void add_patch(CLI::App& program, action& chosen) {
  CLI::App* command = program.add_subcommand(
      "patch", "Run a program with its threads as green threads: hocket patch [OPTIONS] [--] PROGRAM [ARGUMENT...]");
  const auto force = std::make_shared<bool>(false);
  command->add_flag("--force", *force,
                    "though the program or its libraries keep variables by thread, which all its threads then share");
  command->callback([force, &chosen] {
    if (to_be_run.empty()) throw CLI::RequiredError("PROGRAM");
    chosen = [force] { return run(*force); };
  });
}

}  // namespace hocket::app
