#pragma once

#include <cstddef>
#include <optional>
#include <source_location>
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
  void put(Item item, std::source_location where = std::source_location::current()) {
    green::wait(shared_.put(std::move(item)), where);
  }
  /// Waits for an item. Throws `queue_shut_down`.
  [[nodiscard]] Item get(std::source_location where = std::source_location::current()) {
    return green::wait(shared_.get(), where);
  }
  /// The same for at most `limit`; then nothing. Counterpart: get(timeout), which raises Empty.
  [[nodiscard]] std::optional<Item> get(delay limit, std::source_location where = std::source_location::current()) {
    hocket::timeout bound(limit);
    try {
      return green::wait(bound.run([this] { return shared_.get(); }), where);
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
  void join(std::source_location where = std::source_location::current()) { green::wait(shared_.join(), where); }
  void task_done() { shared_.task_done(); }

  [[nodiscard]] std::size_t size() const noexcept { return shared_.qsize(); }
  [[nodiscard]] bool empty() const noexcept { return shared_.empty(); }
  [[nodiscard]] bool full() const noexcept { return shared_.full(); }

  [[nodiscard]] hocket::queue<Item>& shared() noexcept { return shared_; }

 private:
  hocket::queue<Item> shared_;
};

}  // namespace hocket::green
