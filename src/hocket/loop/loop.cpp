// The event loop.
//
// A turn: collect (completions, the inbox, due timers), then run the batch that is queued by then. The batch is a list of its
// own, so that whatever it schedules lands behind the line. Only an empty ready queue lets the loop wait in the kernel.
//
// A look at the backend that found nothing costs about 250 ns, which is more than most turns: after one, up to 64 looks are
// skipped for as long as they take less than 100 us together. Never under a virtual clock, which must be exact.

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/probe.hpp>
#include <hocket/loop/call_in_next_run.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/loop_made.hpp>
#include <hocket/loop/print_problem.hpp>

namespace hocket {

constinit thread_local detail::thread_context detail::here{};

static constexpr unsigned most_skipped_looks = 64;
static constexpr unsigned turns_between_clock_readings = 16;
// A sleep in the kernel costs more than a hundred timers, so the loop sleeps until a multiple of `timer_slack`, which is about
// as late as Linux is by itself (PR_SET_TIMERSLACK: 50 us), and of `crowd_slack` while many timers keep waking it
// (docs/decisions/0011).
static constexpr duration timer_slack = std::chrono::microseconds(64);
static constexpr duration crowd_slack = std::chrono::milliseconds(1);
static constexpr std::size_t crowd = 64;
static constexpr unsigned crowd_after = 8;
static constexpr auto skipping_is_fine_for = std::chrono::microseconds(100);
static constexpr auto patience_with_threads = std::chrono::seconds(1);

constinit detail::living_loops detail::loops;
constinit detail::told_of_loop detail::loop_made = nullptr;

void detail::living_loops::add(living_loop& born) noexcept {
  const std::lock_guard guard(mutex_);
  alive_.push_back(born);
}

void detail::living_loops::remove(living_loop& gone) noexcept {
  const std::lock_guard guard(mutex_);
  gone.unlink();
}

bool detail::living_loops::has(const loop& wanted) noexcept {
  const std::lock_guard guard(mutex_);
  bool found = false;
  alive_.for_each([&](const living_loop& each) { found |= each.self == &wanted; });
  return found;
}

static bool is_on_in_environment(const char* variable) noexcept {
  const char* wanted = std::getenv(variable);
  return wanted != nullptr && *wanted != '\0' && std::string_view(wanted) != "0";
}

static std::optional<duration> watchdog_wanted() {
  const char* const wanted = std::getenv("HOCKET_WATCHDOG");
  if (wanted == nullptr || *wanted == '\0') return std::nullopt;
  const char* const end = wanted + std::strlen(wanted);
  double seconds = 0;
  const auto [read_to, problem] = std::from_chars(wanted, end, seconds);
  if (problem != std::errc() || read_to != end || !(seconds >= 0))
    throw error(fmt::format("HOCKET_WATCHDOG is '{}'; it must be a number of seconds, 0 for none", wanted));
  return delay(std::chrono::duration<double>(seconds));
}

namespace {

/// The numbers of standard streams that the process has not got, held while the loop opens what it needs: the program would take that
/// for the streams.
class missing_standard_streams {
 public:
  missing_standard_streams() noexcept {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
      if (::fcntl(number, F_GETFD) < 0) held_[number] = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
  ~missing_standard_streams() {
    for (const int number : held_)
      if (number >= 0) ::close(number);
  }
  missing_standard_streams(const missing_standard_streams&) = delete;

 private:
  int held_[3] = {-1, -1, -1};
};

}  // namespace

static std::unique_ptr<backend> made_backend(loop& owner, const loop_options& options) {
  const missing_standard_streams held;
  if (!options.make_backend) return make_backend(owner, options.backend);
  auto made = options.make_backend(owner);
  if (made == nullptr) throw invalid_state_error("loop_options::make_backend gave no backend");
  return made;
}

loop::loop(loop_options options)
    : clock_(options.clock),
      random_(options.seed ? *options.seed : random_source::unforeseeable_seed()),
      shuffle_(options.shuffle),
      report_deadlocks_(options.report_deadlocks || is_on_in_environment("HOCKET_DEADLOCKS")),
      most_calls_from_threads_(options.most_calls_from_threads),
      backend_(made_backend(*this, options)) {
  ask_time();
  if (const auto limit = options.watchdog ? options.watchdog : watchdog_wanted()) set_watchdog(*limit);
  set_debug(options.debug || is_on_in_environment("HOCKET_DEBUG"));
  if (detail::loop_made != nullptr) detail::loop_made(*this);
  detail::loops.add(living_);
}

loop::~loop() {
  close();
  drop_callbacks();  // that other threads left since
}

void loop::close() noexcept {
  HOCKET_ASSERT(!is_running(), "a loop was closed or destroyed while running");
  refuse_calls();
  if (closed_.exchange(true)) return;
  wait_for_callers();
  if (descriptors_ != nullptr) descriptors_->clear();
  if (backend_->in_flight() > 0) backend_->drain();
  descriptors_.reset();
  blocking_.finish();
  wait_for_foreign_work();
  if (tasks_.empty()) require_resources_closed();
  report_pending_tasks();
  detail::loops.remove(living_);
  leave_behind();
  if (backend_->open_descriptors() == 0)
    backend_.reset();
  else
    static_cast<void>(backend_.release());  // for the sockets of whoever is left behind
}

// Seldom long, for whoever awaits such work waits for it: what is left is a thread that has posted and not returned yet.
void loop::wait_for_foreign_work() noexcept {
  while (foreign_work_.load(std::memory_order_acquire) > 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
}

// Each has seen that the loop is closed, or is about to leave something in the inbox.
void loop::wait_for_callers() noexcept {
  while (callers_.load(std::memory_order_seq_cst) > 0) std::this_thread::yield();
}

void loop::leave_behind() noexcept {
  refuse_calls();
  closed_ = true;
  wait_for_callers();
  if (signals_ != nullptr) signals_->clear();
  if (descriptors_ != nullptr) descriptors_->clear();
  tasks_.for_each([](loop_task& each) { each.leave_behind(); });
  while (!generators_.empty()) generators_.pop_front();
  while (!activities_.empty()) activities_.pop_front();
  drop_callbacks();
}

void loop::require_resources_closed() noexcept {
  if (backend_->open_descriptors() > 0) backend_->report_open_descriptors();
  HOCKET_ASSERT(backend_->open_descriptors() == 0, "a loop was closed while a socket or file of it was open");
}

void loop::report_pending_tasks() noexcept {
  tasks_.for_each([this](loop_task& each) {
    try {
      call_exception_handler(each.pending_report());
    } catch (...) {
      std::fputs("hocket: a task was pending when its loop was closed\n", stderr);
    }
  });
}

// Callbacks that never ran go one by one, for each may cancel others; what else is queued belongs to somebody.
void loop::drop_callbacks() noexcept {
  const auto drop = [](ready_node& node) {
    if (auto* record = dynamic_cast<detail::callback_record*>(&node)) record->abandon();
  };
  do {
    inbox_.drain_to(ready_);
    while (!ready_.empty()) drop(ready_.pop_front());
    while (!timers_.empty()) drop(timers_.pop());
  } while (!inbox_.empty());  // until nobody is left who would post
}

void loop::refuse_closed() { throw loop_closed("the event loop is closed"); }

void loop::refuse_call() const {
  if (is_closed()) refuse_closed();
  if (refuses_calls_) throw loop_closed("the event loop is shutting down");
  throw loop_full(
      fmt::format("the event loop has not come to {} calls of other threads yet: await some, or raise "
                  "loop_options::most_calls_from_threads",
                  most_calls_from_threads_));
}

void loop::refuse_without_loop() { throw invalid_state_error("no event loop is running on this thread"); }

void loop::require_not_running() const {
  if (detail::here.running != nullptr) throw invalid_state_error("this thread is running an event loop already");
  if (runs_on() == &detail::here) throw invalid_state_error("this event loop is inside of another one, which runs it");
  if (is_running()) throw invalid_state_error("another thread is running the event loop");
}

void loop::run_forever() {
  require_open("run_forever was called");
  require_not_running();
  struct scope {
    loop& run;
    detail::thread_context before = detail::here;
    ~scope() {
      run.runs_on_ = nullptr;
      run.choose_watchdog();
      detail::here = before;
    }
  } outside{.run = *this};
  runs_on_ = &detail::here;
  detail::here = {.running = this, .observer = outside.before.observer};
  choose_watchdog();
  take_calls_for_next_run(*this);
  lag_from_ = ask_time();
  do turn();
  while (!stopping_);
  stopping_ = false;
}

// Inlined although it is large: it has one caller, who calls it for every turn.
[[gnu::always_inline]] inline void loop::turn() {
  ++counters_.turns;
  if (clock_ == nullptr)
    collect();
  else
    collect_virtually();
  run_batch();
}

void loop::collect() {
  known_time last = known_time::new_;
  if (!ready_.empty() || stopping_) {
    if (may_skip_look())
      last = known_time::old;
    else
      look();
  } else if (!when_idle_.empty()) {
    backend_->collect(std::chrono::nanoseconds(0));
    last = known_time::old;
  } else if (timers_.empty()) {
    sleep_without_end();
  } else {
    const duration limit = time_to_next_timer();
    count_lag(last_time_);
    sleep_up_to(limit);
  }
  take_in(last);
  if (ready_.empty()) ready_.splice_back(when_idle_);
}

duration loop::time_to_next_timer() noexcept {
  const time_point now = ask_time();
  const time_point next = timers_.time_to_look(now);
  if (next <= now) return duration::zero();
  const bool soon_again = now - std::exchange(last_timer_sleep_, now) < 2 * crowd_slack;
  short_sleeps_ = soon_again ? short_sleeps_ + 1 : 0;
  const bool crowded = timers_.size() > crowd && short_sleeps_ > crowd_after;
  const duration slack = crowded ? crowd_slack : timer_slack;
  const duration late = slack - (next.time_since_epoch() % slack);
  return next - now > duration::max() - late ? duration::max() : next - now + late;
}

// What does not come through the backend.
void loop::take_in(known_time last) {
  if (!inbox_.empty()) {
    ready_queue taken;
    inbox_.drain_to(taken);
    if (monitor_ != nullptr) [[unlikely]]
      monitor_->all_scheduled(taken);
    ready_.splice_back(taken);
    calls_waiting_.store(0, std::memory_order_relaxed);  // last: whoever counts after this has yet to push
  }
  if (notified_.load(std::memory_order_relaxed) != 0)
    for (unsigned n = notified_.exchange(0); n > 0; --n)
      if (notification_) notification_();
  if (timers_.empty()) return;
  if (last == known_time::old) ask_time();
  timers_.collect_due(last_time_, ready_);
}

// Time stands still while anything can happen without it: callbacks, threads of the pool, I/O within the clock's patience.
void loop::collect_virtually() {
  const bool busy = !ready_.empty() || stopping_;
  const std::size_t jobs = blocking_.pending() + foreign_work_.load(std::memory_order_acquire);
  if (busy || !when_idle_.empty())
    backend_->collect(std::chrono::nanoseconds(0));
  else if (timers_.empty())
    sleep_without_end();
  else
    sleep_up_to(clock_->patience(backend_->in_flight() > 0 || jobs > 0));
  take_in(known_time::old);
  if (!ready_.empty() || busy) return;
  ready_.splice_back(when_idle_);
  if (!ready_.empty() || jobs > 0 || timers_.empty()) return;
  clock_->advance_to(timers_.next_deadline());
  ask_time();
  timers_.collect_due(last_time_, ready_);
}

void loop::collect_without_waiting() {
  known_time last = known_time::new_;
  if (ready_.empty() || !may_skip_look())
    look();
  else
    last = known_time::old;
  take_in(last);
  if (ready_.empty()) ready_.splice_back(when_idle_);
}

void loop::require_fit_for_guest() {
  if (clock_ != nullptr) throw invalid_state_error("a loop inside of another one keeps real time, not that of a clock");
  if (backend_->poll_number() < 0)
    throw invalid_state_error(fmt::format(
        "a loop on the backend '{}' cannot be inside of another one, which must have a descriptor to poll: use "
        "'epoll' or 'io_uring' (HOCKET_BACKEND)",
        backend_->name()));
}

static constinit thread_local unsigned guests_here = 0;

bool loop::needs_this_thread() noexcept { return detail::here.running != nullptr || guests_here > 0; }

void loop::begin_as_guest() {
  require_open("begin_as_guest was called");
  require_not_running();
  static_cast<void>(made_monitor());
  runs_on_ = &detail::here;
  ++guests_here;
  choose_watchdog();
}

void loop::run_turns(unsigned most, duration limit) {
  if (detail::here.running != nullptr) throw invalid_state_error("this thread is running an event loop already");
  HOCKET_ASSERT(runs_on() == &detail::here,
                "a loop inside of another one was run on another thread than the one that began it");
  struct scope {
    detail::thread_context before = detail::here;
    ~scope() { detail::here = before; }
  } outside;
  detail::here = {.running = this, .observer = outside.before.observer};
  take_calls_for_next_run(*this);
  own_monitor_->set_at_rest(false);
  choose_monitor();
  asleep_.store(false, std::memory_order_seq_cst);
  lag_from_ = ask_time();
  const time_point end = last_time_ + limit;
  for (unsigned n = 0; n < most; ++n) {
    ++counters_.turns;
    collect_without_waiting();
    if (ready_.empty()) return;
    run_batch();
    if (stopping_ || time() >= end) return;
  }
}

// As `sleep_up_to`: announce that nobody runs this, then look once more. What is to be handed to the kernel must not wait either.
std::optional<duration> loop::rest() {
  for (int n = 0; n < 4 && backend_->wants_collect(); ++n) backend_->collect(std::chrono::nanoseconds(0));
  looks_to_skip_ = 0;
  asleep_.store(true, std::memory_order_seq_cst);
  own_monitor_->set_at_rest(true);
  choose_monitor();
  if (has_something_to_do()) return duration::zero();
  if (timers_.empty()) return std::nullopt;
  return time_to_next_timer();
}

bool loop::has_something_to_do() noexcept {
  return !ready_.empty() || !when_idle_.empty() || stopping_ || !inbox_.empty() ||
         notified_.load(std::memory_order_seq_cst) != 0 || backend_->wants_collect();
}

void loop::end_as_guest() noexcept {
  asleep_.store(false, std::memory_order_seq_cst);
  own_monitor_->set_at_rest(false);
  runs_on_ = nullptr;
  choose_watchdog();
  --guests_here;
  stopping_ = false;
}

bool loop::may_skip_look() noexcept {
  if (looks_to_skip_ == 0 || backend_->wants_collect()) return false;
  --looks_to_skip_;
  const bool ask_the_clock = looks_to_skip_ % turns_between_clock_readings == 0;
  return !ask_the_clock || time() - last_look_ < skipping_is_fine_for;
}

void loop::look() {
  ++counters_.looks;
  const std::uint64_t before = backend_->completed();
  backend_->collect(std::chrono::nanoseconds(0));
  const time_point now = ask_time();
  const bool in_vain = backend_->completed() == before;
  looks_to_skip_ = in_vain && now - last_look_ < skipping_is_fine_for ? most_skipped_looks : 0;
  last_look_ = now;
  count_lag(now);
  lag_from_ = now;
}

void loop::count_lag(time_point now) noexcept {
  if (clock_ != nullptr) return;
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - lag_from_).count();
  const auto place =
      static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0))));
  ++counters_.lag[std::min(place, counters_.lag.size() - 1)];
}

