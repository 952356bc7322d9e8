#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "command.hpp"

namespace hocket::app {

// The lowest number that is free is what open(2) gives: that of a stream, while all below are open.
void keep_standard_streams() noexcept {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    static_cast<void>(::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace hocket::app
