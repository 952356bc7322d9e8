#pragma once

#include <array>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::testing {

/// Takes a right of the superuser's (CAP_...) away from this thread, as long as it exists. Programs that it starts have it again.
class without_capability {
 public:
  explicit without_capability(int which) {
    ::syscall(SYS_capget, &header_, before_.data());
    auto less = before_;
    less[static_cast<std::size_t>(which) / 32].effective &= ~(1U << (static_cast<unsigned>(which) % 32));
    ::syscall(SYS_capset, &header_, less.data());
  }
  ~without_capability() { ::syscall(SYS_capset, &header_, before_.data()); }
  without_capability(const without_capability&) = delete;

 private:
  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> before_{};
};

}  // namespace hocket::testing