[[gnu::cold, gnu::noinline]] static void collect_and_tell(backend& from, std::optional<std::chrono::nanoseconds> limit,
                                                          detail::monitor& told) {
  told.before_io_wait(limit);
  from.collect(limit);
  told.after_io_wait(limit);
}

// The order matters: announce that we sleep, then look at the inbox once more. Whoever posts does it the other way round.
void loop::sleep_up_to(std::optional<std::chrono::nanoseconds> limit) {
  ++counters_.looks;
  looks_to_skip_ = 0;
  struct awake_again {
    std::atomic<bool>& asleep;
    ~awake_again() { asleep.store(false, std::memory_order_seq_cst); }
  } at_the_end{asleep_};
  asleep_.store(true, std::memory_order_seq_cst);
  const bool something = !inbox_.empty() || notified_.load(std::memory_order_seq_cst) != 0;
  if (something) limit = std::chrono::nanoseconds(0);
  HOCKET_PROBE(wait_begin, this, limit ? limit->count() : -1);
  if (monitor_ != nullptr) [[unlikely]]
    collect_and_tell(*backend_, limit, *monitor_);
  else
    backend_->collect(limit);
  HOCKET_PROBE(wait_end, this);
  lag_from_ = ask_time();
}

// Nothing that was asked of the system, of the pool, of another thread or of a signal can answer any more.
bool loop::is_stuck() noexcept {
  return (report_deadlocks_ || debug()) && !tasks_.empty() && backend_->in_flight() == 0 && blocking_.pending() == 0 &&
         foreign_work_.load(std::memory_order_acquire) == 0 && (signals_ == nullptr || !signals_->is_wanted());
}

