#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/future_like.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

struct as_completed_options {
  std::optional<delay> timeout{};
};

namespace detail {

/// What `as_completed` does that has no type: lines up what has ended, and who waits for it.
class completion_line {
 public:
  class next_operation;

  completion_line(const std::vector<future_base*>& targets, const as_completed_options& options);
  ~completion_line();
  completion_line(const completion_line&) = delete;
  completion_line& operator=(const completion_line&) = delete;

 private:
  template <class>
  friend struct process_layout;

  // Stands among a target's waiters until that has ended, and then in line.
  class item final : public ready_node {
   public:
    ~item() {
      if (is_linked()) unlink();
    }
    void run() noexcept override {
      arrived = true;
      owner->hand_out(*this);
    }
    [[nodiscard]] task_base* wakes() noexcept override {
      return owner->waiters_.empty() ? nullptr : owner->waiters_.front().wakes();
    }

    completion_line* owner = nullptr;
    std::size_t index = 0;
    bool arrived = false;
    bool timed_out = false;
  };
  class alarm final : public timer_node {
   public:
    explicit alarm(completion_line& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.expire(); }

   private:
    completion_line& owner_;
  };

  void hand_out(item& arrived) noexcept;
  void give_back(item& unused) noexcept;
  void expire() noexcept;

  loop& loop_;
  ready_queue arrived_;      // items that nobody has taken
  ready_queue waiters_;      // operations
  std::vector<item> items_;  // never grows: its elements must not move
  std::size_t left_;         // items that nobody has got
  std::size_t claims_ = 0;   // of them, those for which somebody waits
  alarm alarm_{*this};
};

/// Waits for the next item. An item is handed to who is first in line; if that one is cancelled before it resumes, it goes
/// to the next.
class completion_line::next_operation : public operation {
 public:
  explicit next_operation(completion_line& owner) noexcept : owner_(owner) {}
  next_operation(next_operation&&) noexcept = default;

  [[nodiscard]] bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> waiter);
  bool stop() noexcept override;

 protected:
  /// The place of the target that has ended; nothing if none is left. Throws `timeout_error` and `cancelled`.
  std::optional<std::size_t> next();

 private:
  friend completion_line;

  completion_line& owner_;
  item* item_ = nullptr;
};

}  // namespace detail

/// Gives tasks one by one, in the order in which they end:
/// `as_completed finished(tasks, {.timeout = 5s}); while (auto task = co_await finished.next()) use(task->result());`
///
/// Watches from its making, when the time-out begins to run as well. Cancels nothing; dropped early, it leaves the tasks
/// alone. A cancelled `next` loses nothing: the task goes to the next one who asks. Several tasks may wait for `next`, and are
/// served in the order in which they came. Must outlive them. Of several types: as `std::vector<any_task>`; each counts once.
/// Counterpart: asyncio.as_completed.
template <future_like Handle>
class as_completed {
 public:
  explicit as_completed(std::vector<Handle> handles, as_completed_options options = {})
      : handles_(detail::distinct(std::move(handles))), line_(detail::records_of(handles_), options) {}

  class next_operation final : public detail::completion_line::next_operation {
   public:
    explicit next_operation(as_completed& owner) noexcept
        : detail::completion_line::next_operation(owner.line_), handles_(owner.handles_) {}
    std::optional<Handle> await_resume() {
      const std::optional<std::size_t> place = this->next();
      if (!place) return std::nullopt;
      return std::move(handles_[*place]);
    }

   private:
    std::vector<Handle>& handles_;
  };

  /// The next one that has ended, whichever way; nothing when all were given, or will be to those who wait already.
  /// Throws `timeout_error` once for each that did not end in time, after those that did; and `cancelled`.
  /// Does not suspend if one has ended. Counterpart: the asynchronous iteration of Python 3.13.
  [[nodiscard]] next_operation next() noexcept { return next_operation(*this); }

  /// The same, but gives the value, or throws the exception, of what has ended: a `std::optional`, or for void a `bool`.
  /// Counterpart: the plain iteration.
  auto next_result() -> coro<std::conditional_t<std::is_void_v<await_result_t<Handle>>, bool,
                                                std::optional<std::remove_cvref_t<await_result_t<Handle>>>>> {
    std::optional<Handle> ended = co_await next();
    if constexpr (std::is_void_v<await_result_t<Handle>>) {
      if (ended) co_await std::move(*ended);
      co_return ended.has_value();
    } else {
      if (!ended) co_return std::nullopt;
      co_return co_await std::move(*ended);
    }
  }

 private:
  std::vector<Handle> handles_;
  detail::completion_line line_;
};

}  // namespace hocket
