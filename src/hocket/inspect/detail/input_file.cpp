#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/inspect/detail/input_file.hpp>

namespace hocket::inspect::detail {

input_file::input_file(const std::string& path) noexcept {
  struct stat what{};
  // Looked at first, for opening a device may do things.
  if (::stat(path.c_str(), &what) != 0)
    error_ = errno;
  else if (!S_ISREG(what.st_mode))
    error_ = S_ISDIR(what.st_mode) ? EISDIR : EINVAL;
  else if (descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); descriptor_ < 0)
    error_ = errno;
  else
    size_ = static_cast<std::uint64_t>(what.st_size);
}

input_file::~input_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool input_file::read(std::uint64_t from, std::span<std::byte> to) const noexcept {
  if (from > size_ || to.size() > size_ - from) return false;
  while (!to.empty()) {
    const ssize_t count = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(from));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    to = to.subspan(static_cast<std::size_t>(count));
    from += static_cast<std::uint64_t>(count);
  }
  return true;
}

}  // namespace hocket::inspect::detail