void loop::tell_deadlock() noexcept {
  try {
    call_exception_handler(tasks_.front().deadlock_report());
  } catch (...) {
    std::fputs("hocket: nothing can happen any more in this loop, and memory is lacking to tell more\n", stderr);
  }
}

// Another thread may be about to call, as it does all the time: it has a second for it, and nothing is told twice in a row.
void loop::sleep_without_end() {
  count_lag(ask_time());
  if (!is_stuck()) [[likely]]
    return sleep_up_to(std::nullopt);
  if (!told_deadlock_) sleep_up_to(patience_with_threads);
  if (!has_something_to_do() && !std::exchange(told_deadlock_, true)) tell_deadlock();
  if (!has_something_to_do()) sleep_up_to(std::nullopt);
  if (has_something_to_do()) told_deadlock_ = false;
}

void loop::run_batch() noexcept {
  HOCKET_PROBE(batch_begin, this);
  batch_.splice_back(ready_);
  if (shuffle_) [[unlikely]]
    shuffle_batch();
  while (!batch_.empty()) {
    ready_node& node = batch_.pop_front();
    if (monitor_ != nullptr) [[unlikely]]
      monitor_->run(node);
    else
      node.run();
    detail::here.task = nullptr;
    detail::here.variables = nullptr;
  }
  HOCKET_PROBE(batch_end, this);
}

