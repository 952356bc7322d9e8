#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hocket/base/process_layout.hpp>
#include <hocket/loop/timer_node.hpp>

namespace hocket {

/// The timers of a loop, served in the order of their deadlines, to the nanosecond, and, where these are equal, of their
/// registration.
///
/// Only `schedule` can throw. A timer costs the queue 24 bytes of address space, which are touched only when it is due soon.
class timer_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size() + in_wheel_; }

  /// Says what time it is, for a queue that was empty for long: it is quickest with timers that lie ahead of this.
  /// Precondition: empty.
  void start_from(time_point now) noexcept { base_ = now_ = tick_of(now); }

  /// Precondition: not empty.
  [[nodiscard]] time_point next_deadline() noexcept;

  /// When to look again, for one who sleeps: after `now`, and not after any deadline, but perhaps before the first, by what was
  /// cancelled since. It costs nothing until the time that it gave before has come, so that timers which are cancelled long before
  /// they are due, as limits are, are never put in order. `now` itself if a timer is due. Precondition: not empty.
  [[nodiscard]] time_point time_to_look(time_point now) noexcept;

  /// Schedules `node`, which must stand in no list and no timer queue. O(1), or O(log n) if it is due soon. Throws
  /// `std::bad_alloc`, and then the node is not scheduled.
  void schedule(timer_node& node, time_point deadline);

  /// Makes room, so that the next `schedule` cannot throw. Throws `std::bad_alloc`.
  void reserve_one() {
    if (size() == heap_.capacity()) grow();
  }

  /// Takes `node` out; nothing of it stays behind. As quick as `schedule`. Precondition: scheduled here.
  void cancel(timer_node& node) noexcept;

  /// Appends every node whose deadline is `now` or earlier to `ready`, in order.
  void collect_due(time_point now, ready_queue& ready) noexcept;

  /// Takes out the node that is due first. Precondition: not empty.
  timer_node& pop() noexcept;

 private:
  template <class>
  friend struct detail::process_layout;

  using tick = std::uint64_t;  // the time in units of 2^tick_bits ns, from the beginning of time

  static constexpr unsigned tick_bits = 16;
  static constexpr unsigned digit_bits = 6;  // of a tick, for each level
  static constexpr unsigned levels = (64 - tick_bits + digit_bits - 1) / digit_bits;
  static constexpr unsigned slots = 1U << digit_bits;
  static constexpr unsigned lanes = 4;  // lists of a slot
  static constexpr tick last_tick = UINT64_MAX >> tick_bits;

  using slot_lists = std::array<intrusive_list<timer_node>, lanes>;

  struct entry {
    time_point deadline;
    std::uint64_t serial;
    timer_node* node;
    [[nodiscard]] bool before(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : serial < other.serial;
    }
  };

  [[nodiscard]] static tick tick_of(time_point when) noexcept;
  [[nodiscard]] static unsigned digit(tick of, unsigned level) noexcept;
  [[nodiscard]] static unsigned lane_of(time_point when) noexcept;
  [[nodiscard]] unsigned level_of(tick when) const noexcept;

  [[nodiscard]] tick begin_of(unsigned level, unsigned slot) const noexcept;
  void put_into_wheel(timer_node& node) noexcept;
  template <class Take>
  void empty_slot(unsigned level, unsigned slot, Take take) noexcept;
  void advance_to(tick base) noexcept;
  void rewind_to(tick base) noexcept;
  void bring_down(tick last) noexcept;
  [[nodiscard]] bool is_worth_rewinding() const noexcept;

  void grow();
  void push(timer_node& node) noexcept;
  void place(std::size_t at, const entry& item) noexcept;
  void sift_up(std::size_t at, const entry& item) noexcept;
  void sift_down(std::size_t at, const entry& item) noexcept;
  void remove(std::size_t at) noexcept;

  std::vector<entry> heap_;  // has room for every timer
  std::uint64_t serial_ = 0;
  tick base_ = 0;  // no timer in the wheel is earlier
  tick now_ = 0;   // when timers were last collected
  std::size_t in_wheel_ = 0;
  time_point look_at_{};                          // no deadline is earlier
  std::size_t early_ = 0;                         // timers that came before `base_` since it was last turned back
  std::array<std::uint64_t, levels> occupied_{};  // a bit for each slot that is not empty
  std::array<std::array<slot_lists, slots>, levels> wheel_;
};

}  // namespace hocket
