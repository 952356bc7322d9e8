#include <utility>

#include <unistd.h>

#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/detail/stream_connection.hpp>
#include <hocket/io/pipe.hpp>

namespace hocket {

pipe_ends make_pipe(std::source_location where) {
  int numbers[2];
  detail::require(loop::running().io().pipe(numbers), "pipe");
  const auto own = [&](int number) { return byte_stream(io_handle(number, io_handle::made_here{}, where)); };
  pipe_ends ends;
  try {
    ends.reader = own(std::exchange(numbers[0], -1));
  } catch (...) {
    io_handle(numbers[1], io_handle::made_here{}, where).close();
    throw;
  }
  ends.writer = own(numbers[1]);
  return ends;
}

stream_reader connect_read_pipe(byte_stream from, std::size_t limit) {
  return stream_reader(detail::make_stream_connection(std::move(from), limit));
}

stream_writer connect_write_pipe(byte_stream to) {
  return stream_writer(detail::make_stream_connection(std::move(to), default_stream_limit));
}

static byte_stream duplicate(int number, const char* name) {
  return byte_stream(io_handle(detail::require(loop::running().io().duplicate(number), name)));
}

stream_reader standard_input(std::size_t limit) {
  return connect_read_pipe(duplicate(STDIN_FILENO, "standard input"), limit);
}

stream_writer standard_output() { return connect_write_pipe(duplicate(STDOUT_FILENO, "standard output")); }

stream_writer standard_error() { return connect_write_pipe(duplicate(STDERR_FILENO, "standard error")); }

}  // namespace hocket
