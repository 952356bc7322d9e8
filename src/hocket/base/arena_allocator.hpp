#pragma once

#include <cstddef>

#include <hocket/base/arena.hpp>

namespace hocket {

/// For containers that live as long as a frame does, and as often.
template <class T>
struct arena_allocator {
  static_assert(alignof(T) <= 16);
  using value_type = T;

  arena_allocator() = default;
  template <class U>
  arena_allocator(const arena_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(arena::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { arena::deallocate(block, count * sizeof(T)); }

  friend bool operator==(const arena_allocator&, const arena_allocator&) = default;
};

}  // namespace hocket
