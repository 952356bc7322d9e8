#include <cstdlib>
#include <memory>

#include <cxxabi.h>

#include <hocket/base/demangled.hpp>

namespace hocket {

std::string demangled(const char* name) {
  int failed = 0;
  const std::unique_ptr<char, void (*)(void*)> given(abi::__cxa_demangle(name, nullptr, nullptr, &failed), std::free);
  return failed == 0 ? given.get() : name;
}

}  // namespace hocket
