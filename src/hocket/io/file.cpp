#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/io/file.hpp>
#include <hocket/io/stream_error.hpp>

namespace hocket {
namespace detail {

std::string what_failed_on(std::string_view name, const std::string& path, const std::string& other) {
  if (other.empty()) return fmt::format("cannot {} '{}'", name, path);
  return fmt::format("cannot {} '{}' to '{}'", name, path, other);
}

open_operation::open_operation(io_op how, descriptor* directory, std::string path, int flags, unsigned mode,
                               std::source_location where)
    : path_operation(how, directory, std::move(path)), where_(where) {
  request_.flags = static_cast<std::uint32_t>(flags);
  details_.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
}

file open_operation::convert(std::int32_t number) {
  return file(io_handle(number, io_handle::made_here{}, where_, std::move(path())));
}

}  // namespace detail

namespace {

constexpr std::size_t piece_size = 64 * 1024;

std::string name_of(std::string_view path) { return path.empty() ? "the file" : fmt::format("'{}'", path); }

[[noreturn]] void throw_failed(const char* what, const file& opened, int error) {
  const std::string path(opened.path());
  throw std::system_error(error, std::system_category(), path.empty() ? what : detail::what_failed_on(what, path, {}));
}

async_generator<std::string> lines_of(record_ref<descriptor> from, std::size_t limit) {
  std::string held;  // and not given yet; it has no line's end in its first `searched` bytes
  std::size_t begin = 0;
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = held.find('\n', searched);
    if (end != std::string::npos && end - begin < limit) {
      co_yield held.substr(begin, end + 1 - begin);
      begin = searched = end + 1;
      continue;
    }
    if (held.size() - begin > limit)
      throw limit_overrun_error(
          fmt::format("{} has a line of more than {} bytes", name_of(from->path()), limit).c_str(),
          held.size() - begin);
    held.erase(0, begin);
    begin = 0;
    searched = held.size();
    held.resize(searched + piece_size);
    const std::size_t count = co_await detail::read_operation(from.get(), {held.data() + searched, piece_size}, -1);
    held.resize(searched + count);
    if (count > 0) continue;
    if (!held.empty()) co_yield std::move(held);
    co_return;
  }
}

/// From its position on, as far as it can be known: of what is no regular file, nothing.
std::size_t left_in(const file& opened) {
  struct stat state{};
  if (opened.status(state) != 0 || !S_ISREG(state.st_mode)) return 0;
  const std::int64_t position = opened.handle().record()->owner().lseek(opened.number(), 0, SEEK_CUR);
  return position >= 0 && position < state.st_size ? static_cast<std::size_t>(state.st_size - position) : 0;
}

}  // namespace

coro<std::string> file::read_all(std::size_t limit) {
  const std::size_t expected = left_in(*this);
  const auto refuse_over = [&](std::size_t size) {
    if (size > limit) throw error(fmt::format("{} has more than {} bytes", name_of(path()), limit));
  };
  refuse_over(expected);
  std::string all;
  std::size_t size = 0;
  for (;;) {
    // One byte more than there should be, so that the end is seen without growing.
    if (size == all.size()) all.resize(std::max({expected + 1, size + size / 2, piece_size}));
    const std::size_t count = co_await read({all.data() + size, all.size() - size});
    size += count;
    refuse_over(size);
    if (count == 0) break;
  }
  all.resize(size);
  co_return all;
}

async_generator<std::string> file::lines(std::size_t limit) {
  descriptor* const record = handle_.record();
  if (record != nullptr) record->retain();
  return lines_of(record_ref<descriptor>(record), limit);
}

std::int64_t file::seek(std::int64_t offset, int whence) {
  const std::int64_t position = is_open() ? handle_.record()->owner().lseek(number(), offset, whence) : -EBADF;
  if (position < 0) throw_failed("seek in", *this, static_cast<int>(-position));
  return position;
}

std::int64_t file::size() const {
  struct stat state{};
  if (const int answer = status(state); answer < 0) throw_failed("stat", *this, -answer);
  return state.st_size;
}

}  // namespace hocket
