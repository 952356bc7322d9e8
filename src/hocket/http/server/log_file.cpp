#include <algorithm>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/http/server/log_file.hpp>

namespace hocket::http {

static constexpr int appending = O_WRONLY | O_CREAT | O_APPEND;

coro<std::unique_ptr<log_file>> log_file::open(std::string path, log_file_options options) {
  file opened = co_await file::open(path, appending, 0640);
  co_return std::unique_ptr<log_file>(new log_file(std::move(path), std::move(opened), std::move(options)));
}

log_file::log_file(std::string path, file opened, log_file_options options)
    : path_(std::move(path)), file_(std::move(opened)), options_(std::move(options)) {}

log_file::~log_file() = default;

void log_file::write(std::string_view line) {
  if (is_closed_ || waiting_.size() + line.size() > options_.most_waiting_bytes) {
    ++lost_;
    return;
  }
  waiting_ += line;
  wake();
}

void log_file::reopen() {
  must_reopen_ = true;
  wake();
}

void log_file::wake() {
  if (!writing_ || writing_->done()) writing_ = create_task(write_all(), {.name = "log file"});
}

// One at a time, so that lines stay in order.
coro<void> log_file::write_all() {
  while (must_reopen_ || !waiting_.empty()) {
    if (std::exchange(must_reopen_, false)) co_await open_again();
    const std::string lines = std::exchange(waiting_, {});
    if (lines.empty()) continue;
    std::string problem;
    try {
      co_await file_.write(lines);
      is_failing_ = false;
    } catch (const std::system_error& failed) {
      problem = failed.what();
    }
    if (problem.empty()) continue;
    lost_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    report(problem);
  }
}

coro<void> log_file::open_again() {
  try {
    file_ = co_await file::open(path_, appending, 0640);
  } catch (const std::system_error& failed) {
    report(failed.what());
  }
}

void log_file::report(const std::string& problem) {
  if (!std::exchange(is_failing_, true) && options_.on_error) options_.on_error(problem);
}

coro<void> log_file::close() {
  is_closed_ = true;
  if (writing_) co_await *writing_;
  file_.close();
}

}  // namespace hocket::http
