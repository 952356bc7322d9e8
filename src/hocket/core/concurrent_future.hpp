#pragma once

#include <atomic>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

template <class T>
class concurrent_promise;

namespace detail {

/// What a concurrent future and its promise share, but for the value. All of it on any thread.
class concurrent_base {
 public:
  enum class state : std::uint8_t { pending, running, finished, failed, cancelled };

  concurrent_base() = default;
  concurrent_base(const concurrent_base&) = delete;
  concurrent_base& operator=(const concurrent_base&) = delete;

  [[nodiscard]] state now() const {
    const std::lock_guard guard(mutex_);
    return state_;
  }
  [[nodiscard]] bool ended() const { return is_end(now()); }
  [[nodiscard]] static bool is_end(state which) noexcept { return which >= state::finished; }

  // ---- those who want the result

  bool cancel();
  /// Blocks. Throws `invalid_state_error` on the thread that is to bring the result, or to run the loop that is.
  [[nodiscard]] state wait() const;
  /// The same for `limit` at most; throws `timeout_error`.
  [[nodiscard]] state wait(duration limit) const;
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  /// Throws unless it has ended with a value.
  void require_value(state ended) const;
  /// The one value that cannot be copied. Throws `invalid_state_error` if it was given away.
  void give_away_once();
  void call_when_ended(std::move_only_function<void()> function);

  /// False if it has ended. Posts `waiting` to its loop when it does, unless it has left before.
  [[nodiscard]] bool line_up(operation& waiting);
  [[nodiscard]] bool leave(operation& waiting) noexcept;
  /// A cancellation asks, and whoever brings the result says when that is.
  [[nodiscard]] bool is_waited_for() const noexcept { return ends_by_itself_; }

  // ---- whoever brings it

  [[nodiscard]] bool set_running();
  /// False if it was cancelled. Throws `invalid_state_error` if it has ended otherwise.
  bool end(state how, std::exception_ptr error = nullptr);
  void end_in_error(const char* message) noexcept;
  [[nodiscard]] bool awaits_end() const;
  void on_cancel(std::move_only_function<void()> function);
  void ends_by_itself() noexcept { ends_by_itself_ = true; }
  void runs_on(const loop& target) noexcept { target_ = &target; }
  void brought_by(std::thread::id thread) noexcept { bringer_ = thread; }

 protected:
  ~concurrent_base() = default;

 private:
  using callbacks = std::vector<std::move_only_function<void()>>;

  void require_other_thread() const;
  [[nodiscard]] callbacks end_locked(state how) noexcept;
  static void call(callbacks functions) noexcept;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ready_queue waiters_;  // operations, of whatever loops
  callbacks callbacks_;
  std::move_only_function<void()> on_cancel_;
  std::exception_ptr error_;
  const loop* target_ = nullptr;
  std::thread::id bringer_;
  state state_ = state::pending;
  bool given_away_ = false;
  bool ends_by_itself_ = false;  // written before anybody else has it
};

template <class T>
class concurrent_state final : public concurrent_base {
 public:
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  /// Only whoever brings the value touches this before it has ended.
  std::optional<stored> value;
  /// Futures, as opposed to promises.
  std::atomic<unsigned> handles = 0;
};

class concurrent_wait : public operation {
 public:
  [[nodiscard]] bool await_ready() const { return shared_->ended(); }
  void await_suspend(std::coroutine_handle<> waiter);
  bool stop() noexcept override;
  void leave_behind() noexcept override {
    if (is_waiting()) static_cast<void>(shared_->leave(*this));
  }

 protected:
  explicit concurrent_wait(concurrent_base& shared) noexcept : shared_(&shared) {}
  concurrent_wait(concurrent_wait&&) noexcept = default;
  ~concurrent_wait() = default;

  /// Throws unless there is a value.
  void waited();

 private:
  bool ask_to_end() noexcept;

  concurrent_base* shared_;  // the derived class holds it
};

}  // namespace detail

/// A result that comes from elsewhere: another thread, its loop, another process. A handle, shared like `task<T>`, but free of
/// any loop: every member may be called on any thread, and it may outlive whatever brings the result.
///
/// A thread takes the result with `result()`, a task with `co_await future`, which blocks nobody. A result that can be copied is
/// copied for whoever asks; of the last handle, if that is a temporary or moved, it is moved out. One that can only be moved is
/// given away, once. Dropping every handle changes nothing. Counterpart: concurrent.futures.Future.
template <class T = void>
class concurrent_future {
  static_assert(std::is_same_v<T, std::remove_cvref_t<T>>, "the result crosses threads: it is a value");

