#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/channel_error.hpp>
#include <hocket/sync/detail/channel_rules.hpp>
#include <hocket/sync/detail/channel_waiter.hpp>
#include <hocket/sync/memory_channel_statistics.hpp>

namespace hocket {

template <class Item>
class concurrent_send_channel;
template <class Item>
class concurrent_receive_channel;

namespace detail {

void require_no_loop_to_block();

/// What the ends share: a channel's rules, under a lock. Its waiters are told under the lock, in whatever thread they are.
template <class Item>
class concurrent_channel : private channel_rules<Item, channel_waiter, channel_line> {
  using rules = channel_rules<Item, channel_waiter, channel_line>;

 public:
  /// One end: a handle, or a clone of one. Kept by the operations that it made, which may outlive the handle.
  struct end {
    explicit end(std::shared_ptr<concurrent_channel> channel) noexcept : channel(std::move(channel)) {}
    const std::shared_ptr<concurrent_channel> channel;
    bool closed = false;  // under the lock
  };

  using rules::rules;

  [[nodiscard]] std::mutex& mutex() const noexcept { return mutex_; }

  // ---- under the lock

  using rules::receivers;
  using rules::senders;
  using rules::try_receive;
  using rules::try_send;

  // ---- taking the lock

  void add_sending_end() noexcept {
    const std::lock_guard guard(mutex_);
    rules::add_sending_end();
  }
  /// False if `beside` is closed.
  [[nodiscard]] bool add_sending_end(const end& beside) noexcept {
    const std::lock_guard guard(mutex_);
    if (!beside.closed) rules::add_sending_end();
    return !beside.closed;
  }
  void add_receiving_end() noexcept {
    const std::lock_guard guard(mutex_);
    rules::add_receiving_end();
  }
  /// False if `beside` is closed.
  [[nodiscard]] bool add_receiving_end(const end& beside) noexcept {
    const std::lock_guard guard(mutex_);
    if (!beside.closed) rules::add_receiving_end();
    return !beside.closed;
  }
  void close_sending(end& which) noexcept {
    const std::lock_guard guard(mutex_);
    rules::close_sending(which);
  }
  void close_receiving(end& which) noexcept {
    {
      const std::lock_guard guard(mutex_);
      if (!rules::close_receiving(which)) return;
    }
    while (drop_one()) {
    }
  }

  [[nodiscard]] memory_channel_statistics statistics() const noexcept {
    const std::lock_guard guard(mutex_);
    return rules::statistics();
  }

 private:
  // One by one and outside of the lock, for an item may itself hold an end of this channel. Nobody can send any more.
  [[nodiscard]] bool drop_one() noexcept {
    std::optional<Item> dropped;
    const std::lock_guard guard(mutex_);
    if (auto left = this->pop()) dropped.emplace(*std::move(left));
    return dropped.has_value();
  }

  mutable std::mutex mutex_;
};

}  // namespace detail

/// The sending end of a channel between loops and threads: a handle that is moved, or cloned, and closes when it is destroyed.
///
/// Every member may be called on any thread, by several at once; but moving, assigning and destroying the handle is for one. Items are
/// moved under the channel's lock: a constructor of theirs must not use the channel.
/// Counterpart: trio.MemorySendChannel, for threads.
template <class Item>
class concurrent_send_channel {
  using channel = detail::concurrent_channel<Item>;
  using end = typename channel::end;

 public:
  class send_operation {
   public:
    send_operation(std::shared_ptr<end> from, Item item) noexcept : from_(std::move(from)), item_(std::move(item)) {}
    /// Until it is awaited.
    send_operation(send_operation&& other) noexcept : send_operation(std::move(other.from_), std::move(other.item_)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      channel& shared = *from_->channel;
      auto& waiting = waiting_.emplace(shared.mutex(), from_.get(), &item_);
      const auto look = [&] { return outcome_ = shared.try_send(*from_, std::move(item_)); };
      return waiting.wait_unless(look, shared.senders(), handle);
    }
    void await_resume() {
      waiting_->resumed();
      check(outcome_ == detail::channel_outcome::pending ? waiting_->outcome() : outcome_);
    }

   private:
    std::shared_ptr<end> from_;
    Item item_;
    detail::channel_outcome outcome_ = detail::channel_outcome::pending;
    std::optional<detail::waiting_task> waiting_;
  };

  explicit concurrent_send_channel(std::shared_ptr<channel> shared) : end_(std::make_shared<end>(std::move(shared))) {
    end_->channel->add_sending_end();
  }
  concurrent_send_channel(concurrent_send_channel&& other) noexcept = default;
  concurrent_send_channel& operator=(concurrent_send_channel&& other) noexcept {
    if (this != &other) {
      close();
      end_ = std::move(other.end_);
    }
    return *this;
  }
  ~concurrent_send_channel() { close(); }

