#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <hocket/sync/queue.hpp>

namespace hocket {

namespace detail {

/// A binary heap; among equals the one that was pushed first comes first.
template <class Item, class Compare>
class stable_heap {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  template <class Value>
  void push(Value&& item) {
    entries_.push_back({std::forward<Value>(item), next_serial_++});
    std::push_heap(entries_.begin(), entries_.end(), comes_later);
  }
  [[nodiscard]] Item pop() noexcept {
    std::pop_heap(entries_.begin(), entries_.end(), comes_later);
    Item item = std::move(entries_.back().item);
    entries_.pop_back();
    return item;
  }

 private:
  struct entry {
    Item item;
    std::uint64_t serial;
  };
  static bool comes_later(const entry& a, const entry& b) {
    if (Compare{}(b.item, a.item)) return true;
    return !Compare{}(a.item, b.item) && b.serial < a.serial;
  }

  std::vector<entry> entries_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace detail

/// A queue that gives the smallest item first, and of equal ones that which was put first (asyncio leaves that open). `put` and
/// `get` take O(log n). Note that `std::priority_queue` gives the largest.
///
/// `Compare` is a default-constructible strict weak order that does not throw. Counterpart: asyncio.PriorityQueue.
template <class Item, class Compare = std::less<Item>>
using priority_queue = basic_queue<Item, detail::stable_heap<Item, Compare>>;

}  // namespace hocket
