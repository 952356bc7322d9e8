#pragma once

#include <cstdint>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hocket::testing {

/// A port of 127.0.0.1 at which nobody listens, below those that the system gives to whoever asks for any: of programs that cannot choose one, nor share a reserved one.
inline std::uint16_t unused_port() {
  static std::uint16_t next = static_cast<std::uint16_t>(12'000 + ::getpid() % 200 * 90);
  for (;;) {
    next = next < 31'000 ? static_cast<std::uint16_t>(next + 1) : std::uint16_t(12'000);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(next);
    const bool is_free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (is_free) return next;
  }
}

}  // namespace hocket::testing
