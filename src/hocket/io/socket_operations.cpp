#include <algorithm>
#include <climits>

#include <hocket/io/socket_operations.hpp>

namespace hocket::detail {

send_pieces_operation::send_pieces_operation(descriptor* target, std::span<const std::string_view> pieces)
    : io_awaitable(io_op::send_pieces, target) {
  if (pieces.size() > few) many_ = std::make_unique_for_overwrite<iovec[]>(pieces.size());
  iovec* const vectors = many_ ? many_.get() : at_hand_.data();
  std::size_t count = 0;
  for (const std::string_view piece : pieces)
    if (!piece.empty()) vectors[count++] = {.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
  request_.length = count;
}

send_pieces_operation::send_pieces_operation(send_pieces_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)), many_(std::move(other.many_)) {
  if (!many_) std::copy_n(other.at_hand_.begin(), request_.length, at_hand_.begin());
}

// The pointers are set when nobody moves it any more.
bool send_pieces_operation::await_ready() {
  if (request_.length == 0 && !task_base::require_current().must_throw()) return true;
  message_.msg_iov = many_ ? many_.get() : at_hand_.data();
  message_.msg_iovlen = std::min<std::size_t>(request_.length, IOV_MAX);
  request_.data = &message_;
  return io_awaitable::await_ready();
}

}  // namespace hocket::detail
