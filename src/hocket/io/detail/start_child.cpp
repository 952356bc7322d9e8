// Pipes are made here and not by the backend, which would give the child an end that does not block.

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/task.hpp>
#include <hocket/io/detail/start_child.hpp>
#include <hocket/loop/child_process.hpp>

namespace hocket::detail {

namespace {

/// A pipe to or from the child: its end until it has begun, and ours.
struct child_pipe {
  io_handle of_child;
  io_handle ours;
};

// Where a process has no standard input, say, a pipe gets its number: a child that inherits that would inherit the pipe.
int above_standard_streams(int number) {
  if (number > STDERR_FILENO) return number;
  const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(number);
  if (moved < 0) throw std::system_error(error, std::system_category(), "cannot make a pipe to a child");
  return moved;
}

child_pipe pipe_to_child(bool is_input) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::system_category(), "cannot make a pipe to a child");
  for (int& end : ends) end = above_standard_streams(end);
  const int ours = ends[is_input ? 1 : 0];
  child_pipe made;
  try {
    made.of_child = io_handle(ends[is_input ? 0 : 1]);
  } catch (...) {
    ::close(ours);
    throw;
  }
  made.ours = io_handle(ours);
  return made;
}

io_handle open_devnull() {
  const int number = loop::running().io().open_now("/dev/null", O_RDWR, 0);
  if (number < 0) throw std::system_error(-number, std::system_category(), "cannot open /dev/null");
  return io_handle(number);
}

/// Arranges pipes and the rest, and starts.
class maker {
 public:
  explicit maker(std::vector<std::string> command, create_subprocess_options options) : options_(std::move(options)) {
    plan_.command = std::move(command);
    plan_.pass_fds = std::move(options_.pass_fds);
    plan_.cwd = std::move(options_.cwd);
    plan_.new_session = options_.start_new_session;
    plan_.process_group = options_.process_group;
    plan_.death_signal = options_.death_signal;
    if (options_.kill_group && !plan_.new_session) {
      if (plan_.process_group.value_or(0) != 0)
        throw std::invalid_argument("kill_group is for a process group of the child's own");
      plan_.process_group = 0;
    }
    if (!options_.env) return;
    plan_.environment.emplace();
    for (const auto& [name, value] : *options_.env) {
      if (name.contains('=')) throw std::invalid_argument("the name of an environment variable holds a '=': " + name);
      plan_.environment->push_back(name + "=" + value);
    }
  }

  [[nodiscard]] started_child make() {
    arrange(0, options_.stdin_);
    arrange(1, options_.stdout_);
    arrange(2, options_.stderr_);
    started_child made{.child = started(), .pipes = {}};
    for (std::size_t n = 0; n < ours_.size(); ++n)
      if (ours_[n].is_open()) made.pipes[n] = byte_stream(std::move(ours_[n]));
    return made;
  }

 private:
  void arrange(std::size_t number, subprocess::standard_stream to) {
    using enum subprocess::standard_stream::place;
    int& chosen = plan_.streams[number];
    switch (to.where()) {
      case inherited:
        break;
      case descriptor:
        if (to.number() < 0) throw std::invalid_argument("a standard stream of a child leads to a closed descriptor");
        chosen = to.number();
        break;
      case to_stdout:
        if (number != 2) throw std::invalid_argument("to_stdout is for standard error");
        chosen = plan_.streams[1];
        break;
      case devnull:
        of_child_[number] = open_devnull();
        chosen = of_child_[number].number();
        break;
      case pipe:
        auto [of_child, ours] = pipe_to_child(number == 0);
        of_child_[number] = std::move(of_child);
        ours_[number] = std::move(ours);
        chosen = of_child_[number].number();
        break;
    }
  }

  [[nodiscard]] owned_child started() {
    child_process child = child_process::start(plan_);
    const pid_t pid = child.pid();
    try {
      return watched(std::move(child));
    } catch (...) {  // for want of memory
      ::kill(pid, SIGKILL);
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      throw;
    }
  }

  [[nodiscard]] owned_child watched(child_process child) const {
    auto* made = new child_record(std::move(child), options_.kill_group);
    made->retain();
    owned_child owner{record_ref<child_record>(made)};
    const auto watching = create_task(child_record::watch(owner.record()),
                                      {.name = "child " + std::to_string(owner->pid()), .eager_start = true});
    if (watching.done()) watching.result();  // it throws what kept it from beginning
    return owner;
  }

  create_subprocess_options options_;
  child_process_options plan_;
  std::array<io_handle, 3> of_child_;
  std::array<io_handle, 3> ours_;
};

}  // namespace

started_child start_child(std::vector<std::string> command, create_subprocess_options options) {
  task_base& starting = task_base::require_current();
  if (starting.must_throw()) starting.throw_cancelled();
  return maker(std::move(command), std::move(options)).make();
}

std::vector<std::string> shell_line(std::string command) { return {"/bin/sh", "-c", std::move(command)}; }

}  // namespace hocket::detail
