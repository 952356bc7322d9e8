// Starting programs.
//
// As vfork: the child runs on this process's memory while this thread waits, so nothing is copied and an error is simply left
// where both see it. clone(2) rather than posix_spawn(3), which knows no PR_SET_PDEATHSIG, keeps no set of descriptors open, and
// gives the pidfd only afterwards, when somebody else may have reaped the child.
//
// The child makes system calls and nothing else, raw ones, for the sanitizers' stand-ins would note them as this process's. Until
// exec no signal may reach it, for its handler would run on this process's memory.

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/loop/child_process.hpp>

// clone(2) by the name that the thread sanitizer (LLVM 22) leaves alone: its stand-in takes the child for a copy by fork(2), and
// unmakes its own state, which is this process's.
extern "C" int __clone(int (*begin)(void*), void* stack, int flags, void* argument, ...) noexcept;

namespace hocket {
namespace {

enum class stage : unsigned char { setup, directory, program };

/// What the child needs, made before it begins.
struct child_plan {
  std::array<int, 3> streams{};
  const int* kept = nullptr;  // descriptors, sorted, none below 3
  std::size_t kept_count = 0;
  const char* cwd = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* const* candidates = nullptr;  // paths of the program, to a null
  bool new_session = false;
  bool joins_group = false;
  pid_t group = 0;
  int death_signal = 0;
  pid_t parent = 0;

  // The child's answer.
  stage failed_at = stage::setup;
  int error = 0;
};

// As the kernel has it, which begins with the handler on all machines; large enough for any.
struct kernel_sigaction {
  unsigned long words[8];
};
constexpr std::size_t kernel_sigset_bytes = 8;

#define HOCKET_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

// Handlers are this process's. What is ignored stays so in the new program (nohup), but for what runtimes ignore for themselves.
HOCKET_IN_CHILD void reset_signals() {
  kernel_sigaction action;
  for (int number = 1; number <= 64; ++number) {
    if (::syscall(SYS_rt_sigaction, number, nullptr, &action, kernel_sigset_bytes) != 0) continue;
    const bool is_ignored = action.words[0] == 1;
    if (action.words[0] == 0 || (is_ignored && number != SIGPIPE && number != SIGXFSZ)) continue;
    for (unsigned long& word : action.words) word = 0;
    ::syscall(SYS_rt_sigaction, number, &action, nullptr, kernel_sigset_bytes);
  }
  const unsigned long none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kernel_sigset_bytes);
}

HOCKET_IN_CHILD bool arrange_descriptors(child_plan& plan) {
  for (int number = 0; number < 3; ++number) {
    int& source = plan.streams[static_cast<std::size_t>(number)];
    if (source == number || source > 2) continue;
    source = static_cast<int>(::syscall(SYS_fcntl, source, F_DUPFD_CLOEXEC, 3));  // before another takes its place
    if (source < 0) return false;
  }
  for (int number = 0; number < 3; ++number) {
    const int source = plan.streams[static_cast<std::size_t>(number)];
    if (source == number)
      ::syscall(SYS_fcntl, number, F_SETFD, 0);  // closed, it stays so
    else if (::syscall(SYS_dup3, source, number, 0) < 0)
      return false;
  }
  unsigned next = 3;
  for (std::size_t n = 0; n < plan.kept_count; ++n) {
    const auto kept = static_cast<unsigned>(plan.kept[n]);
    if (kept > next && ::syscall(SYS_close_range, next, kept - 1, 0) < 0) return false;
    if (::syscall(SYS_fcntl, kept, F_SETFD, 0) < 0) return false;
    next = kept + 1;
  }
  return ::syscall(SYS_close_range, next, UINT_MAX, 0) == 0;
}

HOCKET_IN_CHILD bool arrange_process(const child_plan& plan) {
  if (plan.new_session && ::syscall(SYS_setsid) < 0) return false;
  if (plan.joins_group && ::syscall(SYS_setpgid, 0, plan.group) < 0) return false;
  if (plan.death_signal == 0) return true;
  if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, plan.death_signal, 0, 0, 0) < 0) return false;
  if (::syscall(SYS_getppid) != plan.parent) ::syscall(SYS_exit_group, 127);  // it has ended before
  return true;
}

// As execvp: on to the next directory where the program is not there or not to be run; and then the most telling error.
HOCKET_IN_CHILD int run_program(const child_plan& plan) {
  int telling = ENOENT;
  for (const char* const* each = plan.candidates; *each != nullptr; ++each) {
    ::syscall(SYS_execve, *each, plan.arguments, plan.environment);
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
    if (errno == EACCES) telling = EACCES;
  }
  return telling;
}

HOCKET_IN_CHILD int child_main(void* given) {
  auto& plan = *static_cast<child_plan*>(given);
  reset_signals();
  if (!arrange_process(plan) || !arrange_descriptors(plan)) {
    plan.error = errno;
  } else if (plan.cwd != nullptr && ::syscall(SYS_chdir, plan.cwd) < 0) {
    plan.failed_at = stage::directory;
    plan.error = errno;
  } else {
    const int error = run_program(plan);
    plan.failed_at = stage::program;
    plan.error = error;
  }
  ::syscall(SYS_exit_group, 127);
  return 127;
}

