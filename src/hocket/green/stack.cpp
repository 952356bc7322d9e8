// A thread keeps the stacks that were given back last, as they are, so that a green thread costs no system call. What a deep one has touched
// stays in memory until its stack is unmapped, as many others have come back since.

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <hocket/green/stack.hpp>

namespace hocket::green {
namespace {

constexpr std::size_t most_pooled = 256;

std::size_t page() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t in_pages(std::size_t bytes) noexcept { return (bytes + page() - 1) / page() * page(); }

void unmap(std::span<std::byte> memory) noexcept { ::munmap(memory.data() - guard_size, memory.size() + guard_size); }

std::size_t resident_of(std::span<std::byte> memory) {
  std::vector<unsigned char> pages(memory.size() / page());
  if (::mincore(memory.data(), memory.size(), pages.data()) != 0)
    throw std::system_error(errno, std::system_category(), "mincore of a green thread's stack");
  const auto touched = std::ranges::find_if(pages, [](unsigned char each) { return (each & 1) != 0; });
  return static_cast<std::size_t>(pages.end() - touched) * page();
}

/// The thread's pool has ended before what has static lifetime.
thread_local bool has_ended = false;

/// Of one thread; nobody else takes or gives.
struct pool {
  std::vector<std::span<std::byte>> free;
  std::size_t in_use = 0;
  std::size_t oldest = 0;  // about, among those that are free

  pool() { free.reserve(most_pooled); }
  ~pool() {
    has_ended = true;
    for (const auto& each : free) unmap(each);
  }
};

pool& here() {
  thread_local pool mine;
  return mine;
}

std::span<std::byte> map(std::size_t size) {
  constexpr int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  void* const mapped = ::mmap(nullptr, size + guard_size, PROT_READ | PROT_WRITE, kind, -1, 0);
  if (mapped == MAP_FAILED || ::mprotect(mapped, guard_size, PROT_NONE) != 0) {
    const int problem = errno;
    if (mapped != MAP_FAILED) ::munmap(mapped, size + guard_size);
    throw std::system_error(
        problem, std::system_category(),
        "no stack for one more green thread; if there are tens of thousands, raise the system's vm.max_map_count");
  }
  return {static_cast<std::byte*>(mapped) + guard_size, size};
}

}  // namespace

stack stack::of_size(std::size_t size) {
  const std::size_t wanted = in_pages(std::max<std::size_t>(size, 4 * page()));
  if (has_ended) return stack(map(wanted));
  pool& from = here();
  const auto found = std::ranges::find(from.free.rbegin(), from.free.rend(), wanted,
                                       [](std::span<std::byte> each) { return each.size(); });
  std::span<std::byte> memory;
  if (found == from.free.rend()) {
    memory = map(wanted);
  } else {
    memory = *found;
    *found = from.free.back();
    from.free.pop_back();
  }
  ++from.in_use;
  return stack(memory);
}

stack::~stack() {
  if (memory_.empty()) return;
  if (has_ended) {
    unmap(memory_);
    return;
  }
  pool& home = here();
  --home.in_use;
  if (home.free.size() < most_pooled) {
    home.free.push_back(memory_);
  } else {
    unmap(std::exchange(home.free[home.oldest], memory_));
    home.oldest = (home.oldest + 1) % most_pooled;
  }
}

std::size_t stack::resident() const { return resident_of(memory_); }

stack_statistics stacks_here() {
  const pool& mine = here();
  stack_statistics found{.in_use = mine.in_use, .pooled = mine.free.size()};
  for (const auto& each : mine.free) found.high_water = std::max(found.high_water, resident_of(each));
  return found;
}

}  // namespace hocket::green
