#pragma once

#include <exception>
#include <memory>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_status.hpp>

namespace hocket {

/// Tasks that live and die together; made by `with_task_group`, which ends only when all of them have.
///
/// The first child that fails, or an exception of the body, cancels the others and the body; all errors then leave as one
/// `exception_group`. A child that is itself cancelled disturbs nobody. Counterpart: asyncio.TaskGroup, trio.Nursery.
class task_group {
 public:
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Starts a child; it may refer to the frame that called `with_task_group`. Allowed while the group waits for its children;
  /// throws `invalid_state_error` once it is being cancelled or has ended.
  template <awaitable Awaitable>
  auto create_task(Awaitable work HOCKET_KEPT, const task_options& options = {}) {
    try {
      require_open();
    } catch (...) {
      detail::refuse(work);
      throw;
    }
    auto watcher = make_watcher();  // first, for a child that nobody watches would be none of the group's
    auto made = detail::make_task(as_coro(std::move(work)), &node_, options);
    watch(std::move(watcher), made.record());
    detail::start_task(*made.record(), options);  // last, for an eager child may cancel the group
    return made;
  }

  /// Starts a child and waits until it says that it is ready: calls `function(status, arguments...)`, a coroutine, with a
  /// `task_status<T>&`, and gives what it passes to `status.started`. `function` and `arguments` are moved to the child.
  ///
  /// Until then its errors are thrown here and are none of the group's, a child that ends without `started` is an
  /// `invalid_state_error`, and cancelling the starter cancels the child and waits for its end. Throws `cancelled`; then, and
  /// with any other error, the child has ended. A value that was given is never lost: a cancellation that comes as late as that
  /// stays pending. Refuses as `create_task` does. Counterpart: trio.Nursery.start.
  template <class T = void, class Function, class... Arguments>
  coro<T> start(Function function, Arguments... arguments) {
    detail::start_operation<T> starting;
    starting.wait_for(create_task(detail::run_started<T>(starting, std::move(function), std::move(arguments)...)));
    co_return co_await starting;
  }

  /// Ends the group early: cancels the children and the body, and takes no more children. No error leaves for it, but errors
  /// of those who clean up do, and a cancellation from outside goes on. May be called by a child, and again.
  /// Counterpart: TaskGroup.cancel.
  void cancel() noexcept;

  /// Children that have not ended.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct node : cancel_node {
    explicit node(task_group& group) noexcept : cancel_node(kind::edge), group(group) { is_group = true; }
    task_group& group;
  };
  struct child_link {};
  class child;
  class drain_operation;

  template <class Body>
  friend coro<void> with_task_group(Body body);
  friend class cancel_scope;
  template <class>
  friend struct detail::process_layout;

  explicit task_group(task_base& owner) : task_(owner) {
    errors_.reserve(1);  // for the body's: whatever fails, the node must leave the stack
    task_.push(node_);
  }
  ~task_group();

  /// Pokes every task inside of `outermost`, a node on the stack of `owner`, through any depth of groups.
  static void poke_children(task_base& owner, const cancel_node& outermost) noexcept;

  void require_open() const;
  struct delete_child {
    void operator()(child* unused) const noexcept;
  };
  using child_owner = std::unique_ptr<child, delete_child>;
  [[nodiscard]] child_owner make_watcher();
  void watch(child_owner watcher, record_ref<task_base> started) noexcept;
  void child_ended(child& which) noexcept;
  void abort() noexcept;

  // What `with_task_group` does with them, in this order.
  void body_ended(std::exception_ptr error);
  [[nodiscard]] drain_operation drain() noexcept;
  void interrupted() noexcept;
  void leave();

  task_base& task_;
  node node_{*this};
  intrusive_list<child, child_link> children_;
  std::size_t size_ = 0;
  drain_operation* draining_ = nullptr;
  std::vector<std::exception_ptr> errors_;
  bool aborting_ = false;
  bool cancelled_ = false;  // `cancelled` reached the body or the wait
  bool left_ = false;
};

/// Waits for the children; deaf once the group is being cancelled, for then the children decide.
class task_group::drain_operation final : public operation {
 public:
  explicit drain_operation(task_group& group) noexcept : group_(group) {}
  drain_operation(drain_operation&&) noexcept = default;
  [[nodiscard]] bool await_ready() const noexcept { return group_.size_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) {
    deaf_ = group_.aborting_;
    group_.draining_ = this;
    suspend(waiter);
  }
  void await_resume() {
    group_.draining_ = nullptr;
    if (!deaf_) resumed();
  }
  bool stop() noexcept override {
    if (deaf_) return false;
    wake_stopped();
    return true;
  }
  void all_ended() noexcept {
    if (is_waiting()) wake();
  }

 private:
  template <class>
  friend struct detail::process_layout;

  task_group& group_;
  bool deaf_ = false;
};

inline auto task_group::drain() noexcept -> drain_operation { return drain_operation(*this); }

/// Calls `body(group)` and waits for what it returns and for every task that it started in the group.
///
/// Throws `exception_group` if the body or a child failed, `cancelled` if the caller was cancelled. The children may refer to
/// the caller's frame: none is alive any more when this returns. Counterpart: async with asyncio.TaskGroup().
template <class Body>
coro<void> with_task_group(Body body) {
  static_assert(std::is_void_v<await_result_t<std::invoke_result_t<Body&, task_group&>>>,
                "the body of a task group returns nothing: a group that is cancelled would have no value to give");
  task_group group(task_base::require_current());
  std::exception_ptr error;
  try {
    co_await body(group);
  } catch (...) {
    error = std::current_exception();
  }
  group.body_ended(std::move(error));
  while (group.size() > 0) {
    try {
      co_await group.drain();
    } catch (const cancelled&) {
      group.interrupted();
    }
  }
  group.leave();
}

}  // namespace hocket
