#pragma once

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace hocket::testing {

/// Both ends of a terminal: who types and sees, and the program's side.
struct terminal {
  int person = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  int program = -1;

  terminal() {
    ::grantpt(person);
    ::unlockpt(person);
    program = ::open(::ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
};

/// Stands for a number of the process's own for as long as it lives.
class stand_in {
 public:
  stand_in(int number, int other) : number_(number), kept_(::fcntl(number, F_DUPFD_CLOEXEC, 100)) {
    ::dup2(other, number);
  }
  explicit stand_in(int number) : number_(number), kept_(::fcntl(number, F_DUPFD_CLOEXEC, 100)) { ::close(number); }
  ~stand_in() {
    ::dup2(kept_, number_);
    ::close(kept_);
  }
  stand_in(const stand_in&) = delete;

 private:
  int number_;
  int kept_;
};

}  // namespace hocket::testing
