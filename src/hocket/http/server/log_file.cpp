#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/http/server/log_file.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {

static constexpr int appending = O_WRONLY | O_CREAT | O_APPEND;

struct log_file::writer {
  coro<void> write_all();
  coro<void> put(std::string_view lines);
  coro<void> open_again();
  [[nodiscard]] bool is_stream() const noexcept { return stream.is_open(); }
  void report(const std::string& problem);

  std::string path;
  file target;  // or:
  byte_stream stream;
  log_file_options options;
  std::string waiting{};
  std::uint64_t lost = 0;
  bool must_reopen = false;
  bool is_failing = false;
  bool is_closed = false;     // to lines
  bool is_abandoned = false;  // by its log_file
};

coro<std::unique_ptr<log_file>> log_file::open(std::string path, log_file_options options) {
  file opened = co_await file::open(path, appending, 0640);
  auto mine = std::make_shared<writer>(std::move(path), std::move(opened), byte_stream(), std::move(options));
  co_return std::unique_ptr<log_file>(new log_file(std::move(mine)));
}

std::unique_ptr<log_file> log_file::standard_output(log_file_options options) {
  const int number = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  if (number < 0) throw std::system_error(errno, std::system_category(), "standard output");
  auto mine = std::make_shared<writer>("", file(), byte_stream(io_handle(number)), std::move(options));
  return std::unique_ptr<log_file>(new log_file(std::move(mine)));
}

log_file::log_file(std::shared_ptr<writer> mine) noexcept : writer_(std::move(mine)) {}

log_file::~log_file() {
  writer_->is_abandoned = true;
  writer_->waiting.clear();
}

std::uint64_t log_file::lost() const noexcept { return writer_->lost; }

void log_file::write(std::string_view line) {
  if (writer_->is_closed || writer_->waiting.size() + line.size() > writer_->options.most_waiting_bytes) {
    ++writer_->lost;
    writer_->report("lines of the log are lost, for too many wait");
    return;
  }
  writer_->waiting += line;
  wake();
}

void log_file::reopen() {
  writer_->must_reopen = !writer_->is_stream();
  wake();
}

void log_file::wake() {
  const auto write_all = [](std::shared_ptr<writer> mine) -> coro<void> { co_await mine->write_all(); };
  // What a stream takes at once is out at once, also where the run ends now.
  if (!writing_ || writing_->done())
    writing_ = create_task(write_all(writer_), {.name = "log file", .eager_start = writer_->is_stream()});
}

// One at a time, so that lines stay in order.
coro<void> log_file::writer::write_all() {
  while (!is_abandoned && (must_reopen || !waiting.empty())) {
    if (std::exchange(must_reopen, false)) co_await open_again();
    const std::string lines = std::exchange(waiting, {});
    if (lines.empty()) continue;
    std::string problem;
    try {
      co_await put(lines);
      is_failing = false;
    } catch (const std::system_error& failed) {
      problem = failed.what();
    }
    if (problem.empty()) continue;
    lost += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    report(problem);
  }
}

coro<void> log_file::writer::put(std::string_view lines) {
  if (is_stream())
    co_await stream.send_all(lines);
  else
    co_await target.write(lines);
}

coro<void> log_file::writer::open_again() {
  try {
    target = co_await file::open(path, appending, 0640);
  } catch (const std::system_error& failed) {
    report(failed.what());
  }
}

void log_file::writer::report(const std::string& problem) {
  if (is_abandoned) return;
  if (!std::exchange(is_failing, true) && options.on_error) options.on_error(problem);
}

coro<void> log_file::close() {
  writer_->is_closed = true;
  if (writing_) co_await *writing_;
  writer_->target.close();
  writer_->stream.abort();
}

}  // namespace hocket::http
