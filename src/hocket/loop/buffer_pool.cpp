#include <algorithm>
#include <new>

#include <sys/mman.h>

#include <hocket/base/assert.hpp>
#include <hocket/loop/buffer_pool.hpp>

namespace hocket {

buffer_pool::buffer_pool() {
  // Mapped, not allocated: pages that no connection ever needed cost nothing.
  void* memory = ::mmap(nullptr, buffer_size_bytes * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc{};
  pool_memory_ = static_cast<char*>(memory);
  free_.reserve(count);
  for (std::uint32_t slot = count; slot > 0; --slot) free_.push_back(slot - 1);
}

buffer_pool::~buffer_pool() {
  HOCKET_ASSERT(lent() == 0, "a loop was destroyed while one of its receive buffers was still held");
  ::munmap(pool_memory_, buffer_size_bytes * count);
}

std::uint32_t buffer_pool::take() {
  auto& slots = free_.empty() ? kept_ : free_;
  if (!slots.empty()) {
    const std::uint32_t slot = slots.back();
    slots.pop_back();
    return slot;
  }
  if (empty_.empty()) {
    kept_.reserve(heap_.size() + 1);  // so that giving back needs no memory
    empty_.reserve(heap_.size() + 1);
    heap_.push_back(nullptr);
    empty_.push_back(from_heap + static_cast<std::uint32_t>(heap_.size() - 1));
  }
  const std::uint32_t slot = empty_.back();
  heap_[slot - from_heap] = std::make_unique_for_overwrite<char[]>(buffer_size_bytes);
  empty_.pop_back();
  return slot;
}

char* buffer_pool::memory(std::uint32_t slot) const noexcept {
  return slot < from_heap ? pool_memory_ + slot * buffer_size_bytes : heap_[slot - from_heap].get();
}

void buffer_pool::take_back(std::uint32_t slot) noexcept {
  if (slot >= from_heap && kept_.size() < most_kept) {
    kept_.push_back(slot);
  } else if (slot >= from_heap) {
    heap_[slot - from_heap].reset();
    empty_.push_back(slot);
  } else {
    free_.push_back(slot);
    supply_kernel();
  }
}

void buffer_pool::serve_kernel(give_to_kernel give, void* who) noexcept {
  give_ = give;
  kernel_ = who;
  supply_kernel();
}

void buffer_pool::supply_kernel() noexcept {
  for (; give_ != nullptr && in_kernel_ < wanted_in_kernel_ && !free_.empty(); ++in_kernel_) {
    give_(kernel_, free_.back());
    free_.pop_back();
  }
}

bool buffer_pool::kernel_ran_dry() noexcept {
  if (in_kernel_ == 0) wanted_in_kernel_ = std::min(2 * wanted_in_kernel_, most_in_kernel);
  supply_kernel();
  return in_kernel_ > 0;
}

}  // namespace hocket
