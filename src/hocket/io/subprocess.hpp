#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <hocket/core/coro.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/io/detail/child_record.hpp>
#include <hocket/io/detail/stream_connection.hpp>
#include <hocket/io/stream_reader.hpp>
#include <hocket/io/stream_writer.hpp>

namespace hocket {

struct create_subprocess_options;

namespace detail {
struct started_child;
}

namespace subprocess {

/// Where a standard stream of a child leads: to a descriptor of this process, which stays this process's, or to one of those below.
class standard_stream {
 public:
  enum class place : unsigned char {
    inherited,
    pipe,
    devnull,
    to_stdout,
    descriptor,
  };

  constexpr standard_stream() noexcept = default;
  constexpr standard_stream(int descriptor) noexcept  // NOLINT: a number stands for itself
      : number_(descriptor), place_(place::descriptor) {}
  constexpr explicit standard_stream(place where) noexcept : place_(where) {}

  [[nodiscard]] constexpr place where() const noexcept { return place_; }
  [[nodiscard]] constexpr int number() const noexcept { return number_; }

 private:
  int number_ = -1;
  place place_ = place::inherited;
};

/// Where this process's own leads; the default.
inline constexpr standard_stream inherit{standard_stream::place::inherited};
/// To this program: `process::stdin`, `stdout`, `stderr`. Counterpart: asyncio.subprocess.PIPE.
inline constexpr standard_stream pipe{standard_stream::place::pipe};
/// Nowhere. Counterpart: asyncio.subprocess.DEVNULL.
inline constexpr standard_stream devnull{standard_stream::place::devnull};
/// Of standard error: where standard output leads. Counterpart: asyncio.subprocess.STDOUT.
inline constexpr standard_stream to_stdout{standard_stream::place::to_stdout};

struct communicate_options {
  /// The most bytes of standard output, and of standard error, that are taken in.
  std::size_t limit = 64 * 1024 * 1024;
};

/// What a child has written; empty where there is no pipe.
struct outputs {
  std::string out;
  std::string err;
};

/// A child process. `create_subprocess_exec` and `create_subprocess_shell` make it.
///
/// It is reaped as soon as it ends, whether or not anybody waits; SIGCHLD is neither used nor needed, and nothing is waited for that
/// others have started. A child whose object is destroyed before it has ended is killed (SIGKILL), and then reaped while the program
/// goes on; a run does not end before that. So a cancelled task that owns one leaves nothing behind.
///
/// Belongs to its loop, which it must not outlive. Must outlive those who await `communicate`. Counterpart: asyncio.subprocess.Process.
class process {
 public:
  /// Of a child that has been started so.
  process(detail::started_child started, const create_subprocess_options& options);
  process(process&&) noexcept;
  process& operator=(process&&) noexcept;
  ~process();

  [[nodiscard]] pid_t pid() const noexcept;
  /// Nothing until it has ended; then its exit code, or the negated number of the signal that killed it. 255 if that cannot be
  /// known, because the program ignores SIGCHLD or reaped the child by itself.
  [[nodiscard]] std::optional<int> returncode() const noexcept;

  /// Those that were asked for as a `pipe`; of others, throw `invalid_state_error`.
  [[nodiscard]] stream_writer& stdin();
  [[nodiscard]] stream_reader& stdout();
  [[nodiscard]] stream_reader& stderr();

  /// Waits for its end and gives the return code; it goes on if the wait is cancelled. A child that fills a pipe which nobody reads
  /// does not end: then `communicate`. Any number of tasks may wait. Throws `cancelled`.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<int> wait();

  /// Writes `input` to its standard input and closes that, reads its outputs to their end, and waits for its end. That it reads
  /// less than it is given is no error. Under `wait_for` this has a time-out; after that, as after any cancellation, the
  /// child goes on, and the next call continues without losing a byte. Outputs end when nobody has them open any more,
  /// grandchildren too: see `kill_group`.
  /// Throws `limit_overrun_error` if it writes more than the limit, `invalid_state_error` of input without a pipe, `cancelled`.
  [[nodiscard]] coro<outputs> communicate(std::string input = {}, communicate_options options = {});

  /// Without effect once it has ended. The signal cannot reach anybody else.
  void send_signal(int number) noexcept;
  /// SIGTERM, SIGKILL.
  void terminate() noexcept;
  void kill() noexcept;
  /// The same for its whole process group, also after its own end. Throws `invalid_state_error` without `kill_group`.
  void send_signal_to_group(int number);

 private:
  void let_go() noexcept;

  detail::owned_child child_;
  bool has_group_ = false;
  std::optional<stream_writer> stdin_;
  detail::stream_ref out_;
  detail::stream_ref err_;
  std::optional<stream_reader> stdout_;
  std::optional<stream_reader> stderr_;
};

}  // namespace subprocess

struct create_subprocess_options {
  subprocess::standard_stream stdin_{};
  subprocess::standard_stream stdout_{};
  subprocess::standard_stream stderr_{};
  /// Where it begins; empty: here. A program that is named by a relative path is looked for there.
  std::string cwd{};
  /// Its whole environment; without it, this process's. PATH of it is where programs are looked for.
  std::optional<std::map<std::string, std::string>> env{};
  /// Descriptors above 2 that it gets, under their numbers; everything else is closed in it.
  std::vector<int> pass_fds{};
  /// setsid(2): without a terminal, and in a group of its own.
  bool start_new_session = false;
  /// The process group that it joins; 0: one of its own.
  std::optional<pid_t> process_group{};
  /// It leads a group of its own, and whatever is left in that is killed when the process object is destroyed: what it started, too.
  bool kill_group = false;
  /// What the kernel sends it when the thread of this loop ends, even if this process is killed: SIGKILL, SIGTERM; 0: nothing.
  /// Without it a child outlives a parent that is killed. PR_SET_PDEATHSIG
  int death_signal = 0;
  /// Of its stream readers.
  std::size_t limit = default_stream_limit;
};

/// Starts a program: its name, looked for in PATH unless it holds a slash, and its arguments.
///
///     auto child = co_await create_subprocess_exec({"sort", "-n"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
///     auto [out, err] = co_await child.communicate("3\n1\n2\n");
///
/// The child gets no descriptor but those that are named, no blocked signal, and the default action of each that this program handles.
/// The loop waits until the program runs (a millisecond, say), so errors are thrown here: std::system_error, whose text names the
/// program or the directory, std::invalid_argument. Throws `cancelled` before it starts anything.
/// Counterpart: asyncio.create_subprocess_exec.
[[nodiscard]] coro<subprocess::process> create_subprocess_exec(std::vector<std::string> command,
                                                               create_subprocess_options options = {});

/// The same for a command line of the shell, `/bin/sh -c`. Counterpart: asyncio.create_subprocess_shell.
[[nodiscard]] coro<subprocess::process> create_subprocess_shell(std::string command,
                                                                create_subprocess_options options = {});

}  // namespace hocket
