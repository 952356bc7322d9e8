// The worker's side: reads a call, runs it, answers.
//
// With one call at a time the main thread does all of it, coroutines on a runner that is kept as long as the worker. With more, the
// main thread runs the loop and a second one reads, for this floor knows no sockets to wait for. Answers are sent blocking: the
// pool always reads.
//
// The end of the pool's process must end the worker, whatever it does: the kernel kills it then (PR_SET_PDEATHSIG, which means the
// pool's thread and is asked for after exec, so the parent is looked at once more).

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run.hpp>
#include <hocket/exec/detail/carried_exception.hpp>
#include <hocket/exec/detail/process_message.hpp>
#include <hocket/exec/detail/worker_process.hpp>
#include <hocket/exec/process_function.hpp>
#include <hocket/exec/process_worker.hpp>

namespace hocket {

namespace {

constexpr int exit_code_of_misuse = 70;  // EX_SOFTWARE

std::atomic<bool> line_was_there = false;

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "hocket: %s\n", why);
  _exit(exit_code_of_misuse);
}

// Nobody is left to work for, or a function has forked and this is the copy, whose answers nobody wants. Nothing of this process
// matters any more.
[[noreturn]] void leave_at_once() { _exit(0); }

void open_missing_standard_streams() {
  for (const int number : {STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(number, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_WRONLY) != number)
      leave_at_once();  // the lowest free number, since those below are open
}

bool is_pool_gone() {
  pollfd connection{.fd = detail::worker_socket, .events = POLLRDHUP, .revents = 0};
  return poll(&connection, 1, 0) == 1 && (connection.revents & (POLLRDHUP | POLLHUP)) != 0;
}

// Everything that must be so before the user's code runs.
void become_worker(const char* mark) {
  pid_t pool = 0;
  std::from_chars(mark, mark + std::strlen(mark), pool);
  unsetenv(detail::worker_mark);
  int kind = 0;
  socklen_t size = sizeof(kind);
  const bool is_socket = getsockopt(detail::worker_socket, SOL_SOCKET, SO_TYPE, &kind, &size) == 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!is_socket || getppid() != pool) {
    if (is_socket && is_pool_gone()) leave_at_once();
    give_up("HOCKET_PROCESS_WORKER is set in the environment, but no process pool started this process: unset it");
  }
  fcntl(detail::worker_socket, F_SETFD, FD_CLOEXEC);
  struct sigaction interrupt{};
  interrupt.sa_handler = [](int) {};  // not SIG_IGN, which the programs that a worker starts would inherit
  interrupt.sa_flags = SA_RESTART;
  sigaction(SIGINT, &interrupt, nullptr);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  open_missing_standard_streams();
}

/// What a worker does with the messages of its pool.
class worker {
 public:
  [[nodiscard]] bool set_up();
  void serve() {
    if (settings_.child_concurrency > 1)
      serve_many();
    else
      serve_one_by_one();
  }

 private:
  using message_kind = detail::message_kind;

  /// False at the end of input.
  [[nodiscard]] bool receive();
  void send(std::string message, message_kind kind, std::uint64_t job);
  void answer(std::uint64_t job, std::string message) { send(std::move(message), message_kind::value, job); }
  void answer_error(std::uint64_t job, const std::exception_ptr& error);

  [[nodiscard]] detail::requested_call call_in(std::string_view body) const;
  [[nodiscard]] std::string run(const detail::requested_call& call);
  void serve_one_by_one();
  void serve_many();
  [[nodiscard]] static coro<void> serve_on_loop(worker& self);
  [[nodiscard]] static coro<void> answer_when_ended(worker* self, std::uint64_t job, std::string body);
  [[nodiscard]] runner& own_runner() {
    if (!runner_) runner_.emplace(run_options{.handle_sigint = false});
    return *runner_;
  }

  const pid_t process_ = getpid();
  detail::worker_set_up settings_;
  detail::message_reader messages_{std::string().max_size()};
  std::optional<runner> runner_;
};

