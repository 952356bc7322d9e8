// The wire between a pool and its workers: a stream socket, and on it a header and a body for each message.
//
// A worker runs the user's code, which may write to any descriptor or die anywhere. So every header is checked before anything
// is made of it: the magic number, the kind, the size. The pool checks the job's number as well.

#include <cerrno>
#include <cstring>

#include <sys/socket.h>

#include <hocket/base/error.hpp>
#include <hocket/exec/detail/process_message.hpp>
#include <hocket/exec/process_function.hpp>

namespace hocket::detail {

std::string begin_message() { return std::string(sizeof(message_header), '\0'); }

void seal(std::string& message, message_kind kind, std::uint64_t job) noexcept {
  message_header header;
  header.kind = kind;
  header.job = job;
  header.size = message.size() - sizeof(header);
  std::memcpy(message.data(), &header, sizeof(header));
}

void append_function(std::string& message, const process_entry& entry) {
  const std::uint32_t numbers[] = {entry.ordinal(), static_cast<std::uint32_t>(entry.signature().size())};
  message.append(reinterpret_cast<const char*>(numbers), sizeof(numbers));
  message.append(entry.signature());
}

requested_call read_call(std::string_view bytes) {
  std::uint32_t numbers[2];
  if (bytes.size() < sizeof(numbers)) throw protocol_error("a call without a function");
  std::memcpy(numbers, bytes.data(), sizeof(numbers));
  bytes.remove_prefix(sizeof(numbers));
  const auto [ordinal, length] = numbers;
  if (bytes.size() < length) throw protocol_error("a call whose function is cut off");
  const std::string_view signature = bytes.substr(0, length);
  return {process_entry::find(signature, ordinal), signature, bytes.substr(length)};
}

message_reader::status message_reader::receive(int socket, int flags) {
  if (complete_) {
    complete_ = false;
    received_ = 0;
  }
  if (received_ < sizeof(header_)) {
    const status got = fill(socket, flags, reinterpret_cast<char*>(&header_) + received_, sizeof(header_) - received_);
    if (got != status::message) return got;
    if (header_.magic != message_header::right_magic || header_.kind > message_kind::error || header_.size > max_bytes_)
      return status::garbage;
    body_.resize(header_.size);
  }
  const std::size_t had = received_ - sizeof(header_);
  const status got =
      had == body_.size() ? status::message : fill(socket, flags, body_.data() + had, body_.size() - had);
  complete_ = got == status::message;
  return got;
}

// `message` if it got all.
message_reader::status message_reader::fill(int socket, int flags, char* to, std::size_t size) {
  const ssize_t got = recv(socket, to, size, flags);
  if (got == 0) return status::closed;
  if (got < 0) return errno == EAGAIN || errno == EINTR ? status::nothing : status::closed;
  received_ += static_cast<std::size_t>(got);
  return static_cast<std::size_t>(got) == size ? status::message : status::nothing;
}

bool send_some(int socket, std::string_view message, std::size_t& sent, int flags) noexcept {
  while (sent < message.size()) {
    const ssize_t gone = send(socket, message.data() + sent, message.size() - sent, flags | MSG_NOSIGNAL);
    if (gone >= 0)
      sent += static_cast<std::size_t>(gone);
    else if (errno != EINTR)
      return errno == EAGAIN;
  }
  return true;
}

}  // namespace hocket::detail
