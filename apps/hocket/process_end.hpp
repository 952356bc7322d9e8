#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace hocket::app {

/// Tells when a process has ended, be its number another's by then.
class process_end {
 public:
  explicit process_end(pid_t process) noexcept : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))) {}
  ~process_end() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  process_end(const process_end&) = delete;

  /// Readable then; -1 where the system has none (before Linux 5.3).
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace hocket::app
