#include "whole_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "command.hpp"

namespace hocket::app {

static failure cannot_write(const std::string& path, int problem) {
  return failure(fmt::format("cannot write '{}': {}", path, std::strerror(problem)), work_failed);
}

void write_whole_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  const std::string draft = path + ".new";
  errno = 0;
  std::ofstream out(draft, std::ios::binary);
  if (!out) throw cannot_write(path, errno);
  try {
    write(out);
  } catch (...) {
    std::remove(draft.c_str());
    throw;
  }
  errno = 0;
  out.close();
  if (out && std::rename(draft.c_str(), path.c_str()) == 0) return;
  const int problem = errno != 0 ? errno : EIO;
  std::remove(draft.c_str());
  throw cannot_write(path, problem);
}

}  // namespace hocket::app
