#include <cstdio>
#include <cstdlib>

#include <hocket/base/assert.hpp>

namespace hocket::detail {

void assertion_failed(const char* condition, const char* meaning, const char* file, int line) noexcept {
  std::fprintf(stderr, "hocket: %s (%s, at %s:%d)\n", meaning, condition, file, line);
  std::abort();
}

}  // namespace hocket::detail
