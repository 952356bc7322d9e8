#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/sync/detail/ring_buffer.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// The queue was shut down, and has nothing left to give. Counterpart: asyncio.QueueShutDown.
class queue_shut_down : public error {
 public:
  queue_shut_down() : error("the queue was shut down") {}
};

/// Says to `shutdown` that what is left in the queue is to be dropped.
struct immediate_t {};
inline constexpr immediate_t immediate{};

/// A queue between the tasks of one loop, bounded if given a size. `Storage` decides which item comes next: see `queue`,
/// `lifo_queue` and `priority_queue`.
///
/// Getters and putters wait in line. An item is never lost or doubled by a cancellation: it stays in the queue until a getter
/// runs, and a getter that is cancelled after it was woken wakes the next. Must outlive those who wait for it.
template <class Item, class Storage>
class basic_queue {
  static_assert(std::is_nothrow_move_constructible_v<Item>,
                "put an item whose move constructor may throw into a std::unique_ptr: it could be lost on its way");

  class getter;
  class putter;

 public:
  // Most awaits need not wait: what waits is made only when it must.

  /// Waits for an item. Resumed only with one: a getter that finds that somebody was quicker waits again.
  class get_operation {
   public:
    explicit get_operation(basic_queue& owner) noexcept : owner_(owner) {}
    [[nodiscard]] bool await_ready() const noexcept { return !owner_.must_wait_to_get(); }
    void await_suspend(std::coroutine_handle<> handle) { getter_.emplace(owner_).line_up(handle); }
    [[nodiscard]] Item await_resume() {
      if (getter_) [[unlikely]]
        getter_->waited();
      return owner_.take();
    }

   private:
    basic_queue& owner_;
    std::optional<getter> getter_;
  };

  /// Waits for a free place and puts its item there.
  class put_operation {
   public:
    put_operation(basic_queue& owner, Item item) noexcept : owner_(owner), item_(std::move(item)) {}
    [[nodiscard]] bool await_ready() const noexcept { return !owner_.must_wait_to_put(); }
    void await_suspend(std::coroutine_handle<> handle) { putter_.emplace(owner_).line_up(handle); }
    // Inlined or not decides a seventh of what an item costs, and clang would not.
    [[gnu::always_inline]] void await_resume() {
      if (putter_) [[unlikely]]
        putter_->put(std::move(item_));
      else
        owner_.add(std::move(item_));
    }

   private:
    basic_queue& owner_;
    Item item_;
    std::optional<putter> putter_;
  };

  /// Waits until no item is unfinished.
  class join_operation final : public detail::waiter_at<basic_queue> {
   public:
    using detail::waiter_at<basic_queue>::waiter_at;
    [[nodiscard]] bool await_ready() const noexcept { return this->owner().unfinished_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) { this->line_up(handle, this->owner().joiners_); }
    void await_resume() { this->resumed(); }
  };

  /// `max_size` 0: unbounded.
  explicit basic_queue(std::size_t max_size = 0) noexcept : limit_(max_size == 0 ? no_limit : max_size) {}
  basic_queue(const basic_queue&) = delete;
  basic_queue& operator=(const basic_queue&) = delete;
  ~basic_queue() {
    HOCKET_ASSERT(getters_.empty() && putters_.empty() && joiners_.empty() && woken_ == 0,
                  "a queue was destroyed while tasks waited for it");
  }

