#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hocket::testing {

/// Descriptors of a program that knows nothing of hocket, closed at the end.
class foreign_number {
 public:
  explicit foreign_number(int number = -1) noexcept : number_(number) {}
  foreign_number(foreign_number&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  foreign_number& operator=(foreign_number&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~foreign_number() { close(); }

  operator int() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

  void write(std::string_view bytes) const {
    static_cast<void>(TEMP_FAILURE_RETRY(::write(number_, bytes.data(), bytes.size())));
  }
  /// What is there now.
  [[nodiscard]] std::string read() const {
    std::array<char, 4096> memory;
    const ssize_t count = TEMP_FAILURE_RETRY(::read(number_, memory.data(), memory.size()));
    return count > 0 ? std::string(memory.data(), static_cast<std::size_t>(count)) : std::string();
  }
  [[nodiscard]] int flags() const { return ::fcntl(number_, F_GETFL); }

 private:
  int number_;
};

struct foreign_pair {
  foreign_number near;  // of a pipe: what is read from
  foreign_number far;
};

inline foreign_pair foreign_pipe(int flags = O_CLOEXEC) {
  int numbers[2];
  static_cast<void>(::pipe2(numbers, flags));
  return {foreign_number(numbers[0]), foreign_number(numbers[1])};
}

inline foreign_pair foreign_sockets(int type = SOCK_STREAM) {
  int numbers[2];
  ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, numbers);
  return {foreign_number(numbers[0]), foreign_number(numbers[1])};
}

/// Writes until there is no room.
inline void fill(const foreign_number& to) {
  const int before = to.flags();
  ::fcntl(to, F_SETFL, before | O_NONBLOCK);
  const std::string bytes(64 * 1024, 'x');
  while (::write(to, bytes.data(), bytes.size()) > 0) {
  }
  while (::write(to, bytes.data(), 1) > 0) {
  }
  ::fcntl(to, F_SETFL, before);
}

}  // namespace hocket::testing