 public:
  class awaiter;

  /// No future: assign one before any other use (checked).
  concurrent_future() noexcept = default;
  concurrent_future(const concurrent_future& other) noexcept : state_(other.state_) {
    if (state_) state_->handles.fetch_add(1, std::memory_order_relaxed);
  }
  concurrent_future(concurrent_future&& other) noexcept = default;
  concurrent_future& operator=(concurrent_future other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~concurrent_future() {
    if (state_) state_->handles.fetch_sub(1, std::memory_order_release);
  }

  /// Blocks the thread until it has ended. Throws what was thrown there, `cancelled`, or `invalid_state_error` if it came to
  /// nothing, or if this thread is to bring it, or runs the loop that is.
  T result() const& { return take(shared().wait()); }
  T result() && { return std::move(*this).take(shared().wait()); }
  /// The same, for at most `limit` of real time; throws `timeout_error`, and what goes on there goes on.
  T result(delay limit) const& { return take(shared().wait(limit)); }
  T result(delay limit) && { return std::move(*this).take(shared().wait(limit)); }

  /// Blocks as `result` does, and gives the exception, or null if there is a value. Throws `cancelled`.
  [[nodiscard]] std::exception_ptr exception() const { return error(shared().wait()); }
  [[nodiscard]] std::exception_ptr exception(delay limit) const { return error(shared().wait(limit)); }

  /// Ends it as cancelled, at once. Work that has not begun is not begun; a coroutine is cancelled, and what it still does is
  /// dropped. False if it has ended, or if it is a plain function that runs, which nobody can stop. One of `spawn_on` is only
  /// asked, and ends when its task has. Counterpart: Future.cancel.
  bool cancel() const { return shared().cancel(); }
  [[nodiscard]] bool done() const { return shared().ended(); }
  /// True while a function works on it that cannot be cancelled any more. Counterpart: Future.running.
  [[nodiscard]] bool is_running() const { return shared().now() == detail::concurrent_base::state::running; }
  [[nodiscard]] bool was_cancelled() const { return shared().now() == detail::concurrent_base::state::cancelled; }

  /// Calls `function`, with this future or with nothing, when it has ended: on the thread that ends it, or here and now if it
  /// has. In order of registration, but one that is added while earlier ones run may come before them; what one throws is
  /// printed. Counterpart: Future.add_done_callback.
  template <class Function>
  void add_done_callback(Function function) const {
    if constexpr (std::is_invocable_v<Function&, const concurrent_future&>)
      shared().call_when_ended(
          [self = *this, function = std::move(function)]() mutable { static_cast<void>(function(self)); });
    else
      shared().call_when_ended([function = std::move(function)]() mutable { static_cast<void>(function()); });
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const concurrent_future& a, const concurrent_future& b) noexcept {
    return a.state_ == b.state_;
  }

  /// Waits in a task, of whatever loop, and gives what `result` gives. Cancelling the task cancels the future, and does not wait
  /// for what cannot be stopped, save for the task of a `spawn_on`; a result that had come is not lost then, the request stays
  /// pending.
  /// Counterpart: asyncio.wrap_future.
  [[nodiscard]] awaiter operator co_await() const& { return awaiter(*this); }
  [[nodiscard]] awaiter operator co_await() && noexcept { return awaiter(std::move(*this)); }

 private:
  friend concurrent_promise<T>;
  explicit concurrent_future(std::shared_ptr<detail::concurrent_state<T>> state) noexcept : state_(std::move(state)) {
    state_->handles.fetch_add(1, std::memory_order_relaxed);
  }

  [[nodiscard]] detail::concurrent_state<T>& shared() const noexcept {
    HOCKET_ASSERT(state_ != nullptr, "a concurrent future was used that belongs to no promise");
    return *state_;
  }
  [[nodiscard]] std::exception_ptr error(detail::concurrent_base::state ended) const {
    if (ended == detail::concurrent_base::state::cancelled) throw cancelled{};
    return state_->error();
  }
  T take(detail::concurrent_base::state ended) const& {
    state_->require_value(ended);
    if constexpr (std::is_copy_constructible_v<T>) {
      return *state_->value;
    } else if constexpr (!std::is_void_v<T>) {
      state_->give_away_once();
      return std::move(*state_->value);
    }
  }
  T take(detail::concurrent_base::state ended) && {
    if constexpr (std::is_copy_constructible_v<T>) {
      state_->require_value(ended);
      if (state_->handles.load(std::memory_order_acquire) == 1) return std::move(*state_->value);
    }
    return std::as_const(*this).take(ended);
  }

  std::shared_ptr<detail::concurrent_state<T>> state_;
};

template <class T>
class concurrent_future<T>::awaiter final : public detail::concurrent_wait {
 public:
  explicit awaiter(concurrent_future from) noexcept : concurrent_wait(from.shared()), from_(std::move(from)) {}

