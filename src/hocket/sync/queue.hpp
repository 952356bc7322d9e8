#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// A first-in, first-out queue between the tasks of one loop, bounded if given a size.
///
/// Getters and putters wait in line. An item is never lost or doubled by a cancellation: it stays in the queue until a getter
/// runs, and a getter that is cancelled after it was woken wakes the next. Counterpart: asyncio.Queue.
template <class Item>
class queue {
 public:
  /// Waits for an item. Resumed only with one: a getter that finds that somebody was quicker waits again.
  class get_operation final : public detail::waiter {
   public:
    explicit get_operation(queue& owner) noexcept : owner_(owner) {}
    [[nodiscard]] bool await_ready() const noexcept { return !owner_.empty(); }
    void await_suspend(std::coroutine_handle<> handle) { this->line_up(handle, owner_.getters_); }
    [[nodiscard]] Item await_resume() {
      this->waited([this] {
        if (!owner_.empty()) detail::wake_first(owner_.getters_);
      });
      return owner_.take();
    }
    void run() noexcept override {
      if (this->may_go_on() && owner_.empty())
        this->line_up_again(owner_.getters_);
      else
        this->resume();
    }

   private:
    queue& owner_;
  };

  /// Waits for a free place and puts its item there.
  class put_operation final : public detail::waiter {
   public:
    put_operation(queue& owner, Item item) : owner_(owner), item_(std::move(item)) {}
    [[nodiscard]] bool await_ready() const noexcept { return !owner_.full(); }
    void await_suspend(std::coroutine_handle<> handle) { this->line_up(handle, owner_.putters_); }
    void await_resume() {
      this->waited([this] {
        if (!owner_.full()) detail::wake_first(owner_.putters_);
      });
      owner_.add(std::move(item_));
    }
    void run() noexcept override {
      if (this->may_go_on() && owner_.full())
        this->line_up_again(owner_.putters_);
      else
        this->resume();
    }

   private:
    queue& owner_;
    Item item_;
  };

  /// `max_size` 0: unbounded.
  explicit queue(std::size_t max_size = 0) noexcept : max_size_(max_size) { nothing_unfinished_.set(); }
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;
  ~queue() { HOCKET_ASSERT(getters_.empty() && putters_.empty(), "a queue was destroyed while tasks waited for it"); }

  [[nodiscard]] std::size_t qsize() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] bool full() const noexcept { return max_size_ != 0 && items_.size() >= max_size_; }
  [[nodiscard]] std::size_t maxsize() const noexcept { return max_size_; }

  /// Takes the oldest item, waiting for one. Throws `cancelled`; never takes an item when it throws.
  [[nodiscard]] get_operation get() noexcept { return get_operation(*this); }
  /// Adds an item, waiting while the queue is full. Throws `cancelled`; never adds the item when it throws.
  [[nodiscard]] put_operation put(Item item) { return put_operation(*this, std::move(item)); }

  /// The oldest item, or nothing.
  [[nodiscard]] std::optional<Item> get_nowait() {
    if (empty()) return std::nullopt;
    return take();
  }
  /// False if the queue is full; `item` is then as it was.
  template <class Value>
  bool put_nowait(Value&& item) {
    if (full()) return false;
    add(std::forward<Value>(item));
    return true;
  }

  /// Waits until every item that was put has been answered by `task_done`. Throws `cancelled`.
  [[nodiscard]] event::wait_operation join() noexcept { return nothing_unfinished_.wait(); }

  /// Says that the work for one item taken earlier is complete. Throws `invalid_state_error` if called more often than items
  /// were put.
  void task_done() {
    if (unfinished_ == 0) throw invalid_state_error("task_done() called more often than items were put");
    if (--unfinished_ == 0) nothing_unfinished_.set();
  }

 private:
  Item take() {
    Item item = std::move(items_.front());
    items_.pop_front();
    detail::wake_first(putters_);
    return item;
  }

  template <class Value>
  void add(Value&& item) {
    items_.push_back(std::forward<Value>(item));
    ++unfinished_;
    nothing_unfinished_.clear();
    detail::wake_first(getters_);
  }

  std::size_t max_size_;
  std::size_t unfinished_ = 0;
  std::deque<Item> items_;
  ready_queue getters_;  // in order of arrival
  ready_queue putters_;
  event nothing_unfinished_;
};

}  // namespace hocket
