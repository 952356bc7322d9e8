#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <poll.h>

#include <hocket/base/process_layout.hpp>
#include <hocket/loop/backend.hpp>
#include <hocket/loop/blocking_pool.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/context.hpp>
#include <hocket/loop/descriptor_callbacks.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/loop/inbox.hpp>
#include <hocket/loop/instrument.hpp>
#include <hocket/loop/living_loops.hpp>
#include <hocket/loop/loop_activity.hpp>
#include <hocket/loop/loop_generator.hpp>
#include <hocket/loop/loop_task.hpp>
#include <hocket/loop/monitor.hpp>
#include <hocket/loop/random_source.hpp>
#include <hocket/loop/ready_node.hpp>
#include <hocket/loop/signal_handlers.hpp>
#include <hocket/loop/thread_context.hpp>
#include <hocket/loop/timer_queue.hpp>

namespace hocket {

struct loop_options {
  backend_kind backend = backend_kind::automatic;
  /// Makes the backend, instead of the one above: a simulator, a backend of your own.
  backend_factory make_backend{};
  /// Stands in for the monotonic clock; must outlive the loop.
  hocket::clock* clock = nullptr;
  /// Debug mode, see docs/debugging.md; also by HOCKET_DEBUG=1 in the environment.
  bool debug = false;
  /// A turn that lasts so long is told of while it lasts, see docs/debugging.md; zero: none is. Without one HOCKET_WATCHDOG in the
  /// environment, in seconds, then 0.1 s in debug mode and zero without.
  std::optional<duration> watchdog{};
  /// What the loop's random numbers come from; without one from getrandom(2).
  std::optional<std::uint64_t> seed{};
  /// Runs what is ready in a turn in an order drawn at random instead of first come, first served: for tests, to show what
  /// leans on an order by accident.
  bool shuffle = false;
  /// A loop in which nothing can happen any more, as far as it knows, is told with its tasks; see docs/debugging.md. In debug mode it
  /// always is; also by HOCKET_DEADLOCKS=1 in the environment.
  bool report_deadlocks = false;
  /// Calls of other threads that may wait until the loop takes them in, which it does each turn; further ones are refused.
  std::size_t most_calls_from_threads = 16'384;
};

/// What a loop has done so far.
struct loop_counters {
  std::uint64_t turns = 0;
  std::uint64_t looks = 0;  // at the backend
  std::uint64_t steps = 0;  // of tasks that have ended
  /// How often so much time passed between two looks, as long as whatever came meanwhile had to wait: less than 2^n microseconds; the
  /// last counts all that was longer. Not under a clock of the program's own.
  std::array<std::uint64_t, 24> lag{};
};

/// An event loop: runs what is ready, in turns, on one thread.
///
/// A turn appends what the backend completed, then the timers that are due, and runs exactly the batch that is queued then;
/// what the batch schedules waits for the next turn. Everything runs in the order in which it was scheduled.
///
/// May be made on one thread and run on another, and belongs to the thread that runs it; on io_uring to the first that did. From other threads only `call_soon_threadsafe` and `post`.
/// Counterpart: asyncio.AbstractEventLoop.
class loop {
 public:
  explicit loop(loop_options options = {});
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// The loop that this thread is running; throws `invalid_state_error` if it runs none.
  /// Counterpart: asyncio.get_running_loop.
  [[nodiscard]] static loop& running() {
    if (detail::here.running == nullptr) [[unlikely]]
      refuse_without_loop();
    return *detail::here.running;
  }

  /// The same, or null.
  [[nodiscard]] static loop* running_or_null() noexcept { return detail::here.running; }

  /// Whether a call that blocks this thread holds up a loop: one that runs here, or one inside of another loop (`guest_run`) that
  /// this thread will run again.
  [[nodiscard]] static bool needs_this_thread() noexcept;

  // ---- running

  /// Runs turns until `stop`. Throws `invalid_state_error` if a loop is running on this thread already.
  void run_forever();

