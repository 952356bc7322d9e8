#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <vector>

#include <sys/types.h>
#include <sys/uio.h>

namespace hocket::green::detail {

/// Calls `part(place, size)` until all of a region has gone through, or it fails or comes to an end. What a call that blocks would give.
template <class Byte, class Part>
ssize_t all_of(Byte* begin, std::size_t size, Part part) {
  std::size_t done = 0;
  do {
    const ssize_t moved = part(begin + done, size - done);
    if (moved < 0) return done > 0 ? static_cast<ssize_t>(done) : moved;
    done += static_cast<std::size_t>(moved);
    if (moved == 0) break;
  } while (done < size);
  return static_cast<ssize_t>(done);
}

/// What is still to be written of a vector.
class rest_of {
 public:
  rest_of(const iovec* pieces, std::size_t count) : pieces_(pieces, pieces + count) { skip_empty(); }

  [[nodiscard]] bool is_done() const noexcept { return has_moved_ && first_ == pieces_.size(); }
  [[nodiscard]] iovec* pieces() noexcept { return pieces_.data() + first_; }
  [[nodiscard]] std::size_t count() const noexcept { return pieces_.size() - first_; }
  [[nodiscard]] ssize_t passed() const noexcept { return passed_; }

  void pass(ssize_t moved) noexcept {
    has_moved_ = true;
    passed_ += moved;
    auto left = static_cast<std::size_t>(moved);
    while (left > 0) {
      iovec& piece = pieces_[first_];
      const std::size_t taken = std::min(left, piece.iov_len);
      piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
      piece.iov_len -= taken;
      left -= taken;
      skip_empty();
    }
  }

 private:
  void skip_empty() noexcept {
    while (first_ < pieces_.size() && pieces_[first_].iov_len == 0) ++first_;
  }

  std::vector<iovec> pieces_;
  std::size_t first_ = 0;
  ssize_t passed_ = 0;
  bool has_moved_ = false;  // an empty message is sent, too
};

/// The same of a vector: `part(pieces, count)`. ENOMEM, before anything has gone, if there is no memory for a copy of it.
template <class Part>
ssize_t all_pieces(const iovec* pieces, std::size_t count, Part part) noexcept {
  try {
    rest_of rest(pieces, count);
    while (!rest.is_done()) {
      const ssize_t moved = part(rest.pieces(), rest.count());
      if (moved < 0) return rest.passed() > 0 ? rest.passed() : moved;
      rest.pass(moved);
    }
    return rest.passed();
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
  }
}

}  // namespace hocket::green::detail