  /// In a task: gives the item to the first who waits for one, or puts it into the buffer, waiting while that is full. Throws
  /// `broken_resource_error` if all receiving ends were closed, `closed_resource_error` if this one was, and `cancelled`: then
  /// the item was not sent. If it need not wait, it goes on without a turn, but for the 64th time in a row.
  [[nodiscard]] send_operation send(Item item) noexcept { return send_operation(mine(), std::move(item)); }

  /// False if it would have to wait; `item` is then as it was. Throws as `send`.
  template <class Value>
  bool send_nowait(Value&& item) {
    channel& shared = *mine()->channel;
    const std::unique_lock held(shared.mutex());
    const auto outcome = shared.try_send(*end_, std::forward<Value>(item));
    check(outcome);
    return outcome == detail::channel_outcome::done;
  }

  /// As `send`, blocks the thread. Throws `invalid_state_error` on one that runs a loop, or has a `guest_run` on it.
  void send_blocking(Item item) {
    detail::require_no_loop_to_block();
    const std::shared_ptr<end> from = mine();
    channel& shared = *from->channel;
    std::unique_lock held(shared.mutex());
    auto outcome = shared.try_send(*from, std::move(item));
    if (outcome == detail::channel_outcome::pending) {
      detail::waiting_thread waiting(from.get(), &item);
      shared.senders().push_back(waiting);
      waiting.wait(held);
      outcome = waiting.outcome();
    }
    check(outcome);
  }

  /// One more sending end of the same channel. Throws `closed_resource_error` if this one was closed.
  [[nodiscard]] concurrent_send_channel clone() const {
    auto made = std::make_shared<end>(mine()->channel);
    if (!end_->channel->add_sending_end(*end_)) throw closed_resource_error();
    return concurrent_send_channel(std::move(made));
  }

  /// Whoever waits to send by this handle gets `closed_resource_error`. When the last sending end is closed, receivers get what
  /// is left, then the end of the channel. Closing twice is fine.
  void close() noexcept {
    if (end_) end_->channel->close_sending(*end_);
  }

  /// Those who wait are counted whether they are tasks or threads.
  [[nodiscard]] memory_channel_statistics statistics() const noexcept { return mine()->channel->statistics(); }

 private:
  explicit concurrent_send_channel(std::shared_ptr<end> counted) noexcept : end_(std::move(counted)) {}
  static void check(detail::channel_outcome outcome) {
    if (outcome == detail::channel_outcome::closed) throw closed_resource_error();
    if (outcome == detail::channel_outcome::broken) throw broken_resource_error();
  }

  [[nodiscard]] const std::shared_ptr<end>& mine() const noexcept {
    HOCKET_ASSERT(end_, "an end of a concurrent channel was used after it had been moved from");
    return end_;
  }

  std::shared_ptr<end> end_;  // null after it was moved from
};

/// The receiving end of a channel between loops and threads: a handle that is moved, or cloned, and closes when it is
/// destroyed. Each item goes to one receiver.
///
///     while (auto item = co_await source.receive()) use(*item);
///
/// Every member may be called on any thread, by several at once; but moving, assigning and destroying the handle is for one.
/// Counterpart: trio.MemoryReceiveChannel, for threads.
template <class Item>
class concurrent_receive_channel {
  using channel = detail::concurrent_channel<Item>;
  using end = typename channel::end;

 public:
  class receive_operation {
   public:
    explicit receive_operation(std::shared_ptr<end> to) noexcept : to_(std::move(to)) {}
    /// Until it is awaited.
    receive_operation(receive_operation&& other) noexcept : receive_operation(std::move(other.to_)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      channel& shared = *to_->channel;
      auto& waiting = waiting_.emplace(shared.mutex(), to_.get(), &item_);
      const auto look = [&] { return outcome_ = shared.try_receive(*to_, item_); };
      return waiting.wait_unless(look, shared.receivers(), handle);
    }
    [[nodiscard]] std::optional<Item> await_resume() {
      waiting_->resumed();
      if (outcome_ == detail::channel_outcome::pending) outcome_ = waiting_->outcome();
      if (outcome_ == detail::channel_outcome::closed) throw closed_resource_error();
      return std::move(item_);
    }

   private:
    std::shared_ptr<end> to_;
    std::optional<Item> item_;
    detail::channel_outcome outcome_ = detail::channel_outcome::pending;
    std::optional<detail::waiting_task> waiting_;
  };