  [[nodiscard]] std::size_t qsize() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] bool full() const noexcept { return items_.size() >= limit_; }
  [[nodiscard]] std::size_t maxsize() const noexcept { return limit_ == no_limit ? 0 : limit_; }

  /// Takes the next item, waiting for one. Throws `cancelled`, and `queue_shut_down` if there is none and none will come;
  /// never takes an item when it throws.
  [[nodiscard]] get_operation get() noexcept { return get_operation(*this); }
  /// Adds an item, waiting while the queue is full. Throws `cancelled` and `queue_shut_down`; never adds the item when it
  /// throws.
  [[nodiscard]] put_operation put(Item item) noexcept { return put_operation(*this, std::move(item)); }

  /// The next item, or nothing. Throws `queue_shut_down` if none will come.
  [[nodiscard]] std::optional<Item> get_nowait() {
    if (must_wait_to_get()) return std::nullopt;
    return take();
  }
  /// False if the queue is full; `item` is then as it was. Throws `queue_shut_down`.
  template <class Value>
  bool put_nowait(Value&& item) {
    if (must_wait_to_put()) return false;
    add(std::forward<Value>(item));
    return true;
  }

  /// Waits until every item that was put has been answered by `task_done`. Throws `cancelled`.
  [[nodiscard]] join_operation join() noexcept { return join_operation(*this); }

  /// Says that the work for one item taken earlier is complete. Throws `invalid_state_error` if called more often than items
  /// were put.
  void task_done() {
    if (unfinished_ == 0) throw invalid_state_error("task_done() called more often than items were put");
    if (--unfinished_ == 0) detail::wake_all(joiners_);
  }

  /// Ends the queue, for good: every `put` throws `queue_shut_down` from now on, those that wait included; `get` gives what is
  /// left and then throws it too. `join` still waits for what was put. Counterpart: Queue.shutdown (Python 3.13).
  void shutdown() noexcept {
    shut_down_ = true;
    while (!getters_.empty()) wake_first(getters_);
    while (!putters_.empty()) wake_first(putters_);
  }
  /// The same, but drops what is left and counts it as done.
  void shutdown(immediate_t /*unused*/) noexcept {
    while (!empty()) {
      static_cast<void>(items_.pop());
      if (unfinished_ > 0) --unfinished_;
    }
    if (unfinished_ == 0) detail::wake_all(joiners_);
    shutdown();
  }

 private:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  [[nodiscard]] bool must_wait_to_get() const noexcept { return empty() && !shut_down_; }
  [[nodiscard]] bool must_wait_to_put() const noexcept { return full() && !shut_down_; }

  [[noreturn, gnu::cold]] static void refuse() { throw queue_shut_down(); }

  void wake_first(ready_queue& line) noexcept {
    if (detail::wake_first(line)) ++woken_;
  }

  Item take() {
    if (empty()) [[unlikely]]
      refuse();
    Item item = items_.pop();
    wake_first(putters_);
    return item;
  }

  template <class Value>
  void add(Value&& item) {
    if (shut_down_) [[unlikely]]
      refuse();
    items_.push(std::forward<Value>(item));
    ++unfinished_;
    wake_first(getters_);
  }

  std::size_t limit_;
  std::size_t unfinished_ = 0;
  std::size_t woken_ = 0;  // getters and putters that have not run since
  bool shut_down_ = false;
  Storage items_;
  ready_queue getters_;  // in order of arrival
  ready_queue putters_;
  ready_queue joiners_;
};

template <class Item, class Storage>
class basic_queue<Item, Storage>::getter final : public detail::waiter_at<basic_queue> {
 public:
  using detail::waiter_at<basic_queue>::waiter_at;

  void line_up(std::coroutine_handle<> handle) { detail::waiter::line_up(handle, this->owner().getters_); }
  void run() noexcept override {
    if (!this->was_stopped()) --this->owner().woken_;
    if (this->may_go_on() && this->owner().must_wait_to_get())
      this->line_up_again(this->owner().getters_);
    else
      this->resume();
  }
  [[gnu::noinline]] void waited() {
    detail::waiter::waited([this] {
      if (!this->owner().empty()) this->owner().wake_first(this->owner().getters_);
    });
  }
};

template <class Item, class Storage>
class basic_queue<Item, Storage>::putter final : public detail::waiter_at<basic_queue> {
 public:
  using detail::waiter_at<basic_queue>::waiter_at;

  void line_up(std::coroutine_handle<> handle) { detail::waiter::line_up(handle, this->owner().putters_); }
  void run() noexcept override {
    if (!this->was_stopped()) --this->owner().woken_;
    if (this->may_go_on() && this->owner().must_wait_to_put())
      this->line_up_again(this->owner().putters_);
    else
      this->resume();
  }
  [[gnu::noinline]] void put(Item&& item) {
    this->waited([this] { hand_on(); });
    try {
      this->owner().add(std::move(item));
    } catch (...) {  // no memory
      hand_on();
      throw;
    }
  }

 private:
  void hand_on() noexcept {
    if (!this->owner().full()) this->owner().wake_first(this->owner().putters_);
  }
};

/// A first-in, first-out queue. Counterpart: asyncio.Queue.
template <class Item>
using queue = basic_queue<Item, detail::ring_buffer<Item>>;

}  // namespace hocket
