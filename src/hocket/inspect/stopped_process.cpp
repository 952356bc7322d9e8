// Threads are asked to stop one after the other, then waited for; those that still ran may have made others meanwhile, so this
// is repeated until no new ones are found.

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/stopped_process.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {
namespace {

constexpr auto longest_wait = std::chrono::milliseconds(200);
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

stopped_process::stopped_process(pid_t process) : process_(process) {
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
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/task", process_), error);
  if (error) detail::refuse(process_, error.value());
  for (const auto& entry : all) {
    const std::string name = entry.path().filename().string();
    pid_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (number == 0 || std::ranges::find(threads_, number, &thread::number) != threads_.end()) continue;
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
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  for (auto at = threads_.begin(); at != threads_.end();) {
    int status = 0;
    const pid_t seen = at->stopped ? at->number : ::waitpid(at->number, &status, __WALL | WNOHANG);
    if (seen == 0) {
      if (std::chrono::steady_clock::now() > deadline)
        throw unreadable(unreadable::reason::unstoppable,
                         fmt::format("thread {} of process {} does not stop (it waits in the kernel, for a disk?): try "
                                     "again, or read it as it runs, with --no-stop",
                                     at->number, process_));
      std::this_thread::sleep_for(between_looks);
      continue;
    }
    if (seen < 0 && errno == EINTR) continue;
    if (seen < 0 || (!at->stopped && !WIFSTOPPED(status))) {  // it has ended
      at = threads_.erase(at);
      continue;
    }
    if (!at->stopped) {
      at->stopped = true;
      if (status >> 16 == 0) at->signal = WSTOPSIG(status);  // else it is no signal that it stopped for
    }
    ++at;
  }
}

void stopped_process::let_go() noexcept {
  for (thread& each : threads_) {
    if (!each.stopped) {  // only a stopped one can be let go
      int status = 0;
      if (::waitpid(each.number, &status, __WALL | WNOHANG) == each.number && WIFSTOPPED(status) && status >> 16 == 0)
        each.signal = WSTOPSIG(status);
    }
    each.stopped = trace(PTRACE_DETACH, each.number, each.signal) != 0;
  }
}

// A signal that was let through may have ended the process before the others were let go: these are ours to wait for, in any
// order, for the first of a process ends after all others.
void stopped_process::wait_for_ended() noexcept {
  std::erase_if(threads_, [](const thread& each) { return !each.stopped; });
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  while (!threads_.empty() && std::chrono::steady_clock::now() < deadline) {
    std::erase_if(threads_, [](const thread& each) { return ::waitpid(each.number, nullptr, __WALL | WNOHANG) != 0; });
    if (!threads_.empty()) std::this_thread::sleep_for(between_looks);
  }
  threads_.clear();
}

}  // namespace hocket::inspect
