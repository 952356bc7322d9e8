#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <hocket/io/detail/piece_list.hpp>
#include <hocket/io/path_operation.hpp>

namespace hocket {

class file;

namespace detail {

class open_operation final : public path_operation<open_operation, file> {
 public:
  static constexpr const char* name = "open";
  open_operation(io_op how, descriptor* directory, std::string path, int flags, unsigned mode,
                 std::source_location where);
  [[nodiscard]] file convert(std::int32_t number);

 private:
  std::source_location where_;
};

class read_operation final : public detailed_awaitable<read_operation, std::size_t> {
 public:
  static constexpr const char* name = "read";
  read_operation(descriptor* target, std::span<char> into, std::int64_t offset) noexcept
      : io_awaitable(io_op::read, target) {
    request_.data = into.data();
    request_.length = into.size();
    details_.offset = offset;
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }
};

class write_operation final : public detailed_awaitable<write_operation, void> {
 public:
  static constexpr const char* name = "write";
  write_operation(descriptor* target, std::string_view bytes, std::int64_t offset) noexcept
      : io_awaitable(io_op::write, target) {
    request_.data = const_cast<char*>(bytes.data());
    request_.length = bytes.size();
    details_.offset = offset;
  }
  void convert(std::int32_t) noexcept {}
};

class read_pieces_operation final : public detailed_awaitable<read_pieces_operation, std::size_t> {
 public:
  static constexpr const char* name = "read";
  read_pieces_operation(descriptor* target, std::span<const std::span<char>> into, std::int64_t offset)
      : io_awaitable(io_op::read_pieces, target), pieces_(into) {
    details_.offset = offset;
  }
  [[nodiscard]] bool await_ready() {
    request_.data = pieces_.message();
    request_.length = pieces_.count();
    return io_awaitable::await_ready();
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }

 private:
  piece_list pieces_;
};

class write_pieces_operation final : public detailed_awaitable<write_pieces_operation, void> {
 public:
  static constexpr const char* name = "write";
  write_pieces_operation(descriptor* target, std::span<const std::string_view> pieces, std::int64_t offset)
      : io_awaitable(io_op::write_pieces, target), pieces_(pieces) {
    details_.offset = offset;
  }
  [[nodiscard]] bool await_ready() {
    if (pieces_.count() == 0 && !task_base::require_current().must_throw()) return true;
    request_.data = pieces_.message();
    request_.length = pieces_.count();
    return io_awaitable::await_ready();
  }
  void convert(std::int32_t) noexcept {}

 private:
  piece_list pieces_;
};

class fsync_operation final : public detailed_awaitable<fsync_operation, void> {
 public:
  static constexpr const char* name = "fsync";
  fsync_operation(descriptor* target, std::uint32_t flags) noexcept : io_awaitable(io_op::fsync, target) {
    request_.flags = flags;
  }
  void convert(std::int32_t) noexcept {}
};

/// What closing the file would say; it stays open. Lets go of record locks (fcntl(2)) on it, as closing does.
class flush_operation final : public detailed_awaitable<flush_operation, void> {
 public:
  static constexpr const char* name = "close";
  explicit flush_operation(descriptor* target) noexcept : io_awaitable(io_op::flush, target) {}
  void convert(std::int32_t) noexcept {}
};

class truncate_operation final : public detailed_awaitable<truncate_operation, void> {
 public:
  static constexpr const char* name = "truncate";
  truncate_operation(descriptor* target, std::int64_t size) noexcept : io_awaitable(io_op::truncate, target) {
    details_.offset = size;
  }
  void convert(std::int32_t) noexcept {}
};

}  // namespace detail
}  // namespace hocket
