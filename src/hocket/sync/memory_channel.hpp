#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/sync/detail/ring_buffer.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// This end was closed here, by whoever holds it. Counterpart: trio.ClosedResourceError.
class closed_resource_error : public error {
 public:
  closed_resource_error() : error("this end of the channel was closed") {}
};

/// Nobody is left at the other end. Counterpart: trio.BrokenResourceError.
class broken_resource_error : public error {
 public:
  broken_resource_error() : error("all receiving ends of the channel were closed") {}
};

/// Nothing is left in the channel, and nothing will come. Counterpart: trio.EndOfChannel.
class end_of_channel : public error {
 public:
  end_of_channel() : error("all sending ends of the channel were closed, and nothing is left in it") {}
};

/// The size of a channel in which any number of items may wait.
inline constexpr std::size_t unlimited_buffer = std::numeric_limits<std::size_t>::max();

struct memory_channel_statistics {
  std::size_t current_buffer_used;
  std::size_t max_buffer_size;
  std::size_t open_send_channels;
  std::size_t open_receive_channels;
  std::size_t tasks_waiting_send;
  std::size_t tasks_waiting_receive;
};

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

/// What the ends of a channel share. An item goes straight to a task that waits for one; a sender that waits keeps its item
/// until there is room. So nothing is in the buffer while receivers wait, and the buffer is full while senders wait.
template <class Item>
class memory_channel final : public shared_on_loop<memory_channel<Item>> {
  static_assert(std::is_nothrow_move_constructible_v<Item>,
                "send an item whose move constructor may throw in a std::unique_ptr: it could be lost on its way");

 public:
  enum class outcome : std::uint8_t { pending, done, closed, broken, ended };

  /// One end: a handle, or a clone of one. Kept by the operations that it made, which may outlive the handle.
  struct end final : shared_on_loop<end> {
    explicit end(record_ref<memory_channel> channel) noexcept : channel(std::move(channel)) {}
    record_ref<memory_channel> channel;
    bool closed = false;
  };

  /// A task that waits at an end. Once it was woken it has its item or its error, and touches the channel no more: what was
  /// handed over cannot be taken back, so a cancellation that comes then stays pending.
  class waiting : public waiter {
   public:
    explicit waiting(end& at) noexcept : at_(at) {}
    void line_up(std::coroutine_handle<> handle, ready_queue& line) { waiter::line_up(handle, line); }
    void wake_with(outcome how) noexcept {
      outcome_ = how;
      this->wake();
    }
    [[nodiscard]] bool is_at(const end& which) const noexcept { return &at_ == &which; }
    /// Throws `cancelled` if that came first.
    [[nodiscard]] outcome result() {
      if (this->was_stopped()) this->resumed();
      return outcome_;
    }

   private:
    end& at_;
    outcome outcome_ = outcome::pending;
  };
  class sender final : public waiting {
   public:
    sender(end& at, Item& item) noexcept : waiting(at), item(item) {}
    Item& item;
  };
  class receiver final : public waiting {
   public:
    using waiting::waiting;
    std::optional<Item> item;
  };

  explicit memory_channel(std::size_t max_buffer_size) noexcept : max_buffer_size_(max_buffer_size) {}

  /// `pending` if it would have to wait; `item` is then as it was.
  template <class Value>
  [[nodiscard]] outcome try_send(const end& from, Value&& item) {
    if (from.closed) return outcome::closed;
    if (receiving_ends_ == 0) return outcome::broken;
    if (!receivers_.empty()) {
      auto& first = static_cast<receiver&>(receivers_.front());
      first.item.emplace(std::forward<Value>(item));
      receivers_.pop_front();
      first.wake_with(outcome::done);
      return outcome::done;
    }
    if (buffer_.size() >= max_buffer_size_) return outcome::pending;
    buffer_.push(std::forward<Value>(item));
    return outcome::done;
  }

