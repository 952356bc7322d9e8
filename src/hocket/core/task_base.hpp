#pragma once

#include <coroutine>
#include <span>
#include <string>
#include <string_view>

#include <hocket/base/noted.hpp>
#include <hocket/core/cancel_node.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/frame.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/core/task_name.hpp>
#include <hocket/loop/context.hpp>
#include <hocket/loop/loop_task.hpp>

namespace hocket {

class operation;

/// A coroutine that the loop runs: its frame, what it waits for, and its stack of cancel nodes.
///
/// How cancellation travels: a request marks a node and pokes every task that sees it; a poked task asks the operation that it
/// waits for to stop; `cancelled` is thrown where that await resumes.
class task_base : public future_base, public loop_task {
 public:
  /// The task that runs now, or null in a plain callback.
  [[nodiscard]] static task_base* current() noexcept { return detail::here.task; }
  /// The same; throws `invalid_state_error` outside of a task.
  [[nodiscard]] static task_base& require_current() {
    if (current() == nullptr) [[unlikely]]
      refuse_outside_of_a_task();
    return *current();
  }

  /// Asks the task to end: adds a request to its own node. False if it has ended, or its loop is closed. Counterpart: Task.cancel.
  bool cancel() final;
  /// Takes one request back; the last one takes the undelivered cancellation with it. Returns `cancelling()`.
  std::uint32_t uncancel() noexcept;
  /// Requests of its own node and of the edge nodes on its stack.
  [[nodiscard]] std::uint32_t cancelling() const noexcept;

  [[nodiscard]] task_base* as_task() noexcept final { return this; }
  [[nodiscard]] task_base* wakes() noexcept final { return this; }
  void add_done_callback(detail::done_callback& callback) noexcept final;
  [[nodiscard]] std::string_view name() { return name_.text(); }
  [[nodiscard]] std::string_view name_in(std::span<char, 32> room) const noexcept final { return name_.text_in(room); }
  [[nodiscard]] std::source_location made_at() const noexcept final { return created(); }
  void set_name(std::unique_ptr<std::string> name) noexcept { name_.set(std::move(name)); }

  /// Its loop ends: the first call cancels.
  void cancel_at_shutdown() noexcept;

  /// Schedules the first step for the next turn.
  void start() noexcept;
  /// Takes the first step at once, inside of whatever runs now. A task that ends in it was never among the loop's.
  void start_eagerly() noexcept;

  // ---- for scopes, timeouts and groups

  void push(cancel_node& node) noexcept;
  void pop(cancel_node& node) noexcept;
  /// Adds a request to `node`, which stands on this task's stack, and pokes this task.
  void request(cancel_node& node) noexcept;
  /// Tells the task that a node which it may see was requested.
  void poke() noexcept;
  /// Somebody outside `node` wants the task gone as well: a `cancelled` that reaches it must go on.
  [[nodiscard]] bool foreign(const cancel_node& node) const noexcept;
  /// What `node`, which stands on this task's stack, asked for was thrown as an error of its own: its requests are gone, for the nodes inside
  /// of it as well.
  void settle(cancel_node& node) noexcept;
  /// Another error takes the place of a foreign edge: it is pending again.
  void rearm(const cancel_node& node) noexcept;
  [[nodiscard]] cancel_node* top() const noexcept { return top_; }
  [[nodiscard]] const cancel_node& own_node() const noexcept { return own_; }

  // ---- for operations

  /// True if the next await that waits must throw `cancelled`.
  [[nodiscard]] bool must_throw() noexcept { return may_be_cancelled_ && deliverable(); }
  /// One throw serves every edge that is visible.
  void take() noexcept;
  [[noreturn]] void throw_cancelled() {
    take();
    throw cancelled{};
  }
  void wait_for(operation& leaf) noexcept { leaf_ = &leaf; }
  /// It goes on without having waited.
  void wait_for_nothing() noexcept { leaf_ = nullptr; }
  /// Its coroutine is about to go on.
  void resumes() noexcept {
    detail::here.task = this;
    detail::here.variables = &context_;
    detail::here.inline_completions = 0;
    const loop& running = *detail::here.running;  // the owner, but at hand
    steps_.set(steps() + 1);
    stepped_.set(running.last_time());
    if (running.monitor() != nullptr) [[unlikely]]
      tell_of_step();
    leaf_ = nullptr;
  }
  [[nodiscard]] operation* leaf() const noexcept { return leaf_; }

  /// The values of the context variables as this task sees them.
  [[nodiscard]] hocket::context& context() noexcept { return context_; }

  // ---- for debugging

  /// How often it went on, its beginning counted.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_.get(); }
  /// When it was made, and when its last step began, on the loop's clock; as exact as `loop::last_time`.
  [[nodiscard]] time_point made_when() const noexcept { return made_.get(); }
  [[nodiscard]] time_point last_step() const noexcept { return stepped_.get(); }
  /// How long its steps took so far, without what ran inside of them: only of those that its loop told somebody of (debug mode, instruments).
  [[nodiscard]] duration time_spent() const noexcept { return spent_.get(); }

  /// Its outermost frame. Precondition: it has not ended.
  [[nodiscard]] std::coroutine_handle<> frame() const noexcept { return frame_; }
  [[nodiscard]] task_base& self() noexcept final { return *this; }
  void hold() noexcept final { retain(); }
  void let_go() noexcept final { release(); }
  void leave_behind() noexcept override;
  void count_time(duration step) noexcept final { spent_.set(time_spent() + step); }
  [[nodiscard]] exception_context pending_report() override;
  [[nodiscard]] exception_context deadlock_report() override;
  [[nodiscard]] exception_context slow_step_report(double seconds, std::source_location from) override;

  /// The first step. A task cancelled before it never runs.
  void run() noexcept final;

 protected:
  struct origin {
    cancel_node* inherited = nullptr;
    hocket::context context{};
    std::source_location created{};
  };
  task_base(loop& owner, std::coroutine_handle<> frame, origin from) noexcept;
  ~task_base() override = default;

  /// Takes the result out of the frame, which has come to its end.
  virtual state collect(std::coroutine_handle<> frame) noexcept = 0;

 private:
  friend class frame_base;
  template <class>
  friend struct detail::process_layout;

  [[noreturn]] static void refuse_outside_of_a_task();
  HOCKET_ASIDE void tell_of_step() noexcept;
  void frame_ended() noexcept;
  void finish(state how) noexcept;
  [[nodiscard]] bool deliverable() noexcept;
  [[nodiscard]] std::uint32_t edges_outside(const cancel_node& node) const noexcept;

  operation* leaf_ = nullptr;
  [[no_unique_address]] detail::noted<std::uint64_t> steps_;  // these two beside it: each step writes all of them
  [[no_unique_address]] detail::noted<time_point> stepped_;
  cancel_node* top_;
  cancel_node own_{cancel_node::kind::own};
  std::coroutine_handle<> frame_;
  hocket::context context_;
  task_name name_;
  [[no_unique_address]] detail::noted<time_point> made_;
  [[no_unique_address]] detail::noted<duration> spent_;
};

}  // namespace hocket
