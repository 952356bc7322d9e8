#pragma once

#include <cstddef>

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <hocket/loop/descriptor.hpp>

namespace hocket::detail {

/// What is there.
[[nodiscard]] descriptor::nature nature_of(const struct stat& state) noexcept;

/// What a descriptor is, found out by fstat(2) when first asked.
[[nodiscard]] descriptor::nature nature_of(descriptor& target) noexcept;

/// Whether it is known to be none.
[[nodiscard]] inline bool is_no_socket(const descriptor& target) noexcept {
  return target.is == descriptor::nature::pipe || target.is == descriptor::nature::file;
}

/// What a call on it was answered: ENOTSOCK. It goes by readiness from here on.
inline void note_no_socket(descriptor& target) noexcept {
  if (target.is == descriptor::nature::unknown && nature_of(target) == descriptor::nature::socket)
    target.is = descriptor::nature::pipe;
}

/// readv(2) and writev(2) of what is no socket, as the system answers, -1 with EAGAIN instead of waiting, whatever the
/// descriptor's own flags are. A regular file is read and written where it stands. There is no SIGPIPE.
[[nodiscard]] ssize_t read_some(descriptor& target, const iovec* pieces, std::size_t count) noexcept;
[[nodiscard]] ssize_t write_some(descriptor& target, const iovec* pieces, std::size_t count) noexcept;

/// The terminal once more, with O_NONBLOCK, which is not shared with those who share `number`. -1 if that is no terminal, or cannot be
/// opened, or is the other end of a pseudo-terminal: that would become another one.
[[nodiscard]] int open_terminal_anew(int number) noexcept;

}  // namespace hocket::detail
