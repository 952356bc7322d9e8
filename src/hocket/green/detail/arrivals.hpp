#pragma once

#include <algorithm>
#include <cstddef>
#include <source_location>
#include <utility>
#include <vector>

#include <hocket/green/wait.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::green::detail {

/// What was expected, in the order in which it arrives. To arrive takes no memory.
template <class Item>
class arrivals {
 public:
  /// One more will arrive. Throws std::bad_alloc.
  void expect() {
    const std::size_t needed = arrived_.size() + expected_ + 1;
    if (needed > arrived_.capacity()) arrived_.reserve(std::max(needed, 2 * arrived_.capacity()));
    ++expected_;
  }
  void arrive(Item item) noexcept {
    --expected_;
    arrived_.push_back(std::move(item));
    any_.set();
  }
  /// Waits for the next one.
  Item take(std::source_location where) {
    while (arrived_.size() == taken_) {
      any_.clear();
      green::wait(any_.wait(), where);
    }
    Item first = std::move(arrived_[taken_++]);
    if (2 * taken_ > arrived_.size()) {
      arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
    return first;
  }

 private:
  std::vector<Item> arrived_;
  std::size_t taken_ = 0;  // of those
  std::size_t expected_ = 0;
  hocket::event any_;
};

}  // namespace hocket::green::detail
