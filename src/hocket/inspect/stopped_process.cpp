// Threads are asked to stop one after the other, then waited for; those that still ran may have made others meanwhile, so this
// is repeated until no new ones are found. A program had better be read as it runs than stand still for long: who does not stop soon after
// the first one did is not waited for.

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <hocket/inspect/detail/numbers_in.hpp>
#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/stopped_process.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {
namespace {

constexpr auto longest_end = std::chrono::milliseconds(200);
constexpr auto between_looks = std::chrono::microseconds(20);

long trace(int request, pid_t thread, int data) noexcept {
  return ::ptrace(static_cast<__ptrace_request>(request), thread, nullptr,
                  reinterpret_cast<void*>(std::intptr_t{data}));
}

pid_t tracer_of(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  constexpr std::string_view key = "TracerPid:\t";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return static_cast<pid_t>(std::atol(line.c_str() + key.size()));
  return 0;
}

}  // namespace

stopped_process::stopped_process(pid_t process, const stop_limits& limits)
    : process_(process), limits_(limits), give_up_at_(std::chrono::steady_clock::now() + limits.until_first) {
  try {
    while (seize_new_threads()) wait_for_threads();
    if (threads_.empty()) detail::refuse_gone(process_);
  } catch (...) {
    let_go();
    throw;
  }
}

stopped_process::~stopped_process() {
  let_go();
  wait_for_ended();
}

bool stopped_process::seize_new_threads() {
  bool found = false;
  std::error_code error;
  const std::vector<pid_t> all = detail::numbers_in(fmt::format("/proc/{}/task", process_), error);
  if (error) detail::refuse(process_, error.value());
  for (const pid_t number : all) {
    if (std::ranges::find(threads_, number, &thread::number) != threads_.end()) continue;
    threads_.reserve(threads_.size() + 1);
    if (trace(PTRACE_SEIZE, number, 0) != 0) {
      if (errno == ESRCH || (errno == EPERM && detail::is_zombie(number))) continue;  // it ends
      if (const pid_t tracer = tracer_of(process_); tracer != 0)
        throw unreadable(unreadable::reason::traced,
                         fmt::format("process {} is traced by process {} (a debugger?): end that first, or read it as "
                                     "it runs, with --no-stop",
                                     process_, tracer));
      detail::refuse_permission(process_);
    }
    threads_.push_back({.number = number});
    trace(PTRACE_INTERRUPT, number, 0);
    found = true;
  }
  return found;
}

void stopped_process::wait_for_threads() {
  while (true) {
    for (auto at = threads_.begin(); at != threads_.end();) at = is_there(*at) ? at + 1 : threads_.erase(at);
    const auto runs = std::ranges::find(threads_, false, &thread::stopped);
    if (runs == threads_.end()) return;
    if (std::chrono::steady_clock::now() > give_up_at_)
      throw unreadable(unreadable::reason::unstoppable,
                       fmt::format("thread {} of process {} does not stop soon (it waits in the kernel, for a disk, or "
                                   "for a processor?): try again, or read it as it runs, with --no-stop",
                                   runs->number, process_));
    std::this_thread::sleep_for(between_looks);
  }
}

// False if it has ended. Notes that it has stopped.
bool stopped_process::is_there(thread& waited_for) {
  if (waited_for.stopped) return true;
  int status = 0;
  const pid_t seen = ::waitpid(waited_for.number, &status, __WALL | WNOHANG);
  if (seen == 0 || (seen < 0 && errno == EINTR)) return true;
  if (seen < 0 || !WIFSTOPPED(status)) return false;
  waited_for.stopped = true;
  if (status >> 16 == 0) waited_for.signal = WSTOPSIG(status);  // else it is no signal that it stopped for
  if (!std::exchange(has_stopped_one_, true)) give_up_at_ = std::chrono::steady_clock::now() + limits_.standing;
  return true;
}

void stopped_process::let_go() noexcept {
  for (thread& each : threads_) {
    if (!each.stopped) {  // only a stopped one can be let go
      int status = 0;
      if (::waitpid(each.number, &status, __WALL | WNOHANG) == each.number && WIFSTOPPED(status) && status >> 16 == 0)
        each.signal = WSTOPSIG(status);
    }
    each.let_go = trace(PTRACE_DETACH, each.number, each.signal) == 0;
  }
}

// A signal that was let through may have ended the process before the others were let go: these are ours to wait for, in any
// order, for the first of a process ends after all others.
void stopped_process::wait_for_ended() noexcept {
  std::erase_if(threads_, [](const thread& each) { return each.let_go; });
  const auto deadline = std::chrono::steady_clock::now() + longest_end;
  while (!threads_.empty() && std::chrono::steady_clock::now() < deadline) {
    std::erase_if(threads_, [](const thread& each) { return ::waitpid(each.number, nullptr, __WALL | WNOHANG) != 0; });
    if (!threads_.empty()) std::this_thread::sleep_for(between_looks);
  }
  threads_.clear();
}

}  // namespace hocket::inspect
