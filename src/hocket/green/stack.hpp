#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace hocket::green {

/// What green threads get if nothing else is said. Address space, not memory: pages come when they are touched.
inline constexpr std::size_t default_stack_size = 256 * 1024;

/// Below each stack, where nobody may touch: more than a function has of local variables, which may step over a single page.
inline constexpr std::size_t guard_size = 256 * 1024;

/// The memory on which a green thread runs, with a guard below it. Owned; goes back to its thread's pool.
class stack {
 public:
  stack() noexcept = default;
  stack(stack&& other) noexcept : memory_(std::exchange(other.memory_, {})) {}
  stack& operator=(stack&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~stack();

  /// At least `size` bytes, rounded up to pages; from the pool if it has one of that size. Throws `std::system_error`, which names the way
  /// out where the system's limit of mappings is reached.
  [[nodiscard]] static stack of_size(std::size_t size);

  /// All that may be used; grows from its end to its beginning.
  [[nodiscard]] std::span<std::byte> memory() const noexcept { return memory_; }
  /// Bytes that are in memory: the most that anybody has used of it, in pages. Asks the system.
  [[nodiscard]] std::size_t resident() const;

  explicit operator bool() const noexcept { return !memory_.empty(); }

 private:
  explicit stack(std::span<std::byte> memory) noexcept : memory_(memory) {}

  std::span<std::byte> memory_;
};

/// The stacks of this thread.
struct stack_statistics {
  std::size_t in_use = 0;
  std::size_t pooled = 0;      // for green threads to come
  std::size_t high_water = 0;  // of those in the pool: the most bytes that one was found to have used
};

/// Counts, and looks at each stack in the pool: for people and for tests, not for hot paths.
[[nodiscard]] stack_statistics stacks_here();

}  // namespace hocket::green
