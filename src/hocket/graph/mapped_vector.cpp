#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/graph/mapped_vector.hpp>

namespace hocket::graph {

static constexpr std::size_t granule = 64 * 1024;

static error cannot(const char* what, const std::string& where, int why) {
  return error(fmt::format("cannot {}{}: {}", what, where, std::system_category().message(why)));
}

mapped_file::mapped_file(const std::string& directory) {
  std::string name = directory + "/.hocket-graph-XXXXXX";
  number_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (number_ < 0) throw cannot("make a temporary file in ", fmt::format("'{}'", directory), errno);
  ::unlink(name.c_str());
}

mapped_file::~mapped_file() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (number_ >= 0) ::close(number_);
}

void mapped_file::grow(std::size_t bytes) {
  bytes = (bytes + granule - 1) / granule * granule;
  int failed = 0;
  do failed = ::posix_fallocate(number_, 0, static_cast<off_t>(bytes));
  while (failed == EINTR);
  if (failed != 0) throw cannot("make a temporary file larger", "", failed);
  void* const mapped = data_ == nullptr ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, number_, 0)
                                        : ::mremap(data_, size_, bytes, MREMAP_MAYMOVE);
  if (mapped == MAP_FAILED) throw cannot("map a temporary file", "", errno);
  data_ = static_cast<std::byte*>(mapped);
  size_ = bytes;
}

}  // namespace hocket::graph