  /// Ends `run_forever` after the turn under way; called before it, lets it run one turn.
  void stop() noexcept {
    insist_on_own_thread("loop::stop was called");
    stopping_ = true;
  }

  /// On whatever thread. Counterpart: loop.is_running.
  [[nodiscard]] bool is_running() const noexcept { return runs_on() != nullptr; }

  /// Drops the callbacks that have not run, gives the system's resources back, and takes nothing more: `call_soon` and the
  /// like throw `invalid_state_error` from then on. Reports each task that is still pending; its frame is leaked, for what it
  /// waits for may refer to it. Waits for the calls on the blocking pool, and for those that executors run for its tasks. No effect on a closed loop; ends the program on a
  /// running one. The destructor closes. Counterpart: loop.close.
  void close() noexcept;
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  /// The part of `close` that waits for nobody and gives nothing back, for a loop that will never be run or destroyed because
  /// tasks or calls on the pool have not ended: takes nothing more and drops the callbacks, those of its tasks too.
  void leave_behind() noexcept;

  // ---- debugging: see docs/debugging.md

  /// Debug mode. While the loop is run, only on its thread: elsewhere `set_debug` throws `invalid_state_error`. Counterpart: loop.get_debug,
  /// loop.set_debug.
  [[nodiscard]] bool debug() const noexcept { return monitor_ != nullptr && monitor_->debug(); }
  void set_debug(bool on);

  /// In debug mode, what runs for as long or longer without giving way is reported. Real time, whatever the loop's clock.
  /// Counterpart: loop.slow_callback_duration.
  [[nodiscard]] duration slow_callback_duration() const noexcept { return slow_callback_duration_; }
  void set_slow_callback_duration(delay length) noexcept { slow_callback_duration_ = length; }

  /// A turn that lasts so long is told to standard error while it lasts: which task or callback, and the stack of the loop's thread.
  /// Real time; zero: none is. The thread that watches asks by the signal SIGURG, which may end a sleep or poll of the step's with
  /// EINTR. In debug mode `slow_callback_duration`, as it is when a run begins, unless this was set. While the loop is run, `set_watchdog` throws
  /// `invalid_state_error` on another thread. Counterpart: gevent's max_blocking_time.
  [[nodiscard]] duration watchdog() const noexcept {
    return watchdog_ ? std::max(*watchdog_, duration::zero()) : debug() ? slow_callback_duration_ : duration::zero();
  }
  void set_watchdog(delay limit);
  /// Turns that the watchdog found to last too long, told or not. Also on another thread, if the watchdog was set before.
  [[nodiscard]] std::uint64_t stalls() const noexcept { return own_monitor_ != nullptr ? own_monitor_->stalls() : 0; }

  /// Tells `added` from now on what the loop does. It must stay alive until it is removed or the loop is gone.
  /// Counterpart: trio.lowlevel.add_instrument.
  void add_instrument(instrument& added);
  /// No effect if it is not there.
  void remove_instrument(instrument& removed) noexcept;

  // ---- callbacks

  /// Calls `function` (no arguments, moved) in the next turn, after what was scheduled before.
  template <class Function>
  handle call_soon(Function function) {
    require_open("call_soon was called");
    auto* record = new detail::callback<Function>(*this, std::move(function), context_for(*this));
    ready_.push_back(*record);
    return handle(*record);
  }

  /// As `call_soon`, from any thread, as long as the loop exists. The callback is destroyed on the loop's thread.
  /// Throws `loop_closed` once the loop is closed or its run comes to its end, and `loop_full` if too many calls wait; never on
  /// the thread that runs the loop. Counterpart: loop.call_soon_threadsafe.
  template <class Function>
  void call_soon_threadsafe(Function function) {
    const bool is_foreign = runs_on() != &detail::here;
    if (is_foreign) require_room();
    const caller inside(*this);
    auto* record = new detail::callback<Function>(*this, std::move(function), context::current().detached());
    if (is_foreign) calls_waiting_.fetch_add(1, std::memory_order_relaxed);  // nothing throws from here on
    post(*record);
  }

