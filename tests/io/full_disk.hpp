#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>
#include <sys/mount.h>

namespace hocket::testing {

/// A file system of one mebibyte, as long as it exists. To mount one takes root: without that the test is skipped, loudly.
class full_disk {
 public:
  full_disk() : is_mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") == 0) {
    if (!is_mounted_) skip();
  }
  ~full_disk() {
    if (is_mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  full_disk(const full_disk&) = delete;

  [[nodiscard]] bool is_mounted() const noexcept { return is_mounted_; }
  [[nodiscard]] const std::string& path() const noexcept { return folder_.path(); }
  [[nodiscard]] std::string operator/(std::string_view name) const { return folder_ / name; }

 private:
  static void skip() { GTEST_SKIP() << "a small tmpfs cannot be mounted here: " << std::strerror(errno); }

  temporary_directory folder_;
  bool is_mounted_;
};

/// The names in a folder, sorted.
inline std::vector<std::string> entries_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

}  // namespace hocket::testing