// Sorts the nodes by keys drawn at random, one bit a pass, and so needs no memory. With twice as many bits as it takes to
// count the nodes, and eight more, two nodes seldom have the same key and stay in order.
void loop::shuffle_batch() noexcept {
  for (int bits = 2 * static_cast<int>(std::bit_width(batch_.count())) + 8; bits > 0; --bits) {
    ready_queue zeros;
    ready_queue ones;
    while (!batch_.empty()) (random_() >> 63 == 0 ? zeros : ones).push_back(batch_.pop_front());
    batch_.splice_back(zeros);
    batch_.splice_back(ones);
  }
}

detail::monitor& loop::made_monitor() {
  if (own_monitor_ == nullptr) own_monitor_ = std::make_unique<detail::monitor>(*this);
  return *own_monitor_;
}

void loop::choose_monitor() noexcept { monitor_ = own_monitor_->is_needed() ? own_monitor_.get() : nullptr; }

// In debug mode or not: the thread that runs the loop uses its monitor and its watchdog without a lock.
static void require_thread_of(const loop& changed, const char* what) {
  const detail::thread_context* const home = changed.runs_on();
  if (home != nullptr && home != &detail::here) detail::monitor::refuse_thread(what);
}

void loop::set_debug(bool on) {
  require_thread_of(*this, "loop::set_debug was called");
  if (on == debug()) return;
  made_monitor().set_debug(on);
  choose_monitor();
  choose_watchdog();
}