  /// Calls `function` when `length` has passed. Equal deadlines: in order of registration.
  template <class Function>
  handle call_later(delay length, Function function) {
    return call_at(time_after(length), std::move(function));
  }

  /// Calls `function` at `when` on the loop's clock, or in the next turn if that has passed.
  template <class Function>
  handle call_at(time_point when, Function function) {
    require_open("call_at was called");
    auto record = std::make_unique<detail::callback<Function>>(*this, std::move(function), context_for(*this));
    schedule_at(*record, when);  // may throw
    return handle(*record.release());
  }

  /// The loop's clock. Counterpart: loop.time().
  [[nodiscard]] time_point time() const noexcept {
    return clock_ != nullptr ? clock_->now() : std::chrono::steady_clock::now();
  }

  /// `time()` when this turn first asked for it: behind by what the turn has run since. For how old something is, not for when a wait
  /// ends: a turn that ran long would have used up its limit. On the loop's thread only. Counterpart: libuv's uv_now.
  [[nodiscard]] time_point turn_time() noexcept {
    if (std::exchange(turn_of_turn_time_, counters_.turns) != counters_.turns) turn_time_ = time();
    return turn_time_;
  }

  /// `time()` as the loop last asked for it, for itself: behind by what it ran since it last looked for something to do, or slept. Costs
  /// nothing.
  [[nodiscard]] time_point last_time() const noexcept { return last_time_; }

  /// The time `length` from now; the end of time where that cannot be told.
  [[nodiscard]] time_point time_after(duration length) const noexcept {
    const time_point now = time();
    return length > time_point::max() - now ? time_point::max() : now + length;
  }

  /// The only randomness there is: what needs some takes it from here, so that a seed reproduces a run.
  [[nodiscard]] random_source& random() noexcept { return random_; }
  /// `loop_options::shuffle`.
  [[nodiscard]] bool shuffles() const noexcept { return shuffle_; }

  // ---- signals: see docs/rules.md

  /// Calls `function` (no arguments) in a turn of this loop for each time that the process gets the signal `number`, in a copy of
  /// the current context, instead of what was done with that signal before; replaces this loop's function for it. Any number of
  /// loops may handle one signal: each is told. Throws std::invalid_argument of a signal that cannot be handled (SIGKILL, SIGSTOP)
  /// or says that the program is broken (SIGSEGV, SIGBUS, SIGFPE, SIGILL). Counterpart: loop.add_signal_handler.
  void add_signal_handler(int number, std::move_only_function<void()> function) {
    require_open("add_signal_handler was called");
    signals().set_callback(number, std::move(function));
  }
  /// False if there was none. When the last loop lets go of a signal, that has its earlier action again; a loop that is closed lets
  /// go of all. Counterpart: loop.remove_signal_handler.
  bool remove_signal_handler(int number) noexcept {
    insist_on_own_thread("loop::remove_signal_handler was called");
    return signals_ != nullptr && signals_->remove_callback(number);
  }

  // ---- descriptors that are somebody else's: see docs/foreign_loops.md

  /// Calls `function` (no arguments) in each turn in which `number` can be read from without waiting, has come to its end or is
  /// broken, in a copy of the current context; replaces this loop's function for that. For sockets, pipes, terminals, eventfds,
  /// epoll sets and the like. The number stays its owner's, who removes the function before closing it; a loop that is closed
  /// lets go of all. What the function throws goes to the loop's exception handler, and it is called again all the same.
  /// Throws std::system_error: EBADF, EPERM (files and folders, which are always ready). Counterpart: loop.add_reader.
  void add_reader(int number, std::move_only_function<void()> function) {
    require_open("add_reader was called");
    descriptors().set(number, POLLIN, std::move(function));
  }
  /// The same in each turn in which `number` can be written to without waiting, or is broken. Counterpart: loop.add_writer.
  void add_writer(int number, std::move_only_function<void()> function) {
    require_open("add_writer was called");
    descriptors().set(number, POLLOUT, std::move(function));
  }
  /// False if there was none. Afterwards the function is not called any more. Counterparts: loop.remove_reader,
  /// loop.remove_writer.
  bool remove_reader(int number) noexcept {
    insist_on_own_thread("loop::remove_reader was called");
    return descriptors_ != nullptr && descriptors_->remove(number, POLLIN);
  }
  bool remove_writer(int number) noexcept {
    insist_on_own_thread("loop::remove_writer was called");
    return descriptors_ != nullptr && descriptors_->remove(number, POLLOUT);
  }

