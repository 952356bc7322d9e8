#include <cerrno>
#include <system_error>

#include <sys/random.h>

#include <hocket/loop/random_source.hpp>

namespace hocket {

std::uint64_t random_source::unforeseeable_seed() {
  std::uint64_t seed = 0;
  ssize_t got = 0;
  do got = ::getrandom(&seed, sizeof seed, 0);
  while (got < 0 && errno == EINTR);
  if (got != sizeof seed) throw std::system_error(errno, std::system_category(), "getrandom");
  return seed;
}

}  // namespace hocket