  T await_resume() {
    waited();
    return std::move(from_).take(detail::concurrent_base::state::finished);
  }

 private:
  concurrent_future from_;
};

/// The end of a `concurrent_future` that its result is put into: by one thread at a time, whichever. Dropped before that, it
/// leaves an `invalid_state_error`. Counterpart: the part of concurrent.futures.Future that is for executors.
template <class T = void>
class concurrent_promise {
 public:
  concurrent_promise() : state_(std::make_shared<detail::concurrent_state<T>>()) {}
  concurrent_promise(concurrent_promise&& other) noexcept = default;
  concurrent_promise& operator=(concurrent_promise&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~concurrent_promise() {
    if (state_) state_->end_in_error("what was to bring the result is gone");
  }

  [[nodiscard]] concurrent_future<T> get_future() const { return concurrent_future<T>(state_); }

  /// From here on `cancel` is refused. False if it was cancelled: then the work must not begin.
  /// Counterpart: Future.set_running_or_notify_cancel.
  [[nodiscard]] bool set_running() const { return state_->set_running(); }

  /// These give the result, and are false if it was cancelled and nobody wants it. Throw `invalid_state_error` if there is one.
  template <class... Value>
  bool set_value(Value&&... value) const {
    if (!state_->awaits_end()) return false;
    state_->value.emplace(std::forward<Value>(value)...);
    if (state_->end(detail::concurrent_base::state::finished)) return true;
    state_->value.reset();
    return false;
  }
  /// `cancelled` makes it one that was cancelled.
  bool set_exception(std::exception_ptr error) const {
    if (is_cancelled(error)) return state_->end(detail::concurrent_base::state::cancelled);
    return state_->end(detail::concurrent_base::state::failed, std::move(error));
  }
  template <class Error>
    requires std::derived_from<Error, std::exception>
  bool set_exception(Error error) const {
    return set_exception(std::make_exception_ptr(std::move(error)));
  }
  /// Calls `function` and puts in what it returns or throws.
  template <class Function>
  void set_result_of(Function&& function) const {
    try {
      if constexpr (std::is_void_v<T>) {
        function();
        set_value();
      } else {
        set_value(function());
      }
    } catch (...) {
      set_exception(std::current_exception());
    }
  }

  [[nodiscard]] bool done() const { return state_->ended(); }
  /// Somebody holds a future, and may look at it.
  [[nodiscard]] bool is_wanted() const noexcept { return state_->handles.load(std::memory_order_acquire) > 0; }

  /// `function` is called by the thread that cancels the future, before that has ended: what it needs stays alive for as long
  /// as this promise owes a result. It may only leave word, and must not touch the future; if it throws, so does `cancel`, and
  /// nothing is cancelled. At most once, before anybody has the future.
  void on_cancel(std::move_only_function<void()> function) const { state_->on_cancel(std::move(function)); }
  /// `cancel` calls that function each time and ends nothing: the work hears of it and says how it ended, and whoever awaits the
  /// future and is cancelled waits for that. Before anybody has the future.
  void ends_by_itself() const noexcept { state_->ends_by_itself(); }

  /// A thread that runs `target` is refused when it wants to block for the result. Before anybody has the future.
  void runs_on(const loop& target) const noexcept { state_->runs_on(target); }
  /// The same for one thread that brings all results, in a callback of another one of them for instance.
  void brought_by(std::thread::id thread) const noexcept { state_->brought_by(thread); }

 private:
  std::shared_ptr<detail::concurrent_state<T>> state_;
};

}  // namespace hocket
