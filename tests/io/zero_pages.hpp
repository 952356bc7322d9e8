#pragma once

#include <cstddef>
#include <stdexcept>
#include <string_view>

#include <sys/mman.h>

namespace hocket::testing {

/// As many zero bytes as one likes, which take no memory.
class zero_pages {
 public:
  explicit zero_pages(std::size_t size_bytes)
      : size_(size_bytes),
        memory_(::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::runtime_error("cannot map zero pages");
  }
  ~zero_pages() { ::munmap(memory_, size_); }
  zero_pages(const zero_pages&) = delete;
  zero_pages& operator=(const zero_pages&) = delete;

  [[nodiscard]] std::string_view bytes() const noexcept { return {static_cast<const char*>(memory_), size_}; }

 private:
  std::size_t size_;
  void* memory_;
};

/// More than a result of the system or an int can count.
inline constexpr std::size_t more_than_two_gib = (std::size_t{2} << 30) + 4096;

}  // namespace hocket::testing
