#include <hocket/io/detail/sock_operations.hpp>

namespace hocket::detail {

msghdr* sock_message::into(std::span<char> memory) noexcept {
  piece_ = {.iov_base = memory.data(), .iov_len = memory.size()};
  header_.msg_iov = &piece_;
  header_.msg_iovlen = 1;
  header_.msg_name = &sender_;
  header_.msg_namelen = sizeof sender_;
  return &header_;
}

msghdr* sock_message::of(std::string_view bytes, const socket_address& to) noexcept {
  piece_ = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  header_.msg_iov = &piece_;
  header_.msg_iovlen = 1;
  header_.msg_name = const_cast<sockaddr*>(to.data());
  header_.msg_namelen = to.size();
  return &header_;
}

void sock_message::describe(sock_sender& into) const noexcept {
  if (header_.msg_namelen > 0)
    into.sender = socket_address(reinterpret_cast<const sockaddr*>(&sender_), header_.msg_namelen);
  into.truncated = (header_.msg_flags & MSG_TRUNC) != 0;
}

std::string sock_connect_operation::what_failed() const {
  return borrowing_operation::what_failed() + " to " + peer_.to_string();
}

// A peer that is gone already has no name.
sock_connection sock_accept_operation::convert(std::int32_t number) {
  sock_connection made{.number = number};
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  auto* const name = reinterpret_cast<sockaddr*>(&peer);
  if (io().getpeername(number, name, &size) == 0) made.peer = socket_address(name, size);
  return made;
}

}  // namespace hocket::detail
