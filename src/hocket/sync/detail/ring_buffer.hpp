#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace hocket::detail {

/// First in, first out, in one block that doubles when it is full: no allocation as long as the queue stays as long as it was.
template <class Item>
class ring_buffer {
 public:
  ring_buffer() noexcept = default;
  ring_buffer(const ring_buffer&) = delete;
  ring_buffer& operator=(const ring_buffer&) = delete;
  ~ring_buffer() {
    while (!empty()) static_cast<void>(pop());
    if (capacity_ != 0) std::allocator<Item>{}.deallocate(places_, capacity_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return pushed_ - popped_; }
  [[nodiscard]] bool empty() const noexcept { return pushed_ == popped_; }

  template <class Value>
  void push(Value&& item) {
    if (size() == capacity_) [[unlikely]]
      grow();
    std::construct_at(place(pushed_), std::forward<Value>(item));
    ++pushed_;
  }

  /// Precondition: not empty.
  [[nodiscard]] Item pop() noexcept {
    Item* const oldest = place(popped_++);
    Item item = std::move(*oldest);
    std::destroy_at(oldest);
    return item;
  }

 private:
  static constexpr std::size_t first_capacity = 8;

  [[nodiscard]] Item* place(std::size_t serial) const noexcept { return places_ + (serial & (capacity_ - 1)); }

  [[gnu::noinline]] void grow() {
    const std::size_t capacity = capacity_ == 0 ? first_capacity : 2 * capacity_;
    Item* const places = std::allocator<Item>{}.allocate(capacity);
    const std::size_t items = size();
    for (std::size_t n = 0; n < items; ++n) std::construct_at(places + n, pop());
    if (capacity_ != 0) std::allocator<Item>{}.deallocate(places_, capacity_);
    places_ = places;
    capacity_ = capacity;
    popped_ = 0;
    pushed_ = items;
  }

  Item* places_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two, or none yet
  std::size_t pushed_ = 0;    // ever, modulo the range of the type
  std::size_t popped_ = 0;
};

}  // namespace hocket::detail
