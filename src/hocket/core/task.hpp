#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/done_callback.hpp>
#include <hocket/core/join.hpp>
#include <hocket/core/task_base.hpp>

namespace hocket {

namespace detail {

template <class T>
class task_record : public task_base {
 public:
  task_record(loop& owner, coro<T> body, cancel_node* inherited, const hocket::context& inside,
              std::source_location created)
      : task_record(owner, body.release(), {.inherited = inherited, .context = inside, .created = created}) {}

  [[nodiscard]] std::exception_ptr error() noexcept override {
    mark_retrieved();
    return result_.error();
  }
  [[nodiscard]] hocket::result<T>& result() noexcept {
    mark_retrieved();
    return result_;
  }

 private:
  using handle = std::coroutine_handle<coro_promise<T>>;

  task_record(loop& owner, handle frame, origin from) noexcept : task_base(owner, frame, std::move(from)) {
    frame.promise().set_task(*this);
  }

  state collect(std::coroutine_handle<> frame) noexcept override {
    try {
      result_.take_over(handle::from_address(frame.address()).promise().result());
    } catch (...) {
      result_.set_error(std::current_exception());  // the value could not be moved
    }
    if (!result_.has_error()) return state::finished;
    return is_cancelled(result_.error()) ? state::cancelled : state::failed;
  }

  hocket::result<T> result_;
};

inline void require_ended(const task_base& task) {
  if (!task.done()) throw invalid_state_error("the task has not ended yet");
  if (task.was_cancelled()) throw cancelled{};
}

}  // namespace detail

/// A handle on work that the loop runs: shared, cheap to copy, not an owner. Dropping the last handle leaves the task running;
/// if it then fails, the loop's exception handler is told once.
///
/// `co_await task` gives `const T&`; of a temporary or `std::move(task)` it gives `T` (moved out if nobody else holds the
/// task or it cannot be copied). It throws what the task threw, and
/// `cancelled` if the task was cancelled. Cancelling the awaiting task cancels the awaited one.
///
/// Belongs to its loop's thread. Counterpart: asyncio.Task.
template <class T = void>
class task {
 public:
  /// No task: assign one before any other use.
  task() noexcept = default;
  explicit task(record_ref<detail::task_record<T>> record) noexcept : record_(std::move(record)) {}

  /// Asks the task to end: `cancelled` is thrown where it awaits, or its body never runs if it has not begun.
  /// False if it has ended, or its loop is closed. Counted and repeatable. Counterpart: Task.cancel.
  bool cancel() const { return record_->cancel(); }
  /// Takes one request back; the last one takes a cancellation with it that was not delivered yet. Counterpart: Task.uncancel.
  std::uint32_t uncancel() const noexcept { return record_->uncancel(); }
  /// Requests to cancel that were not taken back. Counterpart: Task.cancelling.
  [[nodiscard]] std::uint32_t cancelling() const noexcept { return record_->cancelling(); }

  [[nodiscard]] bool done() const noexcept { return record_->done(); }
  /// True if it ended by throwing `cancelled`. Counterpart: Task.cancelled.
  [[nodiscard]] bool was_cancelled() const noexcept { return record_->was_cancelled(); }

  /// Its value. Throws its exception, `cancelled`, or `invalid_state_error` if it is not done.
  decltype(auto) result() const {
    require_done();
    return record_->result().look();
  }
  /// Its exception, or null if it returned. Throws `cancelled`, or `invalid_state_error` if it is not done.
  [[nodiscard]] std::exception_ptr exception() const {
    require_done();
    return record_->failed() ? record_->error() : nullptr;
  }

  /// The name that it was given; otherwise "Task-N", where N counts the tasks of its loop as they are made.
  /// Counterpart: Task.get_name.
  [[nodiscard]] std::string_view name() const { return record_->name(); }
  void set_name(std::string name) const { record_->set_name(std::make_unique<std::string>(std::move(name))); }

  /// What it sees of context variables; lives as long as the task. Counterpart: Task.get_context.
  [[nodiscard]] hocket::context& context() const noexcept { return record_->context(); }

  /// Calls `function`, with this task or with nothing, through `call_soon` when the task has ended, in order with whoever else
  /// waits. `cancel()` of the handle takes it back, until it runs. Counterpart: add_done_callback, remove_done_callback.
  template <class Function>
  handle add_done_callback(Function function) const {
    return detail::call_when_done(*this, std::move(function));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(record_); }
  friend bool operator==(const task& a, const task& b) noexcept { return a.record_.get() == b.record_.get(); }

  [[nodiscard]] auto operator co_await() const& noexcept { return look_awaiter(record_); }
  [[nodiscard]] auto operator co_await() && noexcept { return take_awaiter(std::move(record_)); }

  [[nodiscard]] const record_ref<detail::task_record<T>>& record() const noexcept { return record_; }

 private:
  class base_awaiter : public detail::join_operation {
   public:
    explicit base_awaiter(record_ref<detail::task_record<T>> record) noexcept
        : join_operation(record_ref<future_base>(std::move(record))) {}