void loop::set_watchdog(delay limit) {
  require_thread_of(*this, "loop::set_watchdog was called");
  static_cast<void>(made_monitor());
  watchdog_ = limit;
  choose_watchdog();
}

void loop::choose_watchdog() noexcept {
  if (own_monitor_ == nullptr) return;
  own_monitor_->choose_watchdog();
  choose_monitor();
}

void loop::add_instrument(instrument& added) {
  made_monitor().add(added);
  choose_monitor();
}

void loop::remove_instrument(instrument& removed) noexcept {
  if (own_monitor_ == nullptr) return;
  own_monitor_->remove(removed);
  choose_monitor();
}

// One wake-up a sleep: who comes after that finds nobody asleep.
void loop::wake_if_asleep() noexcept {
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst)) backend_->wake();
}

void loop::post(ready_node& node) noexcept {
  inbox_.push(node);
  wake_if_asleep();
}

void loop::notify() noexcept {
  notified_.fetch_add(1, std::memory_order_seq_cst);
  wake_if_asleep();
}

static std::string describe(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

void print_problem(const exception_context& context) noexcept {
  try {
    std::string line = "hocket: " + context.message;
    if (context.exception) line += ": " + describe(context.exception);
    if (context.where.line() != 0)
      line += fmt::format(" (made at {}:{})", context.where.file_name(), context.where.line());
    fmt::print(stderr, "{}\n", line);
  } catch (...) {
    std::fputs("hocket: an error could not be reported\n", stderr);
  }
}

void loop::call_exception_handler(const exception_context& context) noexcept {
  if (!exception_handler_) return print_problem(context);
  try {
    exception_handler_(context);
  } catch (...) {
    std::fputs("hocket: the exception handler threw\n", stderr);
  }
}

void loop::report(loop& owner, const exception_context& context) noexcept {
  if (detail::here.running == &owner || detail::loops.has(owner)) return owner.call_exception_handler(context);
  print_problem(context);
}

namespace detail {

void callback_record::cancel() noexcept {
  if (cancelled_) return;
  loop_.insist_on_own_thread("handle::cancel was called");
  cancelled_ = true;
  if (!is_linked() && !is_scheduled()) return;  // it runs right now, or has
  loop_.unschedule(*this);
  drop_function();
  release();
}

void report_callback_error(loop& where, std::exception_ptr error) noexcept {
  try {
    where.call_exception_handler({.message = "a callback threw", .exception = std::move(error)});
  } catch (...) {
    std::fputs("hocket: a callback threw, and memory is lacking to tell more\n", stderr);
  }
}

}  // namespace detail
}  // namespace hocket
