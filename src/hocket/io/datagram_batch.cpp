#include <cstring>

#include <hocket/base/assert.hpp>
#include <hocket/io/datagram_batch.hpp>

namespace hocket {

datagram_batch::datagram_batch(std::size_t most, std::size_t size_bytes)
    : size_bytes_(size_bytes),
      memory_(std::make_unique_for_overwrite<char[]>(most * size_bytes)),
      pieces_(most),
      addresses_(most),
      headers_(most) {
  for (std::size_t n = 0; n < most; ++n) {
    pieces_[n].iov_base = memory_.get() + n * size_bytes;
    headers_[n].msg_hdr.msg_iov = &pieces_[n];
    headers_[n].msg_hdr.msg_iovlen = 1;
    headers_[n].msg_hdr.msg_name = &addresses_[n];
  }
}

bool datagram_batch::add(std::string_view bytes) noexcept {
  if (size_ == capacity() || bytes.size() > size_bytes_) return false;
  if (!bytes.empty()) std::memcpy(pieces_[size_].iov_base, bytes.data(), bytes.size());
  pieces_[size_].iov_len = bytes.size();
  headers_[size_].msg_hdr.msg_namelen = 0;
  headers_[size_].msg_hdr.msg_flags = 0;
  ++size_;
  return true;
}

bool datagram_batch::add(std::string_view bytes, const socket_address& to) noexcept {
  if (!add(bytes)) return false;
  std::memcpy(&addresses_[size_ - 1], to.data(), to.size());
  headers_[size_ - 1].msg_hdr.msg_namelen = to.size();
  return true;
}

std::span<char> datagram_batch::bytes(std::size_t n) noexcept {
  HOCKET_ASSERT(n < size_, "a batch has fewer datagrams");
  return {static_cast<char*>(pieces_[n].iov_base), pieces_[n].iov_len};
}

socket_address datagram_batch::address(std::size_t n) const noexcept {
  HOCKET_ASSERT(n < size_, "a batch has fewer datagrams");
  const socklen_t size = headers_[n].msg_hdr.msg_namelen;
  return size == 0 ? socket_address() : socket_address(reinterpret_cast<const sockaddr*>(&addresses_[n]), size);
}

bool datagram_batch::truncated(std::size_t n) const noexcept {
  HOCKET_ASSERT(n < size_, "a batch has fewer datagrams");
  return (headers_[n].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

namespace detail {

bool receive_batch_operation::await_ready() {
  batch_->size_ = 0;
  for (std::size_t n = 0; n < batch_->capacity(); ++n) {
    batch_->pieces_[n].iov_len = batch_->size_bytes_;
    batch_->headers_[n].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  request_.data = batch_->headers_.data();
  request_.length = batch_->capacity();
  return io_awaitable::await_ready();
}

std::size_t receive_batch_operation::convert(std::int32_t count) noexcept {
  batch_->size_ = static_cast<std::size_t>(count);
  for (std::size_t n = 0; n < batch_->size_; ++n) batch_->pieces_[n].iov_len = batch_->headers_[n].msg_len;
  return batch_->size_;
}

}  // namespace detail
}  // namespace hocket
