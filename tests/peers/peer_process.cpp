// Programs of others as child processes.
//
// posix_spawn, in a process group of its own. The three standard streams are socket pairs: a stream of hocket at this end, and at
// the child's an ordinary blocking descriptor, whose buffer a few hundred short writes fill: so a task takes what comes. A pidfd tells of the end; the process is
// reaped only by the destructor, after its group was killed, so that no signal can ever reach a stranger.

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <peers/peer_process.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::testing {
namespace {

void require(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

pid_t start(const std::string& path, std::vector<std::string>& command, const std::array<int, 3>& streams) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int number = 0; number < 3; ++number)
    posix_spawn_file_actions_adddup2(&actions, streams[static_cast<std::size_t>(number)], number);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);

  std::vector<char*> arguments;
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  pid_t process = -1;
  const int error = ::posix_spawn(&process, path.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  require(error, "cannot start " + path);
  return process;
}

coro<peer_outcome> run_to_end(peer_process& program, std::string input, bool end_of_input) {
  program.in().write(std::move(input));
  if (end_of_input) program.in().write_eof();
  auto [out, err] = co_await wait_for(gather(program.out().read(), program.err().read()), patience);
  co_return peer_outcome{co_await program.ended(), std::move(out), std::move(err)};
}

}  // namespace

/// Socket pairs: the child's ends, and ours as streams.
struct peer_process::standard_streams {
  class one {
   public:
    one() : one(make_pair()) {}
    ~one() { ::close(of_child); }
    one(const one&) = delete;
    one& operator=(const one&) = delete;

    int of_child;
    byte_stream ours;

   private:
    explicit one(std::array<int, 2> ends) : of_child(ends[1]), ours(io_handle(ends[0])) {}
    static std::array<int, 2> make_pair() {
      std::array<int, 2> ends{};
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) require(errno, "socketpair");
      return ends;
    }
  };

  one in;
  one out;
  one err;
};

std::optional<std::string> find_program(const std::string& name) {
  if (name.contains('/')) return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* const set = std::getenv("PATH");
  const std::string path = (set != nullptr ? std::string(set) : "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string found = path.substr(begin, end - begin) + "/" + name;
    if (::access(found.c_str(), X_OK) == 0) return found;
    begin = end + 1;
  }
  return std::nullopt;
}

void skip_for_want_of(const std::string& program) {
  GTEST_SKIP() << "SKIPPED: " << program << " is not installed (scripts/setup peers); nothing of this test ran";
}

struct peer_output::state {
  std::string unread;
  bool ended = false;
  event changed;
};

peer_output::peer_output(byte_stream from)
    : state_(std::make_shared<state>()), collecting_(create_task(collect(state_, std::move(from)))) {}

coro<void> peer_output::collect(std::shared_ptr<state> into, byte_stream from) {
  while (const buffer piece = co_await from.receive()) {
    into->unread += piece.text();
    into->changed.set();
  }
  into->ended = true;
  into->changed.set();
}

coro<std::string> peer_output::readline() {
  std::size_t end = 0;
  while ((end = state_->unread.find('\n')) == std::string::npos && !state_->ended) {
    state_->changed.clear();
    co_await state_->changed.wait();
  }
  std::string line = state_->unread.substr(0, end == std::string::npos ? end : end + 1);
  state_->unread.erase(0, line.size());
  co_return line;
}

coro<std::string> peer_output::read() {
  while (!state_->ended) {
    state_->changed.clear();
    co_await state_->changed.wait();
  }
  co_return std::exchange(state_->unread, {});
}

peer_process::peer_process(std::vector<std::string> command) : peer_process(std::move(command), standard_streams()) {}

peer_process::peer_process(std::vector<std::string> command, standard_streams&& streams)
    : name_(command.at(0)),
      in_(open_connection(std::move(streams.in.ours))),
      out_(std::move(streams.out.ours)),
      err_(std::move(streams.err.ours)) {
  auto path = find_program(name_);
  if (!path) throw std::runtime_error(name_ + " is not installed");
  // The destructor does not run if the tests crash or are killed.
  if (auto with_us = find_program("setpriv")) {
    command[0] = *path;
    command.insert(command.begin(), {"setpriv", "--pdeathsig", "KILL", "--"});
    path = std::move(with_us);
  }
  process_ = start(*path, command, {streams.in.of_child, streams.out.of_child, streams.err.of_child});
}

peer_process::~peer_process() {
  kill();
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void peer_process::kill() noexcept { ::kill(-process_, SIGKILL); }

coro<std::string> peer_process::line_of(peer_output& output, std::string part) {
  const auto look = [&]() -> coro<std::string> {
    std::string before;
    for (;;) {
      std::string line = co_await output.readline();
      if (line.empty()) throw std::runtime_error(fmt::format("{} never said '{}', but:\n{}", name_, part, before));
      if (line.contains(part)) co_return line;
      before += line;
    }
  };
  co_return co_await wait_for(look(), patience);
}

coro<void> peer_process::accepts_at(socket_address where) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!co_await as_expected(tcp_socket::connect(where))) {
    siginfo_t end{};
    if (::waitid(P_PID, static_cast<id_t>(process_), &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid != 0)
      throw std::runtime_error(fmt::format("{} has ended: {}", name_, co_await err_.read()));
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(fmt::format("{} does not accept connections at {}", name_, where.to_string()));
    co_await sleep(std::chrono::milliseconds(5));
  }
}

coro<int> peer_process::ended() {
  co_return co_await to_thread([process = process_, name = name_] {
    const int end = ::pidfd_open(process, 0);
    if (end < 0) require(errno, "pidfd_open");
    pollfd until{.fd = end, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&until, 1, std::chrono::milliseconds(patience).count());
    ::close(end);
    if (ready != 1) throw std::runtime_error(name + " does not end");
    siginfo_t how{};
    if (::waitid(P_PID, static_cast<id_t>(process), &how, WEXITED | WNOWAIT) != 0) require(errno, "waitid");
    return how.si_code == CLD_EXITED ? how.si_status : 128 + how.si_status;
  });
}

coro<peer_outcome> run_peer(std::vector<std::string> command, std::string input) {
  peer_process program(std::move(command));
  co_return co_await run_to_end(program, std::move(input), true);
}

coro<peer_outcome> run_peer_with_open_input(std::vector<std::string> command, std::string input) {
  peer_process program(std::move(command));
  co_return co_await run_to_end(program, std::move(input), false);
}

reserved_port::reserved_port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (::setsockopt(socket_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 || ::bind(socket_, where, size) != 0 ||
      ::getsockname(socket_, where, &size) != 0)
    require(errno, "cannot reserve a port");
  number_ = ntohs(address.sin_port);
}

reserved_port::~reserved_port() { ::close(socket_); }

std::uint16_t port_at_end_of(std::string_view line) {
  const std::size_t end = line.find_last_of("0123456789") + 1;
  const std::size_t begin = line.find_last_not_of("0123456789", end - 1) + 1;
  std::uint16_t port = 0;
  std::from_chars(line.data() + begin, line.data() + end, port);
  return port;
}

}  // namespace hocket::testing
