#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/file_operations.hpp>

namespace hocket {

/// The longest that `file::read_all` and `read_file` give if nothing else is said.
inline constexpr std::size_t default_read_limit = std::size_t{1} << 30;
/// The longest line that `file::lines` gives if nothing else is said.
inline constexpr std::size_t default_line_limit = std::size_t{1} << 20;

/// An open file. Operations suspend the task, not the loop: io_uring does them in the kernel (but for `truncate`), the other
/// backends on the blocking pool. Owns its descriptor. All operations throw std::system_error, whose words name the path, and
/// `cancelled`. Counterpart: aiofiles' AsyncBufferedIOBase; it buffers nothing.
class file {
 public:
  file() noexcept = default;
  explicit file(io_handle handle) noexcept : handle_(std::move(handle)) {}

  /// openat(2) relative to the working directory. `flags` as there (O_CLOEXEC is added), `mode` for a new file.
  ///
  /// A FIFO waits for its other end, unless `flags` say O_NONBLOCK or O_RDWR, and is cancelled at once. To read: it is held open, and
  /// looked at in pauses of 1 to 32 ms until somebody has opened it to write. To write: opened again and again in such pauses
  /// until somebody reads; removed meanwhile it is std::errc::no_such_file_or_directory.
  [[nodiscard]] static detail::open_operation open(std::string path, int flags = O_RDONLY, unsigned mode = 0666,
                                                   std::source_location where = std::source_location::current()) {
    return {io_op::open, nullptr, std::move(path), flags, mode, where};
  }

  /// Opens a path below this directory; nothing outside can be reached, neither by dots nor by symbolic links.
  /// openat2(2), RESOLVE_BENEATH.
  [[nodiscard]] detail::open_operation open_beneath(
      std::string path, int flags = O_RDONLY, std::source_location where = std::source_location::current()) const {
    return {io_op::open_beneath, handle_.record(), std::move(path), flags, 0, where};
  }

  /// Reads at `offset`, or at the file's own position if it is negative; 0 at the end. May read less than asked for.
  /// pread(2), read(2).
  [[nodiscard]] detail::read_operation read(std::span<char> into, std::int64_t offset = -1) noexcept {
    return {handle_.record(), into, offset};
  }
  /// The same into several pieces, one after the other; the memory must stay alive, the span need not. preadv(2).
  [[nodiscard]] detail::read_pieces_operation read(std::span<const std::span<char>> into, std::int64_t offset = -1) {
    return {handle_.record(), into, offset};
  }

  /// What is left from the file's own position on. Throws hocket::error if that is more than `limit` bytes.
  [[nodiscard]] coro<std::string> read_all(std::size_t limit = default_read_limit);

  /// The lines from the file's own position on, each with its '\n' but perhaps the last. Reads ahead, so that the position is
  /// of use again only after the last line. Throws `limit_overrun_error` at a line of more than `limit` bytes. The file must
  /// stay open meanwhile; it may be moved.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<std::string> lines(std::size_t limit = default_line_limit);

  /// Writes all of `bytes` at `offset`, or at the file's own position if it is negative; at its end if it was opened with
  /// O_APPEND. If it throws, an unknown part is written. pwrite(2), write(2).
  [[nodiscard]] detail::write_operation write(std::string_view bytes, std::int64_t offset = -1) noexcept {
    return {handle_.record(), bytes, offset};
  }
  /// The same of several pieces, one after the other; the bytes must stay alive, the span need not. pwritev(2).
  [[nodiscard]] detail::write_pieces_operation write(std::span<const std::string_view> pieces,
                                                     std::int64_t offset = -1) {
    return {handle_.record(), pieces, offset};
  }

  /// Moves the file's own position and gives the new one; does not suspend. `seek(0, SEEK_CUR)` tells it. lseek(2).
  std::int64_t seek(std::int64_t offset, int whence = SEEK_SET);

  /// Cuts the file off at `size` bytes, or fills it up with zeros. ftruncate(2).
  [[nodiscard]] detail::truncate_operation truncate(std::int64_t size) noexcept { return {handle_.record(), size}; }

  /// Waits until what was written is on the disk. fsync(2).
  [[nodiscard]] detail::fsync_operation fsync() noexcept { return {handle_.record(), 0}; }
  /// The same, without what is of no use for reading it again: when it was changed. fdatasync(2).
  [[nodiscard]] detail::fsync_operation fdatasync() noexcept { return {handle_.record(), io_request::data_only}; }

  /// fstat(2): 0, or a negated errno. Does not suspend.
  [[nodiscard]] int status(struct stat& state) const {
    return is_open() ? handle_.record()->owner().fstat(number(), state) : -EBADF;
  }
  /// In bytes, as of now; does not suspend. Throws std::system_error.
  [[nodiscard]] std::int64_t size() const;

  /// What it was opened as; empty for what was not opened here. Shown until it is closed.
  [[nodiscard]] std::string_view path() const noexcept { return is_open() ? handle_.record()->path() : ""; }

  void close() noexcept { handle_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open(); }
  [[nodiscard]] int number() const noexcept { return handle_.number(); }
  [[nodiscard]] const io_handle& handle() const noexcept { return handle_; }

 private:
  io_handle handle_;
};

}  // namespace hocket
