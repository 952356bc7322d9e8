#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace hocket::inspect::detail {

/// A regular file that is read here and there.
class input_file {
 public:
  /// Opens it; what is none, or cannot be opened, has an `error`.
  explicit input_file(const std::string& path) noexcept;
  input_file(input_file&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_), error_(other.error_) {}
  ~input_file();

  [[nodiscard]] int error() const noexcept { return error_; }  // as errno
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// False if not all of it is there; then `to` holds anything.
  [[nodiscard]] bool read(std::uint64_t from, std::span<std::byte> to) const noexcept;

  template <class Value>
    requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] bool read(std::uint64_t from, Value& to) const noexcept {
    return read(from, std::as_writable_bytes(std::span(&to, 1)));
  }

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  int error_ = 0;
};

}  // namespace hocket::inspect::detail
