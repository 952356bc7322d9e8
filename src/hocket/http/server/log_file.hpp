#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>

namespace hocket::http {

struct log_file_options {
  /// So much waits for a slow disk, or for who reads; what comes beyond that is lost, and counted.
  std::size_t most_waiting_bytes = 4 * 1024 * 1024;
  /// Told of the first of errors in a row, also of lines that are lost because too much waits.
  std::function<void(const std::string&)> on_error{};
};

/// Appends lines to a file without waiting for it: a task writes what has come meanwhile at once. `close` it before it goes; what waits
/// otherwise is lost, and nobody is told of errors any more. Belongs to one loop.
class log_file {
 public:
  /// Opens the file for appending, or makes it. Throws std::system_error.
  [[nodiscard]] static coro<std::unique_ptr<log_file>> open(std::string path, log_file_options options = {});
  /// The same for what standard output is: a pipe, a terminal, a file. It keeps nobody waiting who has something to say, and has no path
  /// that could be opened again. Throws std::system_error if it is closed.
  [[nodiscard]] static std::unique_ptr<log_file> standard_output(log_file_options options = {});
  ~log_file();
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  /// Never suspends, never throws but for want of memory. The line brings its end.
  void write(std::string_view line);
  /// Opens the path again before the next line: the file has been moved away, as logrotate(8) does it before it sends a signal. If that
  /// fails the old one goes on.
  void reopen();
  /// Writes what waits. What is written from then on is lost.
  [[nodiscard]] coro<void> close();

  /// Lines that were lost.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  struct writer;
  explicit log_file(std::shared_ptr<writer> mine) noexcept;
  void wake();

  std::shared_ptr<writer> writer_;  // shared with the task, which may outlive us
  std::optional<task<void>> writing_;
};

}  // namespace hocket::http