  [[nodiscard]] outcome try_receive(const end& to, std::optional<Item>& item) {
    if (to.closed) return outcome::closed;
    if (!buffer_.empty()) {
      item.emplace(buffer_.pop());
      if (!senders_.empty()) buffer_.push(take_from_sender());  // there is room: nothing is allocated
      return outcome::done;
    }
    if (!senders_.empty()) {
      item.emplace(take_from_sender());
      return outcome::done;
    }
    return sending_ends_ == 0 ? outcome::ended : outcome::pending;
  }

  void close_sending(end& which) noexcept {
    if (std::exchange(which.closed, true)) return;
    wake_those_at(which, senders_);
    if (--sending_ends_ == 0) wake_all(receivers_, outcome::ended);
  }
  void close_receiving(end& which) noexcept {
    if (std::exchange(which.closed, true)) return;
    wake_those_at(which, receivers_);
    if (--receiving_ends_ > 0) return;
    wake_all(senders_, outcome::broken);
    while (!buffer_.empty()) static_cast<void>(buffer_.pop());
  }

  void add_sending_end() noexcept { ++sending_ends_; }
  void add_receiving_end() noexcept { ++receiving_ends_; }
  [[nodiscard]] ready_queue& senders() noexcept { return senders_; }
  [[nodiscard]] ready_queue& receivers() noexcept { return receivers_; }

  [[nodiscard]] memory_channel_statistics statistics() const noexcept {
    return {.current_buffer_used = buffer_.size(),
            .max_buffer_size = max_buffer_size_,
            .open_send_channels = sending_ends_,
            .open_receive_channels = receiving_ends_,
            .tasks_waiting_send = senders_.count(),
            .tasks_waiting_receive = receivers_.count()};
  }

 private:
  [[nodiscard]] Item take_from_sender() noexcept {
    auto& first = static_cast<sender&>(senders_.pop_front());
    Item item = std::move(first.item);
    first.wake_with(outcome::done);
    return item;
  }
  static void wake_all(ready_queue& line, outcome how) noexcept {
    while (!line.empty()) static_cast<waiting&>(line.pop_front()).wake_with(how);
  }
  static void wake_those_at(const end& which, ready_queue& line) noexcept {
    line.for_each([&which](ready_node& node) {
      auto& each = static_cast<waiting&>(node);
      if (!each.is_at(which)) return;
      each.unlink();
      each.wake_with(outcome::closed);
    });
  }

  std::size_t max_buffer_size_;
  std::size_t sending_ends_ = 0;
  std::size_t receiving_ends_ = 0;
  ring_buffer<Item> buffer_;
  ready_queue senders_;  // in order of arrival
  ready_queue receivers_;
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
      return outcome_ != channel::outcome::pending;
    }
    void await_suspend(std::coroutine_handle<> handle) {
      sender_.emplace(*from_, item_).line_up(handle, from_->channel->senders());
    }
    void await_resume() { check(sender_ ? sender_->result() : outcome_); }

   private:
    record_ref<typename channel::end> from_;
    Item item_;
    typename channel::outcome outcome_ = channel::outcome::pending;
    std::optional<typename channel::sender> sender_;
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
    return outcome == channel::outcome::done;
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
  static void check(typename channel::outcome outcome) {
    if (outcome == channel::outcome::closed) throw closed_resource_error();
    if (outcome == channel::outcome::broken) throw broken_resource_error();
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
      return outcome_ != channel::outcome::pending;
    }
    void await_suspend(std::coroutine_handle<> handle) {
      receiver_.emplace(*to_).line_up(handle, to_->channel->receivers());
    }
    [[nodiscard]] std::optional<Item> await_resume() {
      if (receiver_) {
        outcome_ = receiver_->result();
        item_ = std::move(receiver_->item);
      }
      if (outcome_ == channel::outcome::closed) throw closed_resource_error();
      return std::move(item_);
    }

   private:
    record_ref<typename channel::end> to_;
    std::optional<Item> item_;
    typename channel::outcome outcome_ = channel::outcome::pending;
    std::optional<typename channel::receiver> receiver_;
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
    if (outcome == channel::outcome::closed) throw closed_resource_error();
    if (outcome == channel::outcome::ended) throw end_of_channel();
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
