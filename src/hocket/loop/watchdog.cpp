// The loop writes the number of its turn, and 0 when it waits for the system; a thread looks at it four times in the time that a
// turn may take.
//
// Only a thread itself can walk its stack, so it is asked by a signal, and says in the handler where it stands and what its step
// is. That is SIGURG, as in Go: debuggers pass it on, and who has no handler for it ignores it. If somebody else has one, or blocks
// it, the report lacks the stack. The handler touches only what the interrupted thread owns: the step's task is held.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <hocket/base/demangled.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/process_counters.hpp>
#include <hocket/loop/signals_blocked.hpp>
#include <hocket/loop/watchdog.hpp>

namespace hocket::detail {

static constexpr auto between_reports = std::chrono::seconds(10);
static constexpr int asking = SIGURG;

static void on_signal(int) {
  const int before = errno;
  const loop* const here_runs = here.running;
  if (here_runs != nullptr && here_runs->monitor() != nullptr) here_runs->monitor()->answer_watchdog();
  errno = before;
}

static bool is_ours() noexcept {
  struct sigaction there{};
  return ::sigaction(asking, nullptr, &there) == 0 && there.sa_handler == &on_signal;
}

// Left in place, for a signal may come late.
static void install() noexcept {
  struct sigaction there{};
  if (::sigaction(asking, nullptr, &there) != 0 || there.sa_handler != SIG_DFL) return;
  struct sigaction mine{};
  mine.sa_handler = &on_signal;
  mine.sa_flags = SA_RESTART | SA_ONSTACK;  // a green thread may have little stack left
  ::sigemptyset(&mine.sa_mask);
  ::sigaction(asking, &mine, nullptr);
}

watchdog::watchdog(std::chrono::nanoseconds limit, stall_record& record)
    : detector_(limit), record_(record), process_(::getpid()), thread_of_loop_(::gettid()) {
  install();
  const signals_blocked blocked;
  thread_ = std::thread([this] { watch(); });
}

watchdog::~watchdog() {
  if (::getpid() != process_) {    // a child of fork(2), which has not got the thread
    std::construct_at(&thread_);   // its number may be that of another by now
    std::construct_at(&changed_);  // the end of the one that was there would wait for who waits for it
    return;
  }
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void watchdog::watch() {
  std::unique_lock guard(mutex_);
  while (!changed_.wait_for(guard, detector_.interval(), [this] { return stopping_; })) {
    guard.unlock();
    try {
      look();
    } catch (...) {
      std::fputs("hocket: a loop does not turn, and memory is lacking to tell more\n", stderr);
    }
    guard.lock();
  }
}

void watchdog::look() {
  const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
  const auto lasted = detector_.look(turn);
  if (!lasted) return;
  if (std::exchange(counted_turn_, turn) != turn) {
    record_.count.fetch_add(1, std::memory_order_relaxed);
    counters_of_process.stalls.fetch_add(1, std::memory_order_relaxed);
    ++record_.untold;
  }
  const auto now = std::chrono::steady_clock::now();
  if (record_.told_at && now - *record_.told_at < between_reports) return;
  if (!tell(turn, *lasted)) return;
  record_.told_at = now;
  record_.untold = 0;
}

bool watchdog::tell(std::uint64_t turn, std::chrono::nanoseconds lasted) {
  const answered known = ask(turn);
  if (known == answered::is_over) return false;
  std::string report = fmt::format("hocket: a turn of the loop has lasted {:.3f} s and goes on",
                                   std::chrono::duration<double>(lasted).count());
  if (record_.untold > 1)
    report += fmt::format(", {} others since the last report had lasted too long", record_.untold - 1);
  report += known == answered::yes
                ? describe_step()
                : "; what its thread does is not known, for that does not answer the signal SIGURG\n";
  std::fputs(report.c_str(), stderr);
  // Apart: names wait for the dynamic linker, which may be what the loop waits for.
  if (known == answered::yes) std::fputs(seen_.stack.text().c_str(), stderr);
  return true;
}

watchdog::answered watchdog::ask(std::uint64_t turn) {
  const bool still_answers = question_ == question::taken;  // an earlier question
  if (still_answers || !is_ours()) return answered::no;
  turn_asked_of_ = turn;
  question_ = question::asked;
  if (::tgkill(process_, thread_of_loop_, asking) != 0) return answered::no;
  std::unique_lock guard(mutex_);
  for (int n = 0; n < 1000; ++n) {
    if (question_ == question::over) return answered::is_over;
    if (question_ == question::answered) return answered::yes;
    if (changed_.wait_for(guard, std::chrono::milliseconds(1), [this] { return stopping_; })) return answered::is_over;
  }
  question expected = question::asked;
  question_.compare_exchange_strong(expected, question::none);
  return answered::no;
}

void watchdog::answer(const step& under_way) noexcept {
  question expected = question::asked;
  if (!question_.compare_exchange_strong(expected, question::taken)) return;
  if (turn_.load(std::memory_order_relaxed) != turn_asked_of_) {
    question_ = question::over;
    return;
  }
  seen_.is_task = under_way.task != nullptr;
  seen_.from = under_way.from;
  seen_.kind = under_way.kind;
  if (under_way.task != nullptr) {
    std::array<char, 32> room;
    const std::string_view name = under_way.task->name_in(room);
    seen_.name_size = std::min(name.size(), seen_.name.size());
    std::ranges::copy(name.substr(0, seen_.name_size), seen_.name.begin());
    seen_.made = under_way.task->made_at();
  }
  seen_.stack.take_interrupted();
  question_ = question::answered;
}

std::string watchdog::describe_step() const {
  std::string told = ": ";
  const auto place = [](const std::source_location& at) { return fmt::format("{}:{}", at.file_name(), at.line()); };
  if (seen_.is_task) {
    told += fmt::format("task '{}'", std::string_view(seen_.name.data(), seen_.name_size));
    told += seen_.from[0].line() == 0 ? " since its beginning" : " since it waited at ";
    for (std::size_t n = 0; n < seen_.from.size() && seen_.from[n].line() != 0; ++n)
      told += (n > 0 ? " < " : "") + place(seen_.from[n]);
    told += fmt::format(" (made at {})", place(seen_.made));
  } else if (seen_.kind != nullptr) {
    told += "callback " + demangled(*seen_.kind);
  } else {
    told += "the loop itself";
  }
  return told + ", use to_thread for what blocks; its thread is in\n";
}

}  // namespace hocket::detail
