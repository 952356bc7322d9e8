#include "inspect/other_program.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hocket::testing {

static int check(int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category());
  return result;
}

other_program::other_program(const std::vector<std::string>& command, const std::string& backend) {
  int in[2];
  int out[2];
  check(::pipe2(in, O_CLOEXEC));
  check(::pipe2(out, O_CLOEXEC));
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  number_ = check(::fork());
  if (number_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    if (!backend.empty()) ::setenv("HOCKET_BACKEND", backend.c_str(), 1);
    ::execv(words.front(), words.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  in_ = in[1];
  out_ = out[0];
}

other_program::~other_program() {
  if (number_ > 0) {
    ::kill(number_, SIGKILL);
    static_cast<void>(end());
  }
  ::close(out_);
}

std::string other_program::line() {
  std::string read;
  for (char each = 0; ::read(out_, &each, 1) == 1 && each != '\n';) read += each;
  return read;
}

int other_program::end() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
  int status = 0;
  ::waitpid(std::exchange(number_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace hocket::testing