   protected:
    hocket::result<T>& joined_result() {
      joined();
      return static_cast<detail::task_record<T>&>(*target_).result();
    }
  };
  class look_awaiter final : public base_awaiter {
   public:
    using base_awaiter::base_awaiter;
    decltype(auto) await_resume() { return this->joined_result().look(); }
  };
  class take_awaiter final : public base_awaiter {
   public:
    using base_awaiter::base_awaiter;
    // Whoever else holds the task keeps the value, if it can be copied.
    T await_resume() {
      hocket::result<T>& ended = this->joined_result();
      if constexpr (std::is_copy_constructible_v<T>)
        if (this->target_->is_shared()) return ended.look();
      return ended.take();
    }
  };

  void require_done() const { detail::require_ended(*record_); }

  record_ref<detail::task_record<T>> record_;
};

/// What is given is copied before `create_task` returns.
struct task_options {
  std::string_view name{};
  /// What the task sees of context variables; null: what its creator sees.
  const hocket::context* context = nullptr;
  std::source_location created = std::source_location::current();
  /// Takes the first step at once, up to where it must wait, before `create_task` returns.
  bool eager_start = false;
};

namespace detail {

/// A task that has not begun: `start_task` does that.
template <class T>
task<T> make_task(coro<T> body, cancel_node* inherited, const task_options& options) {
  HOCKET_ASSERT(body, "a coroutine was given to create_task that had been awaited or moved from");
  auto name = options.name.empty() ? nullptr : std::make_unique<std::string>(options.name);
  const context& inside = options.context != nullptr ? *options.context : context::current();
  task<T> made(record_ref(new task_record<T>(loop::running(), std::move(body), inherited, inside, options.created)));
  if (name) made.record()->set_name(std::move(name));
  return made;
}

inline void start_task(task_base& made, const task_options& options) noexcept {
  if (options.eager_start)
    made.start_eagerly();
  else
    made.start();
}

}  // namespace detail

/// Schedules `work` on the running loop and returns a handle on it; it begins in the next turn and may outlive the caller, so
/// it must not refer to the caller's frame unless the caller waits for it. Sees no cancel scope of its creator.
/// `eager_start` lets it begin inside of this call; if it then ends without waiting, the loop never knew it.
/// Throws `invalid_state_error` if no loop is running. Counterpart: asyncio.create_task.
template <awaitable Awaitable>
auto create_task(Awaitable work HOCKET_KEPT, const task_options& options = {}) {
  auto made = detail::make_task(as_coro(std::move(work)), nullptr, options);
  detail::start_task(*made.record(), options);
  return made;
}

/// A task whose result is of a type that one does not know: a handle like `task<T>`, which turns into one of these.
/// `co_await` waits for its end and gives nothing, or throws what the task threw.
class any_task {
 public:
  /// Null stands for no task.
  explicit any_task(task_base* record) noexcept : record_(record) {
    if (record != nullptr) record->retain();
  }
  template <class T>
  any_task(const task<T>& known) noexcept : record_(known.record()) {}

  bool cancel() const { return record_->cancel(); }
  std::uint32_t uncancel() const noexcept { return record_->uncancel(); }
  [[nodiscard]] std::uint32_t cancelling() const noexcept { return record_->cancelling(); }
  [[nodiscard]] bool done() const noexcept { return record_->done(); }
  [[nodiscard]] bool was_cancelled() const noexcept { return record_->was_cancelled(); }
  /// Its exception, or null if it returned. Throws `cancelled`, or `invalid_state_error` if it is not done.
  [[nodiscard]] std::exception_ptr exception() const {
    detail::require_ended(*record_);
    return record_->failed() ? record_->error() : nullptr;
  }
  [[nodiscard]] std::string_view name() const { return record_->name(); }
  void set_name(std::string name) const { record_->set_name(std::make_unique<std::string>(std::move(name))); }

  [[nodiscard]] const hocket::context& context() const noexcept { return record_->context(); }
  /// As that of `task`.
  template <class Function>
  handle add_done_callback(Function function) const {
    return detail::call_when_done(*this, std::move(function));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(record_); }
  friend bool operator==(const any_task& a, const any_task& b) noexcept { return a.record_.get() == b.record_.get(); }

  [[nodiscard]] auto operator co_await() const noexcept {
    class awaiter final : public detail::join_operation {
     public:
      using join_operation::join_operation;
      void await_resume() {
        joined();
        if (target_->failed()) std::rethrow_exception(target_->error());
      }
    };
    return awaiter(record_ref<future_base>(record_));
  }

  [[nodiscard]] const record_ref<task_base>& record() const noexcept { return record_; }

 private:
  record_ref<task_base> record_;
};

/// The task that runs now; none in a callback. Counterpart: asyncio.current_task.
[[nodiscard]] inline any_task current_task() noexcept { return any_task(task_base::current()); }

/// The tasks of the running loop that have not ended, in the order in which they were made. Throws `invalid_state_error` if
/// no loop is running. Counterpart: asyncio.all_tasks.
[[nodiscard]] inline std::vector<any_task> all_tasks() {
  std::vector<any_task> tasks;
  loop::running().tasks().for_each([&tasks](loop_task& each) { tasks.emplace_back(&static_cast<task_base&>(each)); });
  return tasks;
}

}  // namespace hocket