bool worker::receive() {
  if (getpid() != process_) leave_at_once();
  for (;;) {
    switch (messages_.receive(detail::worker_socket, 0)) {
      case detail::message_reader::status::message:
        return true;
      case detail::message_reader::status::closed:
        return false;
      case detail::message_reader::status::garbage:
        give_up("a worker process cannot read what its pool sent: is it of another build than the program?");
      case detail::message_reader::status::nothing:
        break;
    }
  }
}

bool worker::set_up() {
  if (!receive()) return false;
  const std::string_view body = messages_.body();
  if (messages_.kind() != message_kind::set_up || body.size() < sizeof(settings_))
    give_up("a worker process was not told its settings: is it of another build than the program?");
  std::memcpy(&settings_, body.data(), sizeof(settings_));
  prctl(PR_SET_NAME, fmt::format("hocket wkr {}", settings_.number).c_str());
  try {
    const std::string_view initializer = body.substr(sizeof(settings_));
    if (!initializer.empty()) static_cast<void>(run(call_in(initializer)));
  } catch (...) {
    answer_error(0, std::current_exception());
    return false;
  }
  send(detail::begin_message(), message_kind::ready, 0);
  return true;
}

void worker::send(std::string message, message_kind kind, std::uint64_t job) {
  if (getpid() != process_) leave_at_once();
  detail::seal(message, kind, job);
  std::size_t sent = 0;
  if (!detail::send_some(detail::worker_socket, message, sent, 0)) leave_at_once();
}

void worker::answer_error(std::uint64_t job, const std::exception_ptr& error) {
  std::string message = detail::begin_message();
  detail::append_exception(message, error);
  send(std::move(message), message_kind::error, job);
}

detail::requested_call worker::call_in(std::string_view body) const {
  const detail::requested_call call = detail::read_call(body);
  if (call.entry == nullptr)
    throw error(fmt::format("the worker process has no such function; was it loaded after the program had begun? {}",
                            call.signature));
  return call;
}

std::string worker::run(const detail::requested_call& call) {
  const std::size_t limit = settings_.max_message_bytes;
  if (!call.entry->is_coroutine()) return call.entry->call(call.arguments, limit);
  return own_runner().run(call.entry->start(std::string(call.arguments), limit));
}

void worker::serve_one_by_one() {
  while (receive()) {
    try {
      answer(messages_.job(), run(call_in(messages_.body())));
    } catch (...) {
      answer_error(messages_.job(), std::current_exception());
    }
  }
}

// ---- many at a time

void worker::serve_many() { own_runner().run(serve_on_loop(*this)); }

coro<void> worker::serve_on_loop(worker& self) {
  future<void> end_of_input;
  std::thread reader([&self, &end_of_input, &here = loop::running()] {
    while (self.receive())
      here.post_call([&self, job = self.messages_.job(), body = std::move(self.messages_.body())]() mutable {
        create_task(answer_when_ended(&self, job, std::move(body)));
      });
    here.post_call([&end_of_input] { end_of_input.set_result(); });
  });
  co_await end_of_input;  // which a pool sends when it has all its answers
  reader.join();
}

coro<void> worker::answer_when_ended(worker* self, std::uint64_t job, std::string body) {
  try {
    const detail::requested_call call = self->call_in(body);
    const std::size_t limit = self->settings_.max_message_bytes;
    self->answer(job, call.entry->is_coroutine() ? co_await call.entry->start(std::string(call.arguments), limit)
                                                 : call.entry->call(call.arguments, limit));
  } catch (...) {
    self->answer_error(job, std::current_exception());
  }
}

}  // namespace

void serve_if_worker() {
  line_was_there = true;
  const char* const mark = std::getenv(detail::worker_mark);
  if (mark == nullptr) return;
  become_worker(mark);
  {
    worker here;
    if (here.set_up()) here.serve();
  }
  std::exit(0);
}

void detail::require_worker_line() {
  if (line_was_there) return;
  if (std::getenv(detail::worker_mark) != nullptr)
    give_up(
        "a worker process came to make a pool of its own: main must call hocket::serve_if_worker() before any work");
  throw invalid_state_error(
      "main must call hocket::serve_if_worker() before any work in a program that uses a process pool");
}

}  // namespace hocket
