#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/io/byte_stream.hpp>

namespace hocket::testing {

/// While it exists standard output is a pipe that a test reads.
class standard_output_in_a_pipe {
 public:
  standard_output_in_a_pipe() {
    std::fflush(stdout);
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    before_ = ::dup(STDOUT_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[1]);
    reader = byte_stream(io_handle(ends[0]));
  }
  standard_output_in_a_pipe(const standard_output_in_a_pipe&) = delete;
  ~standard_output_in_a_pipe() {
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }

  /// Until it takes nothing. Gives the number of bytes.
  std::size_t fill() const {
    const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
    ::fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
    const std::string page(4096, '.');
    std::size_t size = 0;
    for (ssize_t count = 0; (count = ::write(STDOUT_FILENO, page.data(), page.size())) > 0;)
      size += static_cast<std::size_t>(count);
    ::fcntl(STDOUT_FILENO, F_SETFL, flags);
    return size;
  }

  byte_stream reader;

 private:
  int before_ = -1;
};

}  // namespace hocket::testing
