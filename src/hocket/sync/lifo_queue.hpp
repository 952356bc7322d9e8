#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <hocket/sync/queue.hpp>

namespace hocket {

namespace detail {

template <class Item>
class stack {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  template <class Value>
  void push(Value&& item) {
    items_.push_back(std::forward<Value>(item));
  }
  [[nodiscard]] Item pop() noexcept {
    Item item = std::move(items_.back());
    items_.pop_back();
    return item;
  }

 private:
  std::vector<Item> items_;
};

}  // namespace detail

/// A queue that gives the item that was put last. Counterpart: asyncio.LifoQueue.
template <class Item>
using lifo_queue = basic_queue<Item, detail::stack<Item>>;

}  // namespace hocket
