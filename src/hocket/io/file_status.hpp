#pragma once

#include <chrono>
#include <cstdint>

#include <sys/stat.h>

namespace hocket {

/// What the system knows of a file, a folder, a link. statx(2)
struct file_status {
  using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

  std::uint32_t mode = 0;  // what it is and who may use it: S_IFMT, 07777
  std::uint64_t size_bytes = 0;
  std::uint64_t allocated_bytes = 0;  // on the disk
  time_point modified{};
  time_point accessed{};
  time_point changed{};  // its own record: mode, owner, links
  time_point made{};     // the beginning of time where the file system does not know
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t links = 0;
  std::uint32_t owner = 0;
  std::uint32_t group = 0;

  [[nodiscard]] bool is_regular() const noexcept { return S_ISREG(mode); }
  [[nodiscard]] bool is_directory() const noexcept { return S_ISDIR(mode); }
  [[nodiscard]] bool is_symlink() const noexcept { return S_ISLNK(mode); }
  /// 0644 and so on.
  [[nodiscard]] std::uint32_t permissions() const noexcept { return mode & 07777U; }
  /// The same file, whatever its paths are.
  [[nodiscard]] bool is_same_file(const file_status& other) const noexcept {
    return device == other.device && inode == other.inode;
  }
};

}  // namespace hocket
