#include <hocket/io/stream_listener.hpp>

namespace hocket {

const basic_socket& stream_listener::socket() const noexcept {
  if (const auto* of_tcp = std::get_if<tcp_listener>(&listener_)) return *of_tcp;
  return *std::get_if<unix_listener>(&listener_);
}

// Each in its own way: that of a unix socket has a file to remove.
void stream_listener::close() noexcept {
  if (auto* of_tcp = as<tcp_listener>()) of_tcp->close();
  if (auto* of_unix = as<unix_listener>()) of_unix->close();
}

}  // namespace hocket
