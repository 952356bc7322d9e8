// A process opens a file and hands the open descriptor to another one, which reads the file without knowing its name.
// Run: fd_passing FILE
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/io/unix_socket.hpp>

#include "program.hpp"

hocket::coro<void> open_and_hand_over(int socket_number, const std::string& path) {
  hocket::unix_socket worker{hocket::io_handle(socket_number)};
  const auto file = co_await hocket::as_expected(hocket::file::open(path));
  if (!file) throw std::system_error(file.error(), path);
  const std::array descriptors{file->number()};
  co_await worker.send_descriptors("count", descriptors);  // at least one byte goes with them
  const auto answer = co_await worker.receive();
  if (!answer) throw std::runtime_error("the worker is gone");
  fmt::print("{}: {}\n", path, answer.text());
}

hocket::coro<void> receive_and_count(int socket_number) {
  hocket::unix_socket parent{hocket::io_handle(socket_number)};
  std::array<char, 16> request;
  auto message = co_await parent.receive_descriptors(request, 1);
  if (message.descriptors.empty()) co_return;  // the parent could not open the file, and is gone
  const auto [process, user, group] = parent.credentials();
  fmt::print("worker {}: process {} (user {}, group {}) sent a descriptor\n", ::getpid(), process, user, group);

  hocket::file file(std::move(message.descriptors.front()));
  std::size_t bytes = 0, lines = 0;
  std::array<char, 64 * 1024> piece;
  while (const std::size_t size = co_await file.read(piece)) {
    bytes += size;
    lines += static_cast<std::size_t>(std::count(piece.data(), piece.data() + size, '\n'));
  }
  co_await parent.send_all(fmt::format("{} lines, {} bytes", lines, bytes));
}

int complain(const char* call) {
  fmt::print(stderr, "fd_passing: {}: {}\n", call, std::strerror(errno));
  return 1;
}

int main(int argc, char** argv) {
  std::string path;
  CLI::App options("Hands an open file to another process, which counts its lines.", "fd_passing");
  options.add_option("FILE", path, "the file")->required();
  read_command_line(options, argc, argv);

  std::array<int, 2> pair;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return complain("socketpair");
  const pid_t worker = ::fork();  // before there is a loop: a child must not use that of its parent
  if (worker < 0) return complain("fork");
  ::close(worker == 0 ? pair[0] : pair[1]);
  if (worker == 0) return run_program(options, receive_and_count(pair[1]));
  const int code = run_program(options, open_and_hand_over(pair[0], path));
  ::waitpid(worker, nullptr, 0);
  return code;
}