  explicit concurrent_receive_channel(std::shared_ptr<channel> shared)
      : end_(std::make_shared<end>(std::move(shared))) {
    end_->channel->add_receiving_end();
  }
  concurrent_receive_channel(concurrent_receive_channel&& other) noexcept = default;
  concurrent_receive_channel& operator=(concurrent_receive_channel&& other) noexcept {
    if (this != &other) {
      close();
      end_ = std::move(other.end_);
    }
    return *this;
  }
  ~concurrent_receive_channel() { close(); }

  /// In a task: waits for an item; empty at the end of the channel: all sending ends are closed and nothing is left. Throws
  /// `closed_resource_error` if this end was closed, and `cancelled`: then it has taken nothing. A cancellation that comes
  /// after the item was handed over stays pending. If it need not wait, it goes on without a turn, but for the 64th time in a row.
  [[nodiscard]] receive_operation receive() noexcept { return receive_operation(mine()); }
  /// The same, as sources spell it.
  [[nodiscard]] receive_operation next() noexcept { return receive(); }

  /// An item, or nothing if it would have to wait. Throws `end_of_channel` and `closed_resource_error`.
  [[nodiscard]] std::optional<Item> receive_nowait() {
    std::optional<Item> item;
    channel& shared = *mine()->channel;
    const std::unique_lock held(shared.mutex());
    const auto outcome = shared.try_receive(*end_, item);
    if (outcome == detail::channel_outcome::closed) throw closed_resource_error();
    if (outcome == detail::channel_outcome::ended) throw end_of_channel();
    return item;
  }

  /// As `receive`, blocks the thread. Throws `invalid_state_error` on one that runs a loop, or has a `guest_run` on it.
  [[nodiscard]] std::optional<Item> receive_blocking() {
    detail::require_no_loop_to_block();
    std::optional<Item> item;
    const std::shared_ptr<end> to = mine();
    channel& shared = *to->channel;
    std::unique_lock held(shared.mutex());
    auto outcome = shared.try_receive(*to, item);
    if (outcome == detail::channel_outcome::pending) {
      detail::waiting_thread waiting(to.get(), &item);
      shared.receivers().push_back(waiting);
      waiting.wait(held);
      outcome = waiting.outcome();
    }
    if (outcome == detail::channel_outcome::closed) throw closed_resource_error();
    return item;
  }

  /// One more receiving end of the same channel. Throws `closed_resource_error` if this one was closed.
  [[nodiscard]] concurrent_receive_channel clone() const {
    auto made = std::make_shared<end>(mine()->channel);
    if (!end_->channel->add_receiving_end(*end_)) throw closed_resource_error();
    return concurrent_receive_channel(std::move(made));
  }

  /// Whoever waits to receive by this handle gets `closed_resource_error`. When the last receiving end is closed, what is left
  /// in the buffer is dropped, and senders get `broken_resource_error`. Closing twice is fine.
  void close() noexcept {
    if (end_) end_->channel->close_receiving(*end_);
  }

  /// Those who wait are counted whether they are tasks or threads.
  [[nodiscard]] memory_channel_statistics statistics() const noexcept { return mine()->channel->statistics(); }

 private:
  explicit concurrent_receive_channel(std::shared_ptr<end> counted) noexcept : end_(std::move(counted)) {}
  [[nodiscard]] const std::shared_ptr<end>& mine() const noexcept {
    HOCKET_ASSERT(end_, "an end of a concurrent channel was used after it had been moved from");
    return end_;
  }

  std::shared_ptr<end> end_;  // null after it was moved from
};

/// A channel between the tasks of any loops and any threads: a memory channel whose ends may be anywhere. `max_buffer_size`
/// items may wait in it: with 0 each `send` waits until its item is received, with `unlimited_buffer` none ever waits.
///
///     auto [sink, source] = hocket::open_concurrent_channel<int>(16);
///
/// Senders and receivers are each served in the order in which they came, tasks and threads in one line. Nobody spins: a thread
/// sleeps, and a loop is woken once, however many items come while it wakes. What arrives for a task is its own even if a
/// cancellation follows; only if its loop is left behind is it lost with the task.
/// Counterpart: trio.open_memory_channel, for threads.
template <class Item>
[[nodiscard]] std::pair<concurrent_send_channel<Item>, concurrent_receive_channel<Item>> open_concurrent_channel(
    std::size_t max_buffer_size) {
  auto shared = std::make_shared<detail::concurrent_channel<Item>>(max_buffer_size);
  concurrent_send_channel<Item> sink(shared);
  return {std::move(sink), concurrent_receive_channel<Item>(std::move(shared))};
}

}  // namespace hocket
