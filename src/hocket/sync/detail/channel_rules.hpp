#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/sync/detail/ring_buffer.hpp>
#include <hocket/sync/memory_channel_statistics.hpp>

namespace hocket::detail {

/// What came of sending or receiving; `ended`: of receiving only, `broken`: of sending.
enum class channel_outcome : std::uint8_t { pending, done, closed, broken, ended };

/// The rules of a channel, whoever waits at it: the tasks of one loop (`memory_channel`), or under a lock tasks and threads
/// (`concurrent_channel`). An item goes straight to who waits for one; a sender that waits keeps its item until there is room. So
/// nothing is in the buffer while receivers wait, and the buffer is full while senders wait.
///
/// A `Waiter` stands in a `Line` (an `intrusive_list`), has `item()`, where a sender's `Item` is or a receiver wants a
/// `std::optional<Item>`, and `is_at(end)`; `wake_with(outcome)` ends its wait, once it has left the line. An end is anything with
/// a flag `closed`.
template <class Item, class Waiter, class Line>
class channel_rules {
  static_assert(std::is_nothrow_move_constructible_v<Item>,
                "send an item whose move constructor may throw in a std::unique_ptr: it could be lost on its way");

 public:
  using outcome = channel_outcome;

  explicit channel_rules(std::size_t max_buffer_size) noexcept : max_buffer_size_(max_buffer_size) {}

  /// `pending` if it would have to wait; `item` is then as it was.
  template <class End, class Value>
  [[nodiscard]] outcome try_send(const End& from, Value&& item) {
    if (from.closed) return outcome::closed;
    if (receiving_ends_ == 0) return outcome::broken;
    if (!receivers_.empty()) {
      auto& first = static_cast<Waiter&>(receivers_.front());
      static_cast<std::optional<Item>*>(first.item())->emplace(std::forward<Value>(item));
      receivers_.pop_front();
      first.wake_with(outcome::done);
      return outcome::done;
    }
    if (buffer_.size() >= max_buffer_size_) return outcome::pending;
    buffer_.push(std::forward<Value>(item));
    return outcome::done;
  }

  template <class End>
  [[nodiscard]] outcome try_receive(const End& to, std::optional<Item>& item) {
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

  [[nodiscard]] Line& senders() noexcept { return senders_; }
  [[nodiscard]] Line& receivers() noexcept { return receivers_; }

  void add_sending_end() noexcept { ++sending_ends_; }
  void add_receiving_end() noexcept { ++receiving_ends_; }

  template <class End>
  void close_sending(End& which) noexcept {
    if (std::exchange(which.closed, true)) return;
    wake_those_at(&which, senders_);
    if (--sending_ends_ == 0) wake_all(receivers_, outcome::ended);
  }

  /// True if nobody can receive any more: what is left is then to be dropped, by `pop`.
  template <class End>
  [[nodiscard]] bool close_receiving(End& which) noexcept {
    if (std::exchange(which.closed, true)) return false;
    wake_those_at(&which, receivers_);
    if (--receiving_ends_ > 0) return false;
    wake_all(senders_, outcome::broken);
    return true;
  }

  /// What is left in the buffer, one by one.
  [[nodiscard]] std::optional<Item> pop() noexcept {
    if (buffer_.empty()) return std::nullopt;
    return buffer_.pop();
  }

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
    auto& first = static_cast<Waiter&>(senders_.pop_front());
    Item item = std::move(*static_cast<Item*>(first.item()));
    first.wake_with(outcome::done);
    return item;
  }
  static void wake_all(Line& line, outcome how) noexcept {
    while (!line.empty()) static_cast<Waiter&>(line.pop_front()).wake_with(how);
  }
  static void wake_those_at(const void* end, Line& line) noexcept {
    line.for_each([end](auto& node) {
      auto& each = static_cast<Waiter&>(node);
      if (!each.is_at(end)) return;
      node.unlink();
      each.wake_with(outcome::closed);
    });
  }

  const std::size_t max_buffer_size_;
  std::size_t sending_ends_ = 0;
  std::size_t receiving_ends_ = 0;
  ring_buffer<Item> buffer_;
  Line senders_;  // in order of arrival
  Line receivers_;
};

}  // namespace hocket::detail
