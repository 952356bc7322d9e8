#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <hocket/core/timeout.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/sync/queue.hpp>

namespace hocket::green {

/// `hocket::queue` with the waiting of green threads; coroutines may use the same one, by `shared`. Counterpart: gevent.queue.Queue.
template <class Item>
class queue {
 public:
  /// `max_size` 0: unbounded.
  explicit queue(std::size_t max_size = 0) noexcept : shared_(max_size) {}

  /// Waits for a free place. Throws `queue_shut_down`.
  void put(Item item) { green::wait(shared_.put(std::move(item))); }
  /// Waits for an item. Throws `queue_shut_down`.
  [[nodiscard]] Item get() { return green::wait(shared_.get()); }
  /// The same for at most `limit`; then nothing. Counterpart: get(timeout), which raises Empty.
  [[nodiscard]] std::optional<Item> get(delay limit) {
    hocket::timeout bound(limit);
    try {
      return green::wait(bound.run([this] { return shared_.get(); }));
    } catch (const timeout_error&) {
      if (!bound.expired()) throw;
      return std::nullopt;
    }
  }
  [[nodiscard]] std::optional<Item> get_nowait() { return shared_.get_nowait(); }
  /// False if it is full; `item` is then as it was.
  template <class Value>
  bool put_nowait(Value&& item) {
    return shared_.put_nowait(std::forward<Value>(item));
  }
  /// Waits until every item that was put has been answered by `task_done`.
  void join() { green::wait(shared_.join()); }
  void task_done() { shared_.task_done(); }

  [[nodiscard]] std::size_t size() const noexcept { return shared_.qsize(); }
  [[nodiscard]] bool empty() const noexcept { return shared_.empty(); }
  [[nodiscard]] bool full() const noexcept { return shared_.full(); }

  [[nodiscard]] hocket::queue<Item>& shared() noexcept { return shared_; }

 private:
  hocket::queue<Item> shared_;
};

}  // namespace hocket::green
