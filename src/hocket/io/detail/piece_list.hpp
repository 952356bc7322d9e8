#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <memory>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

namespace hocket::detail {

/// Pieces of memory for readv(2) and its kin, as an operation keeps them: a few need no memory. May be moved until it is shown
/// to the system.
class piece_list {
 public:
  template <class Pieces>
  explicit piece_list(const Pieces& pieces) {
    if (pieces.size() > few) many_ = std::make_unique_for_overwrite<iovec[]>(pieces.size());
    for (const auto& piece : pieces)
      if (!piece.empty()) vectors()[count_++] = {.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
  }
  piece_list(piece_list&& other) noexcept : count_(other.count_), many_(std::move(other.many_)) {
    if (!many_) std::copy_n(other.at_hand_.begin(), count_, at_hand_.begin());
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// What stands in the request. The list must not be moved any more.
  [[nodiscard]] msghdr* message() noexcept {
    message_.msg_iov = vectors();
    message_.msg_iovlen = std::min<std::size_t>(count_, IOV_MAX);
    return &message_;
  }

 private:
  static constexpr std::size_t few = 8;

  [[nodiscard]] iovec* vectors() noexcept { return many_ ? many_.get() : at_hand_.data(); }

  std::size_t count_ = 0;
  std::unique_ptr<iovec[]> many_;
  std::array<iovec, few> at_hand_;
  msghdr message_{};
};

}  // namespace hocket::detail
