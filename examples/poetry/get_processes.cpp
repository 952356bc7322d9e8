// The function of get_blocking, in a process for each poem: takes as long as the longest. Processes share nothing, so what
// they have got must be brought home, through a pipe.
// Run: get_processes [HOST:]PORT ...
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <sys/wait.h>

#include "blocking_poem.hpp"

struct worker {
  pid_t number;
  int pipe;  // the poem comes from here, or what went wrong
};

void write_all(int pipe, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(pipe, text.data(), text.size());
    if (count < 0) ::_exit(1);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void work(int pipe, const address& from) {
  int code = 0;
  std::string text;
  try {
    text = get_poem(from);
  } catch (const std::exception& failure) {
    text = failure.what();
    code = 1;
  }
  write_all(pipe, text);
  ::_exit(code);
}

worker start(const address& from) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::system_error(errno, std::system_category(), "cannot make a pipe");
  const pid_t number = ::fork();
  if (number < 0) throw std::system_error(errno, std::system_category(), "cannot fork");
  if (number == 0) work(pipe[1], from);
  ::close(pipe[1]);
  return {number, pipe[0]};
}

std::string finish(const worker& done) {
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t count; (count = ::read(done.pipe, bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(count));
  ::close(done.pipe);
  int status = 0;
  ::waitpid(done.number, &status, 0);
  if (WIFSIGNALED(status)) throw std::runtime_error(fmt::format("a process was killed by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) throw std::runtime_error(text);
  return text;
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  std::vector<worker> workers;
  for (const address& each : addresses) workers.push_back(start(each));
  std::vector<std::string> poems;
  for (const worker& each : workers) poems.push_back(finish(each));
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_processes", "Downloads poems, each in a process.", get_poetry);
}
