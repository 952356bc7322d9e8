#include "progress_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace hocket::app {

std::string fitted(std::string line) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && line.size() >= size.ws_col)
    line.resize(size.ws_col - 1U);
  return line;
}

}  // namespace hocket::app
