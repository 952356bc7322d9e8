#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace hocket::testing {

/// A program that runs as long as this exists.
class other_program {
 public:
  /// Starts it with these words as its command line, on a backend (any, if that is empty). Throws std::system_error.
  explicit other_program(const std::vector<std::string>& command, const std::string& backend = {});
  ~other_program();
  other_program(const other_program&) = delete;

  [[nodiscard]] pid_t number() const noexcept { return number_; }

  /// Waits for a line of its standard output and gives it, without its end; empty at the end of the output.
  [[nodiscard]] std::string line();

  /// Closes its standard input and gives its exit code; 128 and the signal's number, if one has ended it.
  [[nodiscard]] int end();

 private:
  pid_t number_ = -1;
  int in_ = -1;
  int out_ = -1;
};

}  // namespace hocket::testing
