#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

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
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(next) + left, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace hocket::testing