#undef HOCKET_IN_CHILD

void require_text(const std::string& text, const char* what) {
  if (text.find('\0') != text.npos) throw std::invalid_argument(fmt::format("{} of a program holds a zero byte", what));
}

void require_valid(const child_process_options& options) {
  if (options.command.empty() || options.command.front().empty())
    throw std::invalid_argument("there is no program to run: the command is empty");
  for (const std::string& each : options.command) require_text(each, "an argument");
  require_text(options.cwd, "the working directory");
  if (options.environment)
    for (const std::string& each : *options.environment) {
      require_text(each, "the environment");
      if (each.find('=') == each.npos || each.front() == '=')
        throw std::invalid_argument(fmt::format("an environment variable must be name=value, not '{}'", each));
    }
  for (const int number : options.pass_fds) {
    if (number < 3)
      throw std::invalid_argument(fmt::format("descriptor {} is no other than the standard ones", number));
    if (::fcntl(number, F_GETFD) < 0)
      throw std::system_error(errno, std::system_category(), fmt::format("cannot pass on descriptor {}", number));
  }
}

std::string search_path(const child_process_options& options) {
  constexpr std::string_view otherwise = "/usr/local/bin:/usr/bin:/bin";
  if (options.environment) {
    for (const std::string& each : *options.environment)
      if (each.starts_with("PATH=")) return each.substr(5);
    return std::string(otherwise);
  }
  const char* const set = std::getenv("PATH");
  return set != nullptr ? set : std::string(otherwise);
}

std::vector<std::string> candidates_for(const child_process_options& options) {
  const std::string& program = options.command.front();
  if (program.contains('/')) return {program};
  std::vector<std::string> found;
  const std::string path = search_path(options);
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string directory = path.substr(begin, end - begin);
    found.push_back(directory.empty() ? program : directory + "/" + program);
    begin = end + 1;
  }
  return found;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& each : texts) pointers.push_back(const_cast<char*>(each.c_str()));  // exec only reads
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void fail(int error, const child_process_options& options, stage at) {
  std::string what = fmt::format("cannot run '{}'", options.command.front());
  if (at == stage::directory) what += fmt::format(" in the directory '{}'", options.cwd);
  throw std::system_error(error, std::system_category(), what);
}

int wait_id(int pidfd, siginfo_t& end, int options) noexcept {
  int outcome = 0;
  do outcome = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &end, options);
  while (outcome != 0 && errno == EINTR);
  return outcome;
}

// Of one that could not begin, and ends at once.
void wait_for_end(int pidfd) noexcept {
  siginfo_t end{};
  static_cast<void>(wait_id(pidfd, end, WEXITED));
}

}  // namespace

child_process::~child_process() {
  if (pidfd_ >= 0) ::close(pidfd_);
}

child_process child_process::start(const child_process_options& options) {
  require_valid(options);
  const std::vector<std::string> paths = candidates_for(options);
  const std::vector<char*> candidates = pointers_to(paths);
  const std::vector<char*> arguments = pointers_to(options.command);
  const std::vector<char*> variables = options.environment ? pointers_to(*options.environment) : std::vector<char*>();
  std::vector<int> kept = options.pass_fds;
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  child_plan plan;
  plan.streams = options.streams;
  plan.kept = kept.data();
  plan.kept_count = kept.size();
  plan.cwd = options.cwd.empty() ? nullptr : options.cwd.c_str();
  plan.arguments = arguments.data();
  plan.environment = options.environment ? variables.data() : environ;
  plan.candidates = candidates.data();
  plan.new_session = options.new_session;
  plan.joins_group = options.process_group.has_value();
  plan.group = options.process_group.value_or(0);
  plan.death_signal = options.death_signal;
  plan.parent = ::getpid();

  alignas(64) char stack[16 * 1024];  // this thread's own is waiting
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const pid_t pid =
      ::__clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
  const int refused = pid < 0 ? errno : 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (refused != 0) fail(refused, options, stage::setup);
  child_process started(pidfd, pid);
  if (plan.error == 0) return started;
  wait_for_end(pidfd);
  fail(plan.error, options, plan.failed_at);
}

child_end reap_child(int pidfd, reaping how) noexcept {
  siginfo_t end{};
  const int options = WEXITED | WNOHANG | (how == reaping::peek ? WNOWAIT : 0);
  if (wait_id(pidfd, end, options) != 0) return {.is = child_end::state::unknown};
  if (end.si_pid == 0) return {};
  return {.is = child_end::state::known, .returncode = end.si_code == CLD_EXITED ? end.si_status : -end.si_status};
}

int signal_child(int pidfd, int number) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0 ? 0 : errno;
}

}  // namespace hocket
