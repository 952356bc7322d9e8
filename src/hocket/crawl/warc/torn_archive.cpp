// A member is whole if zlib reads it to its end: its length and its checksum stand there.

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/warc/torn_archive.hpp>
#include <hocket/crawl/warc/warc_files.hpp>

namespace hocket::crawl {
namespace {

[[noreturn]] void cannot_mend(const std::string& path) {
  throw error(fmt::format("cannot mend '{}': {}", path, std::system_category().message(errno)));
}

class open_descriptor {
 public:
  explicit open_descriptor(const std::string& path) : number_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (number_ < 0) cannot_mend(path);
  }
  open_descriptor(const open_descriptor&) = delete;
  ~open_descriptor() { ::close(number_); }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

class member_reader {
 public:
  member_reader() {
    constexpr int gzip_only = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
  }
  member_reader(const member_reader&) = delete;
  ~member_reader() { ::inflateEnd(&stream_); }

  /// Where in `piece`, which begins at `offset` of the file, the last member ends that is whole; false at what is no gzip.
  bool read(std::span<unsigned char> piece, std::uint64_t offset, std::uint64_t& whole) {
    stream_.next_in = piece.data();
    stream_.avail_in = static_cast<uInt>(piece.size());
    while (stream_.avail_in > 0) {
      stream_.next_out = unpacked_.data();
      stream_.avail_out = static_cast<uInt>(unpacked_.size());
      const int answer = ::inflate(&stream_, Z_NO_FLUSH);
      if (answer == Z_STREAM_END) {
        whole = offset + piece.size() - stream_.avail_in;
        ::inflateReset(&stream_);
      } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
        return false;
      }
    }
    return true;
  }

 private:
  z_stream stream_{};
  std::array<unsigned char, 64 * 1024> unpacked_{};
};

std::uint64_t size_of_whole_members(int number, const std::string& path) {
  const auto reader = std::make_unique<member_reader>();
  std::array<unsigned char, 64 * 1024> piece{};
  std::uint64_t whole = 0;
  for (std::uint64_t offset = 0;;) {
    const ssize_t size = ::pread(number, piece.data(), piece.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) cannot_mend(path);
    const auto came = std::span(piece).first(static_cast<std::size_t>(size));
    if (came.empty() || !reader->read(came, offset, whole)) return whole;
    offset += came.size();
  }
}

}  // namespace

void mend_torn_archive(const std::string& path) {
  const open_descriptor torn(path);
  const std::uint64_t whole = size_of_whole_members(torn.number(), path);
  const std::string closed = path.substr(0, path.size() - open_archive_suffix.size());
  const bool done = whole == 0 ? ::unlink(path.c_str()) == 0
                               : ::ftruncate(torn.number(), static_cast<off_t>(whole)) == 0 &&
                                     ::rename(path.c_str(), closed.c_str()) == 0;
  if (!done) cannot_mend(path);
}

}  // namespace hocket::crawl
