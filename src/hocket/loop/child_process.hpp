#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace hocket {

/// How a child begins.
struct child_process_options {
  /// The program, looked for in PATH (of `environment`, if there is one) unless it holds a slash, and its arguments.
  std::vector<std::string> command;
  /// Descriptors of this process that become the child's 0, 1 and 2. They stay this process's.
  std::array<int, 3> streams{0, 1, 2};
  /// Others that it gets, under their numbers. All the rest is closed in it.
  std::vector<int> pass_fds{};
  std::string cwd{};
  /// "name=value"; without it, this process's.
  std::optional<std::vector<std::string>> environment{};
  bool new_session = false;
  /// The process group that it joins; 0: one of its own.
  std::optional<pid_t> process_group{};
  /// What the kernel sends it when the *thread* that started it has ended; 0: nothing. PR_SET_PDEATHSIG
  int death_signal = 0;
};

/// A child of this process, by its pidfd: signals never reach a stranger of the same number, and nothing is known of SIGCHLD.
/// Of what others have started nothing is waited for.
class child_process {
 public:
  /// Starts it; blocks until the program runs. Throws std::system_error, which names the program or the directory, and
  /// std::invalid_argument.
  [[nodiscard]] static child_process start(const child_process_options& options);

  child_process(child_process&& other) noexcept : pidfd_(std::exchange(other.pidfd_, -1)), pid_(other.pid_) {}
  child_process& operator=(child_process&&) = delete;
  /// Only closes the pidfd.
  ~child_process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Readable once it has ended. Gives it away, to be closed by whoever asked.
  [[nodiscard]] int release_pidfd() noexcept { return std::exchange(pidfd_, -1); }

 private:
  child_process(int pidfd, pid_t pid) noexcept : pidfd_(pidfd), pid_(pid) {}

  int pidfd_;
  pid_t pid_;
};

enum class reaping : bool {
  last,  // it is no zombie afterwards
  peek,  // it stays one: its number, and that of its group, are nobody else's
};

struct child_end {
  enum class state : unsigned char {
    not_yet,  // it runs; or a debugger has it, which hears of its end first
    known,
    unknown,  // this program ignores SIGCHLD, or has reaped it by itself
  };
  state is = state::not_yet;
  int returncode = 0;  // its exit code, or the negated number of the signal that killed it
};

/// How the child of a pidfd has ended, if it has; does not wait.
[[nodiscard]] child_end reap_child(int pidfd, reaping how) noexcept;

/// pidfd_send_signal(2), without effect once it has ended: 0, or the errno.
int signal_child(int pidfd, int number) noexcept;

}  // namespace hocket
