#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <fcntl.h>

#include <hocket/io/io_operation.hpp>

namespace hocket {

class file;

namespace detail {

class open_operation final : public io_awaitable<open_operation, file> {
 public:
  static constexpr const char* name = "open";
  open_operation(io_op how, descriptor* directory, std::string path, int flags, unsigned mode,
                 std::source_location where);
  open_operation(open_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] file convert(std::int32_t number);

 private:
  std::string path_;
  std::source_location where_;
};

class read_operation final : public io_awaitable<read_operation, std::size_t> {
 public:
  static constexpr const char* name = "read";
  read_operation(descriptor* target, std::span<char> into, std::int64_t offset) noexcept
      : io_awaitable(io_op::read, target) {
    request_.data = into.data();
    request_.length = into.size();
    request_.offset = offset;
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }
};

class write_operation final : public io_awaitable<write_operation, void> {
 public:
  static constexpr const char* name = "write";
  write_operation(descriptor* target, std::string_view bytes) noexcept : io_awaitable(io_op::write, target) {
    request_.data = const_cast<char*>(bytes.data());
    request_.length = bytes.size();
    request_.offset = -1;
  }
  void convert(std::int32_t) noexcept {}
};

class fsync_operation final : public io_awaitable<fsync_operation, void> {
 public:
  static constexpr const char* name = "fsync";
  explicit fsync_operation(descriptor* target) noexcept : io_awaitable(io_op::fsync, target) {}
  void convert(std::int32_t) noexcept {}
};

}  // namespace detail

/// An open file. Operations suspend the task, not the loop: io_uring does them in the kernel, the other backends on the
/// blocking pool. Owns its descriptor. All operations throw std::system_error and `cancelled`.
class file {
 public:
  file() noexcept = default;
  explicit file(io_handle handle) noexcept : handle_(std::move(handle)) {}

  /// openat(2) relative to the working directory. `flags` as there (O_CLOEXEC is added), `mode` for a new file.
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
  [[nodiscard]] detail::read_operation read(std::span<char> into, std::int64_t offset = -1) noexcept {
    return {handle_.record(), into, offset};
  }

  /// Writes all of `bytes` at the file's own position; at its end if it was opened with O_APPEND.
  [[nodiscard]] detail::write_operation write(std::string_view bytes) noexcept { return {handle_.record(), bytes}; }

  /// Waits until what was written is on the disk. fsync(2).
  [[nodiscard]] detail::fsync_operation fsync() noexcept { return detail::fsync_operation(handle_.record()); }

  /// fstat(2): 0, or a negated errno. Does not suspend.
  [[nodiscard]] int status(struct stat& state) const {
    return is_open() ? handle_.record()->owner().fstat(number(), state) : -EBADF;
  }

  void close() noexcept { handle_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open(); }
  [[nodiscard]] int number() const noexcept { return handle_.number(); }

 private:
  io_handle handle_;
};

}  // namespace hocket
