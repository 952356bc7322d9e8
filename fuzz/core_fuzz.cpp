// Reads a core dump that says anything. The input is the file.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include <hocket/inspect/core_memory.hpp>
#include <hocket/inspect/read_core.hpp>
#include <hocket/inspect/unreadable.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("core", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  using namespace hocket::inspect;
  try {
    core_memory memory(path);
    std::array<std::byte, 100> bytes{};
    std::size_t count = 0;
    for (const mapping& each : memory.mappings()) {
      for (const address at : {each.begin, each.begin - 50, each.end - 50}) static_cast<void>(memory.read(at, bytes));
      if (++count == 20) break;
    }
  } catch (const unreadable&) {
  }
  try {
    static_cast<void>(read_core(path, "/proc/self/exe"));
  } catch (const unreadable&) {
  }
  return 0;
}
