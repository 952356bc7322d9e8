// Tasks, and how a cancellation finds its way.
//
// Two questions decide everything. What does a task see? Its nodes from the innermost outward, up to and including the first
// shield; beyond its own node, through the group that it is a child of, only level nodes (edges reach it through the group's
// abort). And at a node that `cancelled` passes: is the request this node's own, or does somebody further out want the task
// gone too (`foreign`)? Then it must go on.
//
// `may_be_cancelled_` spares the walk: a poke sets it, an answer of "no" clears it.

#include <algorithm>
#include <bit>
#include <cstdio>
#include <typeinfo>

#include <fmt/format.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/probe.hpp>
#include <hocket/base/process_table.hpp>
#include <hocket/core/call_graph.hpp>
#include <hocket/core/detail/trace.hpp>
#include <hocket/core/done_callback.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/loop/loop_made.hpp>

// Here, for every program with tasks has this file.
HOCKET_NOTE(1, hocket_process_table);

namespace hocket {

[[maybe_unused]] static const auto traces_loops = detail::loop_made = detail::trace_if_asked;

bool is_cancelled(const std::exception_ptr& error) noexcept {
  if (!error) return false;
#if defined(__GLIBCXX__)
  const std::type_info* type = error.__cxa_exception_type();
  return type != nullptr && *type == typeid(cancelled);
#else
  try {
    std::rethrow_exception(error);
  } catch (const cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
#endif
}

static void report_error_of(future_base& ended) noexcept {
  try {
    task_base* const task = ended.as_task();
    const std::string who = task == nullptr ? "a future" : fmt::format("task '{}'", task->name());
    const exception_context problem{.message = who + " failed and nobody looked at its exception",
                                    .exception = ended.error(),
                                    .where = ended.created()};
    if (task != nullptr)
      task->context().run([&] { loop::report(task->owner(), problem); });
    else
      loop::report(ended.owner(), problem);
  } catch (...) {
    std::fputs("hocket: a task or future failed, nobody looked at its exception, and memory is lacking to tell more\n",
               stderr);
  }
}

void future_base::refuse_other_loop() {
  throw invalid_state_error("a task cannot wait for what belongs to another loop");
}

void future_base::last_release() noexcept {
  if (failed() && !retrieved_) report_error_of(*this);
  if (!done()) drop_callbacks();  // whoever else waits holds a reference
  delete this;
}

// Set apart first, for each may cancel others. The loop may be gone.
void future_base::drop_callbacks() noexcept {
  ready_queue dropped;
  waiters_.for_each([&dropped](ready_node& waiter) {
    if (dynamic_cast<detail::callback_record*>(&waiter) == nullptr) return;
    waiter.unlink();
    dropped.push_back(waiter);
  });
  while (!dropped.empty()) dynamic_cast<detail::callback_record&>(dropped.pop_front()).abandon();
}

void task_base::leave_behind() noexcept {
  left_behind_ = true;
  if (leaf_ != nullptr) leaf_->leave_behind();
  drop_callbacks();
}

std::coroutine_handle<> frame_base::end_task() noexcept {
  reinterpret_cast<task_base*>(parent_ & ~is_task)->frame_ended();
  return std::noop_coroutine();
}

task_base::task_base(loop& owner, std::coroutine_handle<> frame, origin from) noexcept
    : future_base(owner, from.created),
      stepped_(owner.last_time()),
      top_(&own_),
      frame_(frame),
      context_(std::move(from.context)),
      name_(owner.next_task_number()),
      made_(stepped_) {
  may_be_cancelled_ = from.inherited != nullptr;
  own_.outer = from.inherited;
  retain();  // the loop's
}

void task_base::cancel_at_shutdown() noexcept {
  if (!std::exchange(cancelled_at_shutdown_, true)) cancel();
}

void task_base::start() noexcept {
  HOCKET_PROBE(task_created, this, &owner());
  owner().tasks().push_back(*this);
  owner().schedule(*this);
  if (detail::monitor* const told = owner().monitor()) [[unlikely]]
    told->task_created(*this);
}

void task_base::start_eagerly() noexcept {
  HOCKET_PROBE(task_created, this, &owner());
  const detail::thread_context outside = detail::here;
  if (detail::monitor* const told = owner().monitor()) [[unlikely]] {
    told->task_created(*this);
    told->run(*this);
  } else {
    run();
  }
  detail::here = outside;
  if (!done()) owner().tasks().push_back(*this);
}

void task_base::refuse_outside_of_a_task() { throw invalid_state_error("this can only be awaited in a task"); }

// It ends in any case, so its callbacks may hold it from the beginning.
void task_base::add_done_callback(detail::done_callback& callback) noexcept {
  callback.hold();
  add_waiter(callback);
}

void task_base::run() noexcept {
  resumes();
  if (must_throw()) {
    take();
    const detail::monitor::dropping what_it_holds(owner().monitor());
    std::exchange(frame_, {}).destroy();
    return finish(state::cancelled);
  }
  frame_.resume();
}

void task_base::frame_ended() noexcept {
  state how = collect(frame_);
  if (how == state::finished && own_.pending) how = state::cancelled;
  std::exchange(frame_, {}).destroy();
  finish(how);
}

void task_base::finish(state how) noexcept {
  HOCKET_PROBE(task_ended, this, static_cast<int>(how));
  using link = list_link<loop_task>;
  if (link::is_linked()) link::unlink();
  if (detail::monitor* const told = owner().monitor()) [[unlikely]]
    told->task_ended(*this);
  owner().add_steps(steps());
  end(how);
  // Whoever is told of this, and whatever its result destroys, must not meet a task that is gone.
  detail::here.task = nullptr;
  detail::here.variables = nullptr;
  release();
}

void task_base::tell_of_step() noexcept {
  detail::await_places from{};
  if (leaf_ != nullptr) {
    const frame_base* frame = &frame_base::of(leaf_->waiter());
    for (std::size_t n = 0; n < from.size() && frame != nullptr; ++n, frame = frame->parent()) from[n] = frame->place();
  }
  owner().monitor()->step_begins(*this, from);
}

exception_context task_base::pending_report() {
  std::string message = fmt::format("a task was pending when its loop was closed: '{}'", name());
  if (owner().debug()) message += ", waiting in " + detail::await_chain(*this);
  return {.message = std::move(message), .where = created()};
}

exception_context task_base::deadlock_report() {
  std::size_t count = 0;
  owner().tasks().for_each([&count](loop_task&) { ++count; });
  return {.message =
              fmt::format("nothing can happen any more in this loop, unless a signal comes or another thread calls; {} "
                          "tasks wait:\n{}{}",
                          count, detail::format_circles_of_tasks(), format_all_tasks())};
}

exception_context task_base::slow_step_report(double seconds, std::source_location from) {
  const std::string begin = from.line() == 0 ? "its beginning" : fmt::format("{}:{}", from.file_name(), from.line());
  const std::string end = done() ? "its end" : "where it waits now: " + detail::await_chain(*this);
  return {
      .message = fmt::format("task '{}' kept the loop for {:.3f} s, use to_thread for what blocks: between {} and {}",
                             name(), seconds, begin, end),
      .where = created()};
}

static detail::monitor* monitor_here() noexcept {
  const loop* const running = loop::running_or_null();
  return running != nullptr ? running->monitor() : nullptr;
}

void detail::drop_unstarted(std::coroutine_handle<> frame) noexcept {
  if (monitor* const told = monitor_here()) told->never_awaited(frame_base::of(frame).place());
  close_unstarted(frame);
}

void detail::close_unstarted(std::coroutine_handle<> frame) noexcept {
  const monitor::dropping what_it_holds(monitor_here());
  frame.destroy();
}

bool task_base::cancel() {
  if (done() || left_behind_) return false;
  owner().require_own_thread("task::cancel was called");
  request(own_);
  return true;
}

std::uint32_t task_base::uncancel() noexcept {
  if (own_.requests > 0 && --own_.requests == 0) own_.pending = false;
  return cancelling();
}

std::uint32_t task_base::cancelling() const noexcept {
  std::uint32_t sum = 0;
  for (const cancel_node* node = top_;; node = node->outer) {
    if (!node->is_level()) sum += node->requests;
    if (node == &own_) return sum;
  }
}

void task_base::push(cancel_node& node) noexcept {
  node.outer = top_;
  top_ = &node;
  node.entry = edges_outside(node);
  may_be_cancelled_ |= node.requests > 0;
}

void task_base::pop(cancel_node& node) noexcept {
  HOCKET_ASSERT(top_ == &node, "cancel scopes, timeouts and groups must be left in the reverse order of entering");
  top_ = node.outer;
}

void task_base::request(cancel_node& node) noexcept {
  ++node.requests;
  if (!node.is_level()) node.pending = true;
  poke();
}

// A cancellation of a task that awaits a task goes on to that one, and so on: a loop, for the chain may be long. Tasks that
// await each other in a circle are a bug of their owner, but must not hang the loop (Brent's way of finding circles).
void task_base::poke() noexcept {
  const task_base* milestone = nullptr;
  std::size_t step = 0;
  for (task_base* task = this; task != milestone; ++step) {
    if (std::has_single_bit(step)) milestone = task;
    task->may_be_cancelled_ = true;
    operation* const leaf = task->leaf_;
    if (leaf == nullptr || !leaf->is_waiting() || !task->deliverable()) return;
    task_base* const next = leaf->awaited_task();
    if (next == nullptr) {
      if (leaf->stop()) task->take();
      return;
    }
    if (next->done()) return;
    task->take();
    ++next->own_.requests;
    next->own_.pending = true;
    task = next;
  }
}

bool task_base::deliverable() noexcept {
  bool mine = true;
  for (const cancel_node* node = top_; node != nullptr; node = node->outer) {
    if (node->is_level() ? node->requests > 0 : mine && node->pending) return true;
    if (node->shield) return false;  // what it hides shows again when it is popped: the flag stays
    if (node == &own_) mine = false;
  }
  may_be_cancelled_ = false;
  return false;
}

void task_base::take() noexcept {
  for (cancel_node* node = top_;; node = node->outer) {
    node->pending = false;
    if (node->shield || node == &own_) return;
  }
}

std::uint32_t task_base::edges_outside(const cancel_node& node) const noexcept {
  std::uint32_t sum = 0;
  for (const cancel_node* at = &node; !at->shield && at != &own_;) {
    at = at->outer;
    if (!at->is_level()) sum += at->requests;
  }
  return sum;
}

static bool level_outside(const cancel_node& node) noexcept {
  for (const cancel_node* at = &node; !at->shield;) {
    at = at->outer;
    if (at == nullptr) return false;
    if (at->is_level() && at->requests > 0) return true;
  }
  return false;
}

bool task_base::foreign(const cancel_node& node) const noexcept {
  return edges_outside(node) > node.entry || level_outside(node);
}

void task_base::settle(cancel_node& node) noexcept {
  node.requests = 0;
  for (cancel_node* at = top_; at != &node; at = at->outer) at->entry = std::min(at->entry, edges_outside(*at));
}

void task_base::rearm(const cancel_node& node) noexcept {
  if (edges_outside(node) <= node.entry) return;
  for (cancel_node* at = node.outer;; at = at->outer) {
    if (!at->is_level() && at->requests > 0) {
      at->pending = true;
      may_be_cancelled_ = true;
      return;
    }
    if (at->shield || at == &own_) return;
  }
}

}  // namespace hocket
