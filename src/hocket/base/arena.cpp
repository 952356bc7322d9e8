// The thread's arena.
//
// Memory is taken from the heap in chunks aligned to their own size, so a block finds its chunk, and there its arena, by
// masking its address: blocks need no header. Freed blocks go to the free list of their size class (16 bytes a step).
// A block freed on another thread goes to the owner's lock-free stack, which the owner empties when a free list runs dry.
//
// `balance_` decides when an arena whose thread has ended may go: foreign frees count it down from zero, the ending thread
// adds the number of blocks that it had not seen returned, and whoever brings it to zero after that destroys the arena.
//
// A thread whose hook is set hides its pool, so that every block takes the slow path, which calls the hook; the fast path
// knows nothing of it. Blocks freed meanwhile come back like those of other threads.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include <hocket/base/arena.hpp>

#if defined(HOCKET_SANITIZED)

namespace hocket::arena {

// The sanitizers see every block that comes from the heap; a pool would hide use after free from them.
static std::atomic<long> live{0};
static constinit thread_local take_hook called_first = nullptr;

void set_take_hook(take_hook hook) { called_first = hook; }

void* allocate(std::size_t size) {
  if (called_first != nullptr) called_first();
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc{};
  live.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void deallocate(void* block, std::size_t) noexcept {
  live.fetch_sub(1, std::memory_order_relaxed);
  std::free(block);
}

long live_blocks() noexcept { return live.load(std::memory_order_relaxed); }

}  // namespace hocket::arena

#else

namespace hocket::arena {
namespace {

constexpr std::size_t step = 16;
constexpr std::size_t largest = 2048;
constexpr std::size_t chunk_size = 256 * 1024;

struct free_block {
  free_block* next;
  std::size_t size_class;  // used only on the way home from another thread
};

constexpr std::size_t class_of(std::size_t size) noexcept { return (size + step - 1) / step; }

class pool;

struct alignas(64) chunk {
  pool* owner;
  chunk* next;
};

class pool {
 public:
  pool() = default;
  pool(const pool&) = delete;

  void* take(std::size_t size_class) {
    ++live_;
    if (free_block* block = free_[size_class]) {
      free_[size_class] = block->next;
      return block;
    }
    return take_slowly(size_class);
  }

  void put(void* memory, std::size_t size_class) noexcept {
    --live_;
    auto* block = static_cast<free_block*>(memory);
    block->next = free_[size_class];
    free_[size_class] = block;
  }

  void put_from_elsewhere(void* memory, std::size_t size_class) noexcept {
    auto* block = static_cast<free_block*>(memory);
    block->size_class = size_class;
    block->next = returned_.load(std::memory_order_relaxed);
    while (!returned_.compare_exchange_weak(block->next, block, std::memory_order_release)) {
    }
    if (balance_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  void thread_ends() noexcept {
    if (balance_.fetch_add(live_, std::memory_order_acq_rel) + live_ == 0) delete this;
  }

  [[nodiscard]] long live() const noexcept { return live_ + balance_.load(std::memory_order_relaxed); }

 private:
  ~pool() {
    for (chunk* at = chunks_; at != nullptr;) {
      chunk* next = at->next;
      std::free(at);
      at = next;
    }
  }

  void* take_slowly(std::size_t size_class) {
    for (free_block* block = returned_.exchange(nullptr, std::memory_order_acquire); block != nullptr;) {
      free_block* next = block->next;
      block->next = free_[block->size_class];
      free_[block->size_class] = block;
      block = next;
    }
    if (free_block* block = free_[size_class]) {
      free_[size_class] = block->next;
      return block;
    }
    const std::size_t size = size_class * step;
    if (static_cast<std::size_t>(end_ - bump_) < size) add_chunk();
    void* block = bump_;
    bump_ += size;
    return block;
  }

  void add_chunk() {
    void* memory = std::aligned_alloc(chunk_size, chunk_size);
    if (memory == nullptr) {
      --live_;
      throw std::bad_alloc{};
    }
    chunks_ = ::new (memory) chunk{this, chunks_};
    bump_ = static_cast<char*>(memory) + sizeof(chunk);
    end_ = static_cast<char*>(memory) + chunk_size;
  }

  std::array<free_block*, class_of(largest) + 1> free_{};
  char* bump_ = nullptr;
  char* end_ = nullptr;
  long live_ = 0;  // taken here, minus returned here
  chunk* chunks_ = nullptr;
  std::atomic<free_block*> returned_{nullptr};
  std::atomic<long> balance_{0};
};

// Null before the thread's first block, and again after its last: blocks taken by later destructors of thread-locals then
// get a pool of their own, which is never destroyed.
constinit thread_local pool* mine = nullptr;

constinit thread_local take_hook called_first = nullptr;
constinit thread_local pool* hidden = nullptr;  // the thread's pool while a hook is set

struct at_thread_end {
  ~at_thread_end() {
    if (mine != nullptr) std::exchange(mine, nullptr)->thread_ends();
  }
};

pool& make_mine() {
  static thread_local at_thread_end ender;
  mine = new pool;
  static_cast<void>(&ender);
  return *mine;
}

[[gnu::noinline]] pool& find_mine() {
  if (called_first == nullptr) return make_mine();
  called_first();
  return *hidden;
}

pool* owner_of(void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block) & ~(std::uintptr_t{chunk_size} - 1);
  return reinterpret_cast<chunk*>(address)->owner;
}

}  // namespace

void* allocate(std::size_t size) {
  if (size > largest) [[unlikely]]
    return ::operator new(size);
  pool* home = mine;
  if (home == nullptr) [[unlikely]]
    home = &find_mine();
  return home->take(class_of(size));
}

void deallocate(void* block, std::size_t size) noexcept {
  if (size > largest) [[unlikely]] {
    ::operator delete(block, size);
    return;
  }
  pool* home = owner_of(block);
  if (home == mine) [[likely]]
    home->put(block, class_of(size));
  else
    home->put_from_elsewhere(block, class_of(size));
}

long live_blocks() noexcept {
  const pool* home = mine != nullptr ? mine : hidden;
  return home == nullptr ? 0 : home->live();
}

void set_take_hook(take_hook hook) {
  pool* home = mine != nullptr ? mine : hidden != nullptr ? hidden : &make_mine();
  called_first = hook;
  mine = hook == nullptr ? home : nullptr;
  hidden = hook == nullptr ? nullptr : home;
}

}  // namespace hocket::arena

#endif
