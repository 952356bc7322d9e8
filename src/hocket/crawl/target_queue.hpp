#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

#include <hocket/crawl/crawl_order.hpp>
#include <hocket/crawl/packed_targets.hpp>
#include <hocket/crawl/target.hpp>

namespace hocket::crawl {

/// URLs of one host that wait, by priority: in each first those that were put back or tried before, then the new ones as they came or,
/// depth first, the last first.
class target_queue {
 public:
  explicit target_queue(crawl_order order = crawl_order::breadth_first) noexcept : order_(order) {}

  void add(target next) {
    line& here = of(next.priority);
    if (next.is_new())
      here.fresh.push_back(next);
    else
      here.again.push_back(std::move(next));
  }

  /// Ahead of all others of its priority.
  void put_back(target next) {
    std::list<target>& here = of(next.priority).again;
    here.push_front(std::move(next));
  }

  /// Must not be empty.
  target pop() {
    auto first = by_priority_.begin();
    while (first->second.empty()) first = by_priority_.erase(first);
    --size_;
    return take(first->second);  // an empty line stays: it is likely to be wanted again
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Visits all that are new, and drops them.
  template <class Visit>
  void drop_new(const Visit& visit) {
    for (auto& [priority, here] : by_priority_) {
      size_ -= here.fresh.size();
      while (!here.fresh.empty()) visit(here.fresh.pop_front());
      size_ -= std::erase_if(here.again, [&visit](const target& each) {
        if (each.is_new()) visit(each);
        return each.is_new();
      });
    }
  }

  /// Drops those for which that is true.
  template <class Unwanted>
  void drop_if(const Unwanted& unwanted) {
    for (auto& [priority, here] : by_priority_) {
      size_ -= std::erase_if(here.again, unwanted);
      for (std::size_t left = here.fresh.size(); left > 0; --left) {
        target each = here.fresh.pop_front();
        if (unwanted(each))
          --size_;
        else
          here.fresh.push_back(each);
      }
    }
  }

  /// Visits all that are not.
  template <class Visit>
  void visit_begun(const Visit& visit) const {
    for (const auto& [priority, here] : by_priority_)
      for (const target& each : here.again)
        if (!each.is_new()) visit(each);
  }

 private:
  struct line {
    std::list<target> again{};
    packed_targets fresh{};

    [[nodiscard]] bool empty() const noexcept { return again.empty() && fresh.empty(); }
  };

  line& of(int priority) {
    ++size_;
    return by_priority_[-priority];
  }

  target take(line& here) {
    if (here.again.empty()) return order_ == crawl_order::depth_first ? here.fresh.pop_back() : here.fresh.pop_front();
    target first = std::move(here.again.front());
    here.again.pop_front();
    return first;
  }

  crawl_order order_;
  std::map<int, line> by_priority_;  // the greatest first
  std::size_t size_ = 0;
};

}  // namespace hocket::crawl
