#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/graph/line_reader.hpp>

namespace hocket::graph {

static error cannot(const char* what, const std::string& path) {
  return error(fmt::format("cannot {} '{}': {}", what, path, std::system_category().message(errno)));
}

line_reader::line_reader(std::string path)
    : path_(std::move(path)), number_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(max_line_bytes + 1) {
  if (number_ < 0) throw cannot("open", path_);
}

line_reader::~line_reader() { ::close(number_); }

std::optional<std::string_view> line_reader::next() {
  std::size_t looked_at = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    if (const void* const found = std::memchr(from + looked_at, '\n', size - looked_at)) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - from);
      offset_ = read_ - size;
      begin_ += length + 1;
      ++line_;
      return std::string_view(from, length);
    }
    if (size == buffer_.size()) {
      ++line_;
      throw broken(fmt::format("longer than {} bytes", max_line_bytes));
    }
    looked_at = size;
    if (!fill()) return std::nullopt;
  }
}

bool line_reader::fill() {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= begin_;
  begin_ = 0;
  ssize_t got = 0;
  do got = ::read(number_, buffer_.data() + end_, buffer_.size() - end_);
  while (got < 0 && errno == EINTR);
  if (got < 0) throw cannot("read", path_);
  end_ += static_cast<std::size_t>(got);
  read_ += static_cast<std::uint64_t>(got);
  return got > 0;
}

error line_reader::broken(std::string_view why) const { return error(fmt::format("{}:{}: {}", path_, line_, why)); }

}  // namespace hocket::graph
