// A child is watched by a task of its own, which waits for its pidfd and reaps it; whoever waits, waits for that task. It is deaf to
// cancellation, for a run that ends must not leave a zombie: it ends because the owners of children are cancelled, and kill them.
//
// Pipes are made here and not by the backend, which would give the child an end that does not block.

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/io/detail/as_outcome.hpp>
#include <hocket/io/detail/child_record.hpp>
#include <hocket/io/subprocess.hpp>

namespace hocket {

using detail::child_record;
using detail::stream_connection;
using detail::stream_ref;

namespace subprocess {

process::process(record_ref<child_record> record) noexcept : record_(std::move(record)) {}
process::process(process&&) noexcept = default;

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    let_go();
    record_ = std::move(other.record_);
    has_group_ = other.has_group_;
    stdin_ = std::move(other.stdin_);
    out_ = std::move(other.out_);
    err_ = std::move(other.err_);
    stdout_ = std::move(other.stdout_);
    stderr_ = std::move(other.stderr_);
  }
  return *this;
}

process::~process() { let_go(); }

void process::let_go() noexcept {
  if (!record_) return;
  record_->let_go();
  if (stdin_) stdin_->abort();  // also what is being sent after `close`, which a grandchild may never read
  if (out_) out_->lose(nullptr);
  if (err_) err_->lose(nullptr);
}

pid_t process::pid() const noexcept { return record_->pid(); }
std::optional<int> process::returncode() const noexcept { return record_->returncode(); }

template <class Stream>
static Stream& require_pipe(std::optional<Stream>& stream, const char* name) {
  if (!stream) throw invalid_state_error(std::string("the child's ") + name + " is no pipe");
  return *stream;
}

stream_writer& process::stdin() { return require_pipe(stdin_, "standard input"); }
stream_reader& process::stdout() { return require_pipe(stdout_, "standard output"); }
stream_reader& process::stderr() { return require_pipe(stderr_, "standard error"); }

coro<int> process::wait() { return child_record::wait(record_); }

void process::send_signal(int number) noexcept { record_->signal(number); }
void process::terminate() noexcept { send_signal(SIGTERM); }
void process::kill() noexcept { send_signal(SIGKILL); }

void process::send_signal_to_group(int number) {
  if (!has_group_) throw invalid_state_error("the child has no process group to be killed: ask for kill_group");
  record_->signal_group(number);
}

// ---- communicate

static coro<void> feed(stream_writer& to, std::string input) {
  if (!input.empty()) to.write(std::move(input));
  to.close();
  try {
    co_await to.wait_closed();
  } catch (const std::system_error& failed) {
    const auto& why = failed.code();
    if (why != std::errc::broken_pipe && why != std::errc::connection_reset) throw;  // it wanted no more
  }
}

// The bytes stay in the reader until all have come, so that a cancellation loses none.
static coro<void> read_up_to_limit(stream_ref from, std::size_t limit) {
  const stream_connection::reading reads(*from);
  from->raise_error();
  while (from->buffered().size() <= limit && !from->has_ended()) {
    const buffer piece = from->received(co_await detail::as_outcome(from->stream().receive()));
    from->append(piece.text());
  }
  if (from->buffered().size() > limit) throw limit_overrun_error("a child has written more than the limit", limit);
}

static std::string taken_from(const stream_ref& output) {
  return output ? output->take(output->buffered().size()) : std::string();
}

coro<outputs> process::communicate(std::string input, communicate_options options) {
  if (!input.empty() && !stdin_)
    throw invalid_state_error("there is input for a child whose standard input is no pipe");
  try {
    co_await with_task_group([&](task_group& all) -> coro<void> {
      if (stdin_) all.create_task(feed(*stdin_, std::move(input)));
      if (out_) all.create_task(read_up_to_limit(out_, options.limit));
      if (err_) all.create_task(read_up_to_limit(err_, options.limit));
      co_return;
    });
  } catch (const exception_group& failed) {
    std::rethrow_exception(failed.errors().front());
  }
  co_await wait();
  outputs written{.out = taken_from(out_), .err = taken_from(err_)};
  for (const stream_ref& ended : {out_, err_})
    if (ended) ended->lose(nullptr);
  co_return written;
}

// ---- starting

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

}  // namespace

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

  [[nodiscard]] process make() {
    arrange(0, options_.stdin_);
    arrange(1, options_.stdout_);
    arrange(2, options_.stderr_);
    process made = started();
    made.has_group_ = options_.kill_group;
    if (auto& in = ours_[0]; in.is_open()) made.stdin_.emplace(connection_of(in));
    if (auto& out = ours_[1]; out.is_open()) made.stdout_.emplace(made.out_ = connection_of(out));
    if (auto& err = ours_[2]; err.is_open()) made.stderr_.emplace(made.err_ = connection_of(err));
    return made;
  }

 private:
  void arrange(std::size_t number, standard_stream to) {
    using enum standard_stream::place;
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

  [[nodiscard]] process started() {
    child_process child = child_process::start(plan_);
    const pid_t pid = child.pid();
    try {
      return watched(std::move(child));
    } catch (...) {  // for want of memory
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      throw;
    }
  }

  [[nodiscard]] process watched(child_process child) const {
    auto* made = new child_record(std::move(child), options_.kill_group);
    made->retain();
    process owner{record_ref<child_record>(made)};
    const auto watching = create_task(child_record::watch(owner.record_),
                                      {.name = "child " + std::to_string(owner.pid()), .eager_start = true});
    if (watching.done()) watching.result();  // it throws what kept it from beginning
    return owner;
  }

  [[nodiscard]] stream_ref connection_of(io_handle& end) const {
    return detail::make_stream_connection(byte_stream(std::move(end)), options_.limit);
  }

  create_subprocess_options options_;
  child_process_options plan_;
  std::array<io_handle, 3> of_child_;
  std::array<io_handle, 3> ours_;
};

}  // namespace subprocess

coro<subprocess::process> create_subprocess_exec(std::vector<std::string> command, create_subprocess_options options) {
  task_base& starting = task_base::require_current();
  if (starting.must_throw()) starting.throw_cancelled();
  co_return subprocess::maker(std::move(command), std::move(options)).make();
}

coro<subprocess::process> create_subprocess_shell(std::string command, create_subprocess_options options) {
  std::vector<std::string> line{"/bin/sh", "-c", std::move(command)};
  co_return co_await create_subprocess_exec(std::move(line), std::move(options));
}

}  // namespace hocket
