#pragma once

#include <cstdint>

#include <hocket/loop/io_request.hpp>

struct io_uring;

namespace hocket::detail {

/// What a ring may be asked for: what the kernel tells that it does (IORING_REGISTER_PROBE of io_uring_register(2)), but for what
/// HOCKET_IO_URING_WITHOUT names: operations as in io_uring_enter(2), without "IORING_OP_", with commas between, or "all" that can
/// be done in another way. It is for a kernel that does one wrongly, and for tests of what older kernels lack.
class io_uring_operations {
 public:
  /// Throws std::system_error if the kernel does not tell, or lacks one that the backend needs; hocket::error if the variable names
  /// something else.
  explicit io_uring_operations(io_uring& ring);

  [[nodiscard]] bool has(io_op op) const noexcept { return (lacking_ & bit(op)) == 0; }
  [[nodiscard]] bool has_zero_copy() const noexcept { return has_zero_copy_; }

  /// Makes a ring that has not begun refuse what the variable took away.
  void restrict(io_uring& ring) const;

 private:
  static constexpr std::uint64_t bit(io_op op) noexcept { return std::uint64_t{1} << static_cast<unsigned>(op); }

  std::uint64_t lacking_ = 0;  // by io_op
  std::uint64_t opcodes_ = 0;  // that the ring is asked for
  bool has_zero_copy_ = true;
  bool is_restricted_ = false;
};

}  // namespace hocket::detail
