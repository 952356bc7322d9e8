#pragma once

#include <cstddef>

namespace hocket {

/// Where coroutine frames and task records live: size-classed free lists of one thread, so that taking and returning a
/// block is a few instructions and no lock.
///
/// A block may be returned on any thread; it finds its way back to the arena that it came from. An arena outlives its
/// thread until its last block is back. Blocks above 2 KiB, and all blocks under a sanitizer, come from the heap.
namespace arena {

/// Takes a block of at least `size` bytes, aligned to 16. Throws std::bad_alloc.
[[nodiscard]] void* allocate(std::size_t size);

/// Returns a block taken with the same `size`.
void deallocate(void* block, std::size_t size) noexcept;

/// Blocks taken on this thread and not yet returned (on any thread). Under a sanitizer: of all threads.
/// Tests assert that it comes back to where it was.
[[nodiscard]] long live_blocks() noexcept;

/// For tests: calls `hook` before each block that this thread takes; it may throw std::bad_alloc instead. Null: nobody is
/// called, and then it costs nothing. Calls do not nest: the hook may not take blocks.
using take_hook = void (*)();
void set_take_hook(take_hook hook);

}  // namespace arena

/// Derive from it to be allocated in the thread's arena.
struct arena_allocated {
  static void* operator new(std::size_t size) { return arena::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { arena::deallocate(block, size); }
};

}  // namespace hocket