  // ---- errors that nobody waits for

  /// Replaces the handler that prints one line to standard error. Counterpart: loop.set_exception_handler.
  void set_exception_handler(exception_handler handler) { exception_handler_ = std::move(handler); }
  void call_exception_handler(const exception_context& context) noexcept;

  /// Tells `owner`'s handler, or standard error if that loop is gone. On the thread of `owner`.
  static void report(loop& owner, const exception_context& context) noexcept;

  // ---- the mechanism, for operations

  /// Queues `node` for the next turn (for this one, from a backend or a timer).
  void schedule(ready_node& node) noexcept {
    if (monitor_ != nullptr) [[unlikely]] {
      monitor_->insist_on_own_thread("a task was woken");
      monitor_->scheduled(node);
    }
    ready_.push_back(node);
  }
  void schedule_all(ready_queue& nodes) noexcept {
    if (monitor_ != nullptr) [[unlikely]] {
      monitor_->insist_on_own_thread("a task was woken");
      monitor_->all_scheduled(nodes);
    }
    ready_.splice_back(nodes);
  }
  void schedule_at(timer_node& node, time_point when) {
    insist_on_own_thread("a timer was set");
    if (timers_.empty()) timers_.start_from(time());
    timers_.schedule(node, when);
  }

  /// Makes room, so that the next `schedule_at` cannot throw. Throws std::bad_alloc.
  void expect_timer() { timers_.reserve_one(); }

  /// Takes `node` out of the ready queue or the timers, wherever it is.
  void unschedule(timer_node& node) noexcept {
    if (node.is_scheduled())
      timers_.cancel(node);
    else if (node.is_linked())
      node.unlink();
  }

  /// Runs `node` when a turn finds nothing else to run and nothing to collect; before time moves on.
  void schedule_when_idle(ready_node& node) noexcept { when_idle_.push_back(node); }

  /// As `schedule`, from any thread.
  void post(ready_node& node) noexcept;

  /// As `call_soon_threadsafe`, but refused only by a closed loop: for what answers a call, and what bounds its calls itself.
  template <class Function>
  void post_call(Function function) {
    const caller inside(*this);
    post(*new detail::callback<Function>(*this, std::move(function), context::current().detached()));
  }

  /// A copy of the current context for a callback of `target`, which need not exist any more. It shares nothing with this
  /// thread unless `target` runs here, for another thread may run it.
  [[nodiscard]] static context context_for(const loop& target) {
    return detail::here.running == &target ? context::current() : context::current().detached();
  }

  /// From here on `call_soon_threadsafe` throws `loop_closed`: the end of a run begins.
  void refuse_calls() noexcept { refuses_calls_.store(true, std::memory_order_relaxed); }

  /// Runs one function on the loop's thread for each time that `notify` was called, at the start of a turn.
  /// `notify` may be called from a signal handler.
  void set_notification(std::move_only_function<void()> function) { notification_ = std::move(function); }
  void notify() noexcept;

  // ---- inside of another loop, which runs this one by `guest_run`

