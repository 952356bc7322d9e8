// A worker as a child process.
//
// posix_spawn, for a fork of a program with threads may do almost nothing before exec. The child gets /dev/null, our standard
// output and error, and its end of the socket; everything else is closed, whether or not it was marked close-on-exec. Its signals
// have their default actions. SIGINT begins blocked, so that a Ctrl-C does not kill a worker that has not come to ignoring it.
//
// A pidfd tells of its end, so the program's own SIGCHLD handler, or its ignoring SIGCHLD, disturbs nothing: if somebody else has
// reaped the child, only how it ended stays unknown. Signals go through the pidfd too and never reach a stranger of the same id.

#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <hocket/exec/detail/worker_process.hpp>

namespace hocket::detail {

owned_descriptor::~owned_descriptor() {
  if (number_ >= 0) close(number_);
}

namespace {

void require(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

class file_actions {
 public:
  explicit file_actions(int child_end) {
    require(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    add(posix_spawn_file_actions_adddup2(&actions_, child_end, worker_socket));
    add(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    add(posix_spawn_file_actions_addclosefrom_np(&actions_, worker_socket + 1));
  }
  ~file_actions() { posix_spawn_file_actions_destroy(&actions_); }
  file_actions(const file_actions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  void add(int error) {
    if (error == 0) return;
    posix_spawn_file_actions_destroy(&actions_);
    require(error, "posix_spawn_file_actions");
  }

  posix_spawn_file_actions_t actions_;
};

class spawn_attributes {
 public:
  spawn_attributes() {
    require(posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~spawn_attributes() { posix_spawnattr_destroy(&attributes_); }
  spawn_attributes(const spawn_attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

std::vector<std::string> environment_of_workers() {
  const std::string mark = fmt::format("{}=", worker_mark);
  std::vector<std::string> variables;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each)
    if (!std::string_view(*each).starts_with(mark)) variables.emplace_back(*each);
  return variables;
}

worker_process worker_process::start(const std::string& executable, const std::vector<std::string>& environment,
                                     std::size_t number, std::size_t of) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), "a worker process could not be started: socketpair");
  owned_descriptor ours(ends[0]);
  const owned_descriptor theirs(ends[1]);

  std::string name =
      fmt::format("{}: hocket worker {} of {} (pid {})", program_invocation_short_name, number, of, getpid());
  std::string mark = fmt::format("{}={}", worker_mark, getpid());
  char* arguments[] = {name.data(), nullptr};
  std::vector<char*> variables{mark.data()};
  for (const std::string& each : environment) variables.push_back(const_cast<char*>(each.c_str()));  // exec only reads
  variables.push_back(nullptr);
  const file_actions actions(theirs.get());
  const spawn_attributes attributes;
  pid_t pid = -1;
  require(posix_spawn(&pid, executable.c_str(), actions.get(), attributes.get(), arguments, variables.data()),
          fmt::format("a worker process could not be started: {}", executable));
  owned_descriptor pidfd(pidfd_open(pid, 0));
  if (pidfd.get() < 0) {
    const int error = errno;  // ESRCH: it has ended, and the program ignores SIGCHLD
    if (error != ESRCH) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    require(error, "a worker process could not be watched: pidfd_open");
  }
  return worker_process(std::move(ours), std::move(pidfd), pid);
}

worker_process::~worker_process() {
  if (pidfd_.get() < 0) return;
  signal(SIGKILL);
  static_cast<void>(reap());
}

void worker_process::signal(int number) noexcept {
  if (pidfd_.get() >= 0) pidfd_send_signal(pidfd_.get(), number, nullptr, 0);
}

void worker_process::end_input() noexcept { shutdown(socket_.get(), SHUT_WR); }

std::string worker_process::reap() {
  siginfo_t how{};
  int outcome = 0;
  while ((outcome = waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &how, WEXITED)) != 0 && errno == EINTR) {
  }
  pidfd_ = owned_descriptor();
  if (outcome != 0) return "ended (how is unknown: the program reaps its children itself)";
  if (how.si_code == CLD_EXITED) return fmt::format("ended with exit code {}", how.si_status);
  const char* const signal_name = sigabbrev_np(how.si_status);
  return fmt::format("was killed by {}{}{}", signal_name != nullptr ? "SIG" : "signal ",
                     signal_name != nullptr ? signal_name : std::to_string(how.si_status),
                     how.si_code == CLD_DUMPED ? " (core dumped)" : "");
}

}  // namespace hocket::detail
