// What stands in the file ends with a whole event at any time, so that it can be read whatever happens to the process.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <hocket/core/detail/trace_file.hpp>

namespace hocket::detail {

static constexpr std::size_t worth_a_write = 64 * 1024;
static constexpr std::string_view end_of_file = "\n]\n";

static std::string with_process_number(std::string path) {
  if (const std::size_t mark = path.find("%p"); mark != std::string::npos)
    path.replace(mark, 2, std::to_string(::getpid()));
  return path;
}

// Another process may write the same file, for the environment is inherited: its lock is what tells.
trace_file::trace_file(std::string path, std::uint64_t most_bytes)
    : path_(with_process_number(std::move(path))), most_bytes_(most_bytes), buffer_("[\n") {
  buffer_.reserve(2 * worth_a_write);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    tell(std::strerror(errno));
  } else if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    tell("another process writes it; with %p in its name each process has its own");
    give_up();
  } else {
    static_cast<void>(::ftruncate(descriptor_, 0));  // what is no file has no length
  }
}

void trace_file::add(std::string_view event) {
  if (!is_open()) return;
  const std::string_view separator = std::exchange(is_first_, false) ? "" : ",\n";
  const std::size_t grown = buffer_.size() + separator.size() + event.size() + end_of_file.size();
  if (written_ + grown > most_bytes_) {
    finish();
    std::fprintf(stderr, "hocket: the trace '%s' ends here: it has %ju bytes (HOCKET_TRACE_LIMIT)\n", path_.c_str(),
                 static_cast<std::uintmax_t>(written_));
    return;
  }
  buffer_ += separator;
  buffer_ += event;
  if (buffer_.size() >= worth_a_write) flush();
}

void trace_file::flush() noexcept {
  if (!is_open() || buffer_.empty()) return;
  if (write(buffer_)) {
    buffer_.clear();
    return;
  }
  tell(std::strerror(errno));
  if (::ftruncate(descriptor_, static_cast<off_t>(written_)) == 0 &&
      ::lseek(descriptor_, static_cast<off_t>(written_), SEEK_SET) >= 0)
    static_cast<void>(write(end_of_file));
  give_up();
}

void trace_file::finish() noexcept {
  flush();
  if (is_open()) static_cast<void>(write(end_of_file));
  give_up();
}

void trace_file::give_up() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

bool trace_file::write(std::string_view text) noexcept {
  for (std::string_view left = text; !left.empty();) {
    const ssize_t count = ::write(descriptor_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  written_ += text.size();
  return true;
}

void trace_file::tell(const char* problem) const noexcept {
  std::fprintf(stderr, "hocket: the trace '%s' (HOCKET_TRACE) is not written: %s\n", path_.c_str(), problem);
}

}  // namespace hocket::detail