  /// Throws `invalid_state_error` if another loop cannot wait in this one's stead: its backend has no descriptor of its own, or
  /// its time is not the system's.
  void require_fit_for_guest();
  /// This thread runs the loop from here on: with `run_turns`, and in between not at all. Throws `invalid_state_error` as
  /// `run_forever` does.
  void begin_as_guest();
  /// Runs turns, without waiting, until nothing is ready: not more than so many, and no further one once `limit` has passed.
  void run_turns(unsigned most, duration limit);
  /// Nothing happens from here until `run_turns`; whoever brings something wakes the backend. Gives how long that may last:
  /// zero if something is left to do, nothing: for ever.
  [[nodiscard]] std::optional<duration> rest();
  void end_as_guest() noexcept;
  /// Whether `stop` was called since this was last asked.
  [[nodiscard]] bool take_stop() noexcept { return std::exchange(stopping_, false); }

  /// In debug mode, throws `invalid_state_error` on another thread than the one that runs the loop. `what` was done.
  void require_own_thread(const char* what) const {
    if (monitor_ != nullptr) [[unlikely]]
      monitor_->require_own_thread(what);
  }
  /// The same for what cannot throw: ends the program with one line.
  void insist_on_own_thread(const char* what) const noexcept {
    if (monitor_ != nullptr) [[unlikely]]
      monitor_->insist_on_own_thread(what);
  }
  /// Whom to tell what happens; null unless debug mode or an instrument is on.
  [[nodiscard]] detail::monitor* monitor() const noexcept { return monitor_; }
  /// The thread that runs the loop; null while none does.
  [[nodiscard]] const detail::thread_context* runs_on() const noexcept {
    return runs_on_.load(std::memory_order_relaxed);
  }

  /// A thread that is none of the loop's works for one of its tasks, and will `post`: as its own pool's threads do, it holds up
  /// virtual time and `close`. Begun on the loop's thread; ended where and when the loop is needed no more.
  void begin_foreign_work() noexcept { foreign_work_.fetch_add(1, std::memory_order_relaxed); }
  void end_foreign_work() noexcept { foreign_work_.fetch_sub(1, std::memory_order_release); }

  /// For those who wait for signals.
  [[nodiscard]] detail::signal_handlers& signals() {
    if (signals_ == nullptr) signals_ = std::make_unique<detail::signal_handlers>(*this);
    return *signals_;
  }

  [[nodiscard]] backend& io() noexcept { return *backend_; }
  [[nodiscard]] blocking_pool& blocking() noexcept { return blocking_; }
  [[nodiscard]] const loop_counters& counters() const noexcept { return counters_; }

  /// Tasks that are not done. Kept by `task_base`.
  [[nodiscard]] intrusive_list<loop_task, loop_task>& tasks() noexcept { return tasks_; }
  /// Async generators that have begun and not ended. Kept by `async_generator_frame`.
  [[nodiscard]] intrusive_list<loop_generator>& generators() noexcept { return generators_; }
  /// What tasks say that they do. Kept by `activity`.
  [[nodiscard]] intrusive_list<loop_activity, loop_activity>& activities() noexcept { return activities_; }
  [[nodiscard]] std::uint64_t next_task_number() noexcept { return ++tasks_made_; }
  /// Of a task that has ended.
  void add_steps(std::uint64_t steps) noexcept { counters_.steps += steps; }

 private:
  template <class>
  friend struct detail::process_layout;

  [[noreturn]] static void refuse_without_loop();
  [[noreturn]] static void refuse_closed();
  [[noreturn]] void refuse_call() const;
  /// A thread that calls `post_call`: `close` waits until it has, which is soon.
  class caller {
   public:
    explicit caller(loop& called) : called_(called) {
      called_.callers_.fetch_add(1, std::memory_order_seq_cst);
      if (!called_.closed_.load(std::memory_order_seq_cst)) [[likely]]
        return;
      leave();
      refuse_closed();
    }
    ~caller() { leave(); }
    caller(const caller&) = delete;

