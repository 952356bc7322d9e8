#include <algorithm>
#include <cstring>

#include <hocket/io/detail/message_operations.hpp>

namespace hocket::detail {

send_message_operation::send_message_operation(descriptor* target, std::string_view bytes,
                                               std::span<const int> descriptors)
    : io_awaitable(io_op::send_message, target), bytes_(bytes) {
  if (descriptors.empty()) return;
  control_bytes_ = CMSG_SPACE(descriptors.size_bytes());
  control_ = std::make_unique<cmsghdr[]>((control_bytes_ + sizeof(cmsghdr) - 1) / sizeof(cmsghdr));
  cmsghdr& header = control_[0];
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = SCM_RIGHTS;
  header.cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(&header), descriptors.data(), descriptors.size_bytes());
}

send_message_operation::send_message_operation(send_message_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)),
      bytes_(other.bytes_),
      to_(other.to_),
      control_(std::move(other.control_)),
      control_bytes_(other.control_bytes_) {}

// The pointers are set when nobody moves it any more.
bool send_message_operation::await_ready() {
  piece_ = {.iov_base = const_cast<char*>(bytes_.data()), .iov_len = bytes_.size()};
  message_.msg_iov = &piece_;
  message_.msg_iovlen = 1;
  if (to_) {
    message_.msg_name = const_cast<sockaddr*>(to_->data());
    message_.msg_namelen = to_->size();
  }
  message_.msg_control = control_.get();
  message_.msg_controllen = control_bytes_;
  request_.data = &message_;
  return io_awaitable::await_ready();
}

}  // namespace hocket::detail
