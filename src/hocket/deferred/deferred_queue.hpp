#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/deferred/deferred.hpp>
#include <hocket/deferred/detail/deferred_line.hpp>

namespace hocket {

/// More items were put than the queue holds. Counterpart: twisted.internet.defer.QueueOverflow.
class queue_overflow : public error {
 public:
  queue_overflow() : error("the queue is full") {}
};

/// More wait for items than may. Counterpart: twisted.internet.defer.QueueUnderflow.
class queue_underflow : public error {
 public:
  queue_underflow() : error("too many wait for the queue") {}
};

/// Items for those who wait for them. Counterpart: twisted.internet.defer.DeferredQueue.
template <class Item>
class deferred_queue {
 public:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// At most `size` items wait in it, and at most `backlog` deferreds for items.
  explicit deferred_queue(std::size_t size = unlimited, std::size_t backlog = unlimited) noexcept
      : size_(size), backlog_(backlog) {}

  /// Gives an item to the first who waits, at once, or keeps it. Throws `queue_overflow`.
  void put(Item item) {
    if (!line_.empty())
      line_.pop().callback(std::move(item));
    else if (items_.size() < size_)
      items_.push_back(std::move(item));
    else
      throw queue_overflow();
  }

  /// The next item, when there is one. Cancelled before, it leaves the line. Throws `queue_underflow`.
  [[nodiscard]] deferred<Item> get() {
    if (items_.empty()) {
      if (line_.size() >= backlog_) throw queue_underflow();
      return line_.line_up();
    }
    deferred<Item> next = succeed(std::move(items_.front()));
    items_.pop_front();
    return next;
  }

  [[nodiscard]] std::size_t waiting() const noexcept { return line_.size(); }
  [[nodiscard]] std::size_t pending() const noexcept { return items_.size(); }

 private:
  std::size_t size_;
  std::size_t backlog_;
  std::deque<Item> items_;
  detail::deferred_line<Item> line_;
};

}  // namespace hocket