   private:
    void leave() noexcept { called_.callers_.fetch_sub(1, std::memory_order_release); }
    loop& called_;
  };
  void require_room() const {
    if (refuses_calls_.load(std::memory_order_relaxed) ||
        calls_waiting_.load(std::memory_order_relaxed) >= most_calls_from_threads_) [[unlikely]]
      refuse_call();
  }
  [[nodiscard]] detail::descriptor_callbacks& descriptors() {
    if (descriptors_ == nullptr) descriptors_ = std::make_unique<detail::descriptor_callbacks>(*this);
    return *descriptors_;
  }
  void require_open(const char* what) const {
    if (is_closed()) [[unlikely]]
      refuse_closed();
    require_own_thread(what);
  }
  [[nodiscard]] detail::monitor& made_monitor();
  void choose_monitor() noexcept;
  void choose_watchdog() noexcept;
  void require_resources_closed() noexcept;
  void report_pending_tasks() noexcept;
  void wait_for_foreign_work() noexcept;
  void wait_for_callers() noexcept;
  void drop_callbacks() noexcept;
  void wake_if_asleep() noexcept;
  void turn();
  [[nodiscard]] duration time_to_next_timer() noexcept;
  void collect();
  void collect_virtually();
  void collect_without_waiting();
  void require_not_running() const;
  [[nodiscard]] bool has_something_to_do() noexcept;
  enum class known_time : bool { old, new_ };
  void take_in(known_time last);
  time_point ask_time() noexcept { return last_time_ = time(); }
  void count_lag(time_point now) noexcept;
  [[nodiscard]] bool is_stuck() noexcept;
  void tell_deadlock() noexcept;
  void sleep_without_end();
  [[nodiscard]] bool may_skip_look() noexcept;
  void look();
  void sleep_up_to(std::optional<std::chrono::nanoseconds> limit);
  void run_batch() noexcept;
  void shuffle_batch() noexcept;

  ready_queue ready_;
  ready_queue batch_;  // what is left of the turn's batch
  ready_queue when_idle_;
  intrusive_list<loop_task, loop_task> tasks_;
  intrusive_list<loop_generator> generators_;
  intrusive_list<loop_activity, loop_activity> activities_;
  std::uint64_t tasks_made_ = 0;
  hocket::clock* clock_;
  random_source random_;
  const bool shuffle_;
  bool stopping_ = false;
  const bool report_deadlocks_;
  bool told_deadlock_ = false;
  detail::monitor* monitor_ = nullptr;  // `own_monitor_` while it is needed
  time_point last_time_{};
  time_point lag_from_{};
  std::atomic<bool> closed_{false};
  unsigned looks_to_skip_ = 0;
  time_point turn_time_{};
  std::uint64_t turn_of_turn_time_ = ~std::uint64_t{0};
  time_point last_look_{};
  time_point last_timer_sleep_{};
  unsigned short_sleeps_ = 0;
  inbox inbox_;
  std::atomic<unsigned> callers_{0};
  std::atomic<std::size_t> calls_waiting_{0};  // of other threads, in the inbox; a few more at most
  const std::size_t most_calls_from_threads_;
  std::atomic<bool> refuses_calls_{false};
  std::atomic<bool> asleep_{false};
  std::atomic<unsigned> notified_{0};
  std::atomic<std::size_t> foreign_work_{0};
  std::move_only_function<void()> notification_;
  exception_handler exception_handler_;
  loop_counters counters_;
  timer_queue timers_;  // large: what every turn looks at stands before it
  std::atomic<const detail::thread_context*> runs_on_{nullptr};
  std::optional<duration> watchdog_;
  duration slow_callback_duration_ = std::chrono::milliseconds(100);
  detail::living_loop living_{this};
  std::unique_ptr<detail::signal_handlers> signals_;           // once somebody wants one
  std::unique_ptr<detail::descriptor_callbacks> descriptors_;  // likewise
  std::unique_ptr<detail::monitor> own_monitor_;  // kept once it was made: it may be at work when it is turned off
  std::unique_ptr<backend> backend_;
  blocking_pool blocking_;  // last: its threads post to the loop until they have ended
};

}  // namespace hocket
