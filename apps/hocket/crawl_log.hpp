#pragma once

#include <functional>
#include <memory>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/http/server/log_file.hpp>

namespace hocket::app {

enum class log_format { text, json };

/// A file with a line for each attempt at a page. As text: time, status, milliseconds, bytes, number of the attempt, URL and error (or "-"), with a
/// space between. What a server chose is printable, and never another line. Passwords in URLs are left out.
class crawl_log {
 public:
  /// Appends to the file, or makes it. `on_error`: told when it cannot be written. Throws std::system_error.
  [[nodiscard]] static coro<std::unique_ptr<crawl_log>> open(std::string path, log_format format,
                                                             std::function<void(const std::string&)> on_error);

  void add(const crawl::attempt_record& attempt);
  /// Writes what waits.
  [[nodiscard]] coro<void> close();

 private:
  crawl_log(std::unique_ptr<http::log_file> lines, log_format format, std::function<void(const std::string&)> on_error)
      : lines_(std::move(lines)), format_(format), on_error_(std::move(on_error)) {}

  std::unique_ptr<http::log_file> lines_;
  log_format format_;
  std::function<void(const std::string&)> on_error_;
};

}  // namespace hocket::app
