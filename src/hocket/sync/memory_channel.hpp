#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/sync/channel_error.hpp>
#include <hocket/sync/detail/channel_rules.hpp>
#include <hocket/sync/memory_channel_statistics.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

template <class Item>
class memory_send_channel;
template <class Item>
class memory_receive_channel;

namespace detail {

/// What is shared by handles of one loop: counted plainly.
template <class Self>
class shared_on_loop : public arena_allocated {
 public:
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete static_cast<Self*>(this);
  }

 private:
  std::size_t references_ = 1;
};

/// A task that waits at an end. Once it was woken it has its item or its error, and touches the channel no more: what was handed
/// over cannot be taken back, so a cancellation that comes then stays pending.
class memory_channel_waiter final : public waiter {
 public:
  memory_channel_waiter(const void* end, void* item) noexcept : waiter(end), item_(item) {}
  void line_up(std::coroutine_handle<> handle, ready_queue& line) { waiter::line_up(handle, line); }
  void wake_with(channel_outcome how) noexcept {
    outcome_ = how;
    wake();
  }
  [[nodiscard]] bool is_at(const void* end) const noexcept { return place() == end; }
  [[nodiscard]] void* item() const noexcept { return item_; }
  /// Throws `cancelled` if that came first.
  [[nodiscard]] channel_outcome result() {
    if (was_stopped()) resumed();
    return outcome_;
  }

 private:
  void* item_;
  channel_outcome outcome_ = channel_outcome::pending;
};

/// What the ends of a channel share.
template <class Item>
class memory_channel final : public shared_on_loop<memory_channel<Item>>,
                             public channel_rules<Item, memory_channel_waiter, ready_queue> {
 public:
  /// One end: a handle, or a clone of one. Kept by the operations that it made, which may outlive the handle.
  struct end final : shared_on_loop<end> {
    explicit end(record_ref<memory_channel> channel) noexcept : channel(std::move(channel)) {}
    record_ref<memory_channel> channel;
    bool closed = false;
  };

  using channel_rules<Item, memory_channel_waiter, ready_queue>::channel_rules;

  void close_receiving(end& which) noexcept {
    if (!channel_rules<Item, memory_channel_waiter, ready_queue>::close_receiving(which)) return;
    while (this->pop()) {
    }
  }
};

}  // namespace detail

/// The sending end of a channel: a handle that is moved, or cloned for another task, and closes when it is destroyed.
///
/// Several tasks may send by one handle. Belongs to one loop. Counterpart: trio.MemorySendChannel.
template <class Item>
class memory_send_channel {
  using channel = detail::memory_channel<Item>;

 public:
  class send_operation {
   public:
    send_operation(record_ref<typename channel::end> from, Item item) noexcept
        : from_(std::move(from)), item_(std::move(item)) {}
    [[nodiscard]] bool await_ready() {
      outcome_ = from_->channel->try_send(*from_, std::move(item_));
      return outcome_ != detail::channel_outcome::pending;
    }
    void await_suspend(std::coroutine_handle<> handle) {
      waiting_.emplace(from_.get(), &item_).line_up(handle, from_->channel->senders());
    }
    void await_resume() { check(waiting_ ? waiting_->result() : outcome_); }

   private:
    record_ref<typename channel::end> from_;
    Item item_;
    detail::channel_outcome outcome_ = detail::channel_outcome::pending;
    std::optional<detail::memory_channel_waiter> waiting_;
  };

  explicit memory_send_channel(record_ref<channel> shared) : end_(new_end(std::move(shared))) {}
  memory_send_channel(memory_send_channel&& other) noexcept = default;
  memory_send_channel& operator=(memory_send_channel&& other) noexcept {
    if (this != &other) {
      close();
      end_ = std::move(other.end_);
    }
    return *this;
  }
  ~memory_send_channel() { close(); }

  /// Gives the item to the first task that waits for one, or puts it into the buffer, waiting while that is full. Throws
  /// `broken_resource_error` if all receiving ends were closed, `closed_resource_error` if this one was, and `cancelled`: then
  /// the item was not sent.
  [[nodiscard]] send_operation send(Item item) noexcept { return send_operation(mine(), std::move(item)); }

  /// False if it would have to wait; `item` is then as it was. Throws as `send`.
  template <class Value>
  bool send_nowait(Value&& item) {
    const auto outcome = mine()->channel->try_send(*end_, std::forward<Value>(item));
    check(outcome);
    return outcome == detail::channel_outcome::done;
  }

  /// One more sending end of the same channel. Throws `closed_resource_error` if this one was closed.
  [[nodiscard]] memory_send_channel clone() const {
    if (mine()->closed) throw closed_resource_error();
    return memory_send_channel(end_->channel);
  }

  /// Whoever waits to send by this handle gets `closed_resource_error`. When the last sending end is closed, receivers get what
  /// is left, then the end of the channel. Closing twice is fine.
  void close() noexcept {
    if (end_) end_->channel->close_sending(*end_);
  }

  [[nodiscard]] memory_channel_statistics statistics() const noexcept { return mine()->channel->statistics(); }

