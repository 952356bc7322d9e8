// A child is watched by a task of its own, which waits for its pidfd and reaps it; whoever waits, waits for that task. It is deaf to
// cancellation, for a run that ends must not leave a zombie: it ends because the owners of children are cancelled, and kill them.

#include <csignal>
#include <system_error>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/io/detail/as_outcome.hpp>
#include <hocket/io/detail/start_child.hpp>
#include <hocket/io/subprocess.hpp>

namespace hocket {

using detail::child_record;
using detail::stream_connection;
using detail::stream_ref;

namespace subprocess {

process::process(detail::started_child started, const create_subprocess_options& options)
    : child_(std::move(started.child)), has_group_(options.kill_group) {
  const auto connect = [&](byte_stream& pipe) {
    return detail::make_stream_connection(std::move(pipe), options.limit);
  };
  auto& [in, out, err] = started.pipes;
  if (in.is_open()) stdin_.emplace(connect(in));
  if (out.is_open()) stdout_.emplace(out_ = connect(out));
  if (err.is_open()) stderr_.emplace(err_ = connect(err));
}
process::process(process&&) noexcept = default;

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    let_go();
    child_ = std::move(other.child_);
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
  if (!child_) return;
  child_.let_go();
  if (stdin_) stdin_->abort();  // also what is being sent after `close`, which a grandchild may never read
  if (out_) out_->lose(nullptr);
  if (err_) err_->lose(nullptr);
}

pid_t process::pid() const noexcept { return child_->pid(); }
std::optional<int> process::returncode() const noexcept { return child_->returncode(); }

template <class Stream>
static Stream& require_pipe(std::optional<Stream>& stream, const char* name) {
  if (!stream) throw invalid_state_error(std::string("the child's ") + name + " is no pipe");
  return *stream;
}

stream_writer& process::stdin() { return require_pipe(stdin_, "standard input"); }
stream_reader& process::stdout() { return require_pipe(stdout_, "standard output"); }
stream_reader& process::stderr() { return require_pipe(stderr_, "standard error"); }

coro<int> process::wait() { return child_record::wait(child_.record()); }

void process::send_signal(int number) noexcept { child_->signal(number); }
void process::terminate() noexcept { send_signal(SIGTERM); }
void process::kill() noexcept { send_signal(SIGKILL); }

void process::send_signal_to_group(int number) {
  if (!has_group_) throw invalid_state_error("the child has no process group to be killed: ask for kill_group");
  child_->signal_group(number);
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

}  // namespace subprocess

coro<subprocess::process> create_subprocess_exec(std::vector<std::string> command, create_subprocess_options options) {
  detail::started_child started = detail::start_child(std::move(command), options);
  co_return subprocess::process(std::move(started), options);
}

coro<subprocess::process> create_subprocess_shell(std::string command, create_subprocess_options options) {
  co_return co_await create_subprocess_exec(detail::shell_line(std::move(command)), std::move(options));
}

}  // namespace hocket
