#pragma once

#include <array>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/// What the process says on standard error while one lives, as it comes.
class standard_error {
 public:
  standard_error() : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0 || ::dup2(ends_[1], STDERR_FILENO) < 0) std::abort();
  }
  ~standard_error() {
    ::dup2(before_, STDERR_FILENO);
    for (const int number : {before_, ends_[0], ends_[1]}) ::close(number);
  }
  standard_error(const standard_error&) = delete;

  /// What the watchdog says of a turn, whole.
  static std::regex report_of_a_stall() { return std::regex("has lasted[^\n]*\n(  #[^\n]*\n)+"); }

  /// Keeps this thread until it has said that, and gives everything; without it if that takes too long.
  std::string block_until(const std::regex& expected) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!std::regex_search(said_, expected) && std::chrono::steady_clock::now() < end) {
      pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, 100) != 1) continue;
      std::array<char, 4096> piece;
      if (const ssize_t size = ::read(ends_[0], piece.data(), piece.size()); size > 0)
        said_.append(piece.data(), static_cast<std::size_t>(size));
    }
    return said_;
  }

 private:
  int before_;
  std::array<int, 2> ends_{};
  std::string said_;
};
