#pragma once

#include <signal.h>
#include <sys/resource.h>

namespace hocket::testing {

/// While it lives no file of the process grows beyond a size: a write stops there, and the next one fails with EFBIG.
class small_files {
 public:
  explicit small_files(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit tight{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  ~small_files() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  small_files(const small_files&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_;
};

}  // namespace hocket::testing