 private:
  static record_ref<typename channel::end> new_end(record_ref<channel> shared) {
    record_ref made(new typename channel::end(std::move(shared)));
    made->channel->add_sending_end();
    return made;
  }
  static void check(detail::channel_outcome outcome) {
    if (outcome == detail::channel_outcome::closed) throw closed_resource_error();
    if (outcome == detail::channel_outcome::broken) throw broken_resource_error();
  }

  [[nodiscard]] const record_ref<typename channel::end>& mine() const noexcept {
    HOCKET_ASSERT(end_, "an end of a memory channel was used after it had been moved from");
    return end_;
  }

  record_ref<typename channel::end> end_;  // null after it was moved from
};

/// The receiving end of a channel: a handle that is moved, or cloned for another task, and closes when it is destroyed.
/// Each item goes to one receiver.
///
///     while (auto item = co_await source.receive()) use(*item);
///
/// Several tasks may receive by one handle. Belongs to one loop. Counterpart: trio.MemoryReceiveChannel.
template <class Item>
class memory_receive_channel {
  using channel = detail::memory_channel<Item>;

 public:
  class receive_operation {
   public:
    explicit receive_operation(record_ref<typename channel::end> to) noexcept : to_(std::move(to)) {}
    [[nodiscard]] bool await_ready() {
      outcome_ = to_->channel->try_receive(*to_, item_);
      return outcome_ != detail::channel_outcome::pending;
    }
    void await_suspend(std::coroutine_handle<> handle) {
      waiting_.emplace(to_.get(), &item_).line_up(handle, to_->channel->receivers());
    }
    [[nodiscard]] std::optional<Item> await_resume() {
      if (waiting_) outcome_ = waiting_->result();
      if (outcome_ == detail::channel_outcome::closed) throw closed_resource_error();
      return std::move(item_);
    }

   private:
    record_ref<typename channel::end> to_;
    std::optional<Item> item_;
    detail::channel_outcome outcome_ = detail::channel_outcome::pending;
    std::optional<detail::memory_channel_waiter> waiting_;
  };

  explicit memory_receive_channel(record_ref<channel> shared) : end_(new_end(std::move(shared))) {}
  memory_receive_channel(memory_receive_channel&& other) noexcept = default;
  memory_receive_channel& operator=(memory_receive_channel&& other) noexcept {
    if (this != &other) {
      close();
      end_ = std::move(other.end_);
    }
    return *this;
  }
  ~memory_receive_channel() { close(); }

  /// Waits for an item; empty at the end of the channel: all sending ends are closed and nothing is left. Throws
  /// `closed_resource_error` if this end was closed, and `cancelled`: then it has taken nothing. A cancellation that comes after
  /// the item was handed over stays pending.
  [[nodiscard]] receive_operation receive() noexcept { return receive_operation(mine()); }
  /// The same, as sources spell it.
  [[nodiscard]] receive_operation next() noexcept { return receive(); }

  /// An item, or nothing if it would have to wait. Throws `end_of_channel` and `closed_resource_error`.
  [[nodiscard]] std::optional<Item> receive_nowait() {
    std::optional<Item> item;
    const auto outcome = mine()->channel->try_receive(*end_, item);
    if (outcome == detail::channel_outcome::closed) throw closed_resource_error();
    if (outcome == detail::channel_outcome::ended) throw end_of_channel();
    return item;
  }

  /// One more receiving end of the same channel. Throws `closed_resource_error` if this one was closed.
  [[nodiscard]] memory_receive_channel clone() const {
    if (mine()->closed) throw closed_resource_error();
    return memory_receive_channel(end_->channel);
  }

  /// Whoever waits to receive by this handle gets `closed_resource_error`. When the last receiving end is closed, what is left
  /// in the buffer is dropped, and senders get `broken_resource_error`. Closing twice is fine.
  void close() noexcept {
    if (end_) end_->channel->close_receiving(*end_);
  }

  [[nodiscard]] memory_channel_statistics statistics() const noexcept { return mine()->channel->statistics(); }

 private:
  static record_ref<typename channel::end> new_end(record_ref<channel> shared) {
    record_ref made(new typename channel::end(std::move(shared)));
    made->channel->add_receiving_end();
    return made;
  }

  [[nodiscard]] const record_ref<typename channel::end>& mine() const noexcept {
    HOCKET_ASSERT(end_, "an end of a memory channel was used after it had been moved from");
    return end_;
  }

  record_ref<typename channel::end> end_;  // null after it was moved from
};

/// A channel between tasks of one loop. `max_buffer_size` items may wait in it: with 0 each `send` waits until its item is
/// received, with `unlimited_buffer` none ever waits. Either end lives on its own, and is closed by its destructor:
///
///     auto [sink, source] = hocket::open_memory_channel<int>(16);
///
/// Counterpart: trio.open_memory_channel.
template <class Item>
[[nodiscard]] std::pair<memory_send_channel<Item>, memory_receive_channel<Item>> open_memory_channel(
    std::size_t max_buffer_size) {
  record_ref shared(new detail::memory_channel<Item>(max_buffer_size));
  memory_send_channel<Item> sink(shared);
  return {std::move(sink), memory_receive_channel<Item>(std::move(shared))};
}

}  // namespace hocket
