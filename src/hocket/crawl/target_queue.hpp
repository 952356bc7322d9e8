#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <utility>

#include <hocket/crawl/target.hpp>

namespace hocket::crawl {

/// URLs of one host that wait, by priority, and in each as they came or the last first.
class target_queue {
 public:
  void push_back(target next) { of(next.priority).push_back(std::move(next)); }
  void push_front(target next) { of(next.priority).push_front(std::move(next)); }

  /// Must not be empty.
  target pop() {
    auto first = by_priority_.begin();
    while (first->second.empty()) first = by_priority_.erase(first);
    target taken = std::move(first->second.front());
    first->second
        .pop_front();  // an empty one stays: it is likely to be wanted again, and takes an allocation or two to make
    --size_;
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Visits all and drops those for which `dropped` is true.
  template <class Predicate>
  std::size_t erase_if(Predicate dropped) {
    std::size_t count = 0;
    for (auto& [priority, waiting] : by_priority_) count += std::erase_if(waiting, dropped);
    size_ -= count;
    return count;
  }

 private:
  std::deque<target>& of(int priority) {
    ++size_;
    return by_priority_[-priority];
  }

  std::map<int, std::deque<target>> by_priority_;  // the greatest first
  std::size_t size_ = 0;
};

}  // namespace hocket::crawl
