#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hocket::testing {

/// How many descriptors the process has.
inline std::size_t count_open_numbers() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

/// Leaves the process no more than a few free descriptors.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // Numbers that were inherited may leave gaps.
    std::vector<int> free;
    while (free.size() <= left) free.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(free.back()), .rlim_max = before_.rlim_max};
    for (const int each : free) ::close(each);
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace hocket::testing
