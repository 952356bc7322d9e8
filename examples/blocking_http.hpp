#pragma once

// A page by HTTP with sockets that block: for http_blocking, and for http_green, where the same calls wait.

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/url/url.hpp>

[[noreturn]] inline void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct blocking_socket {
  int number;
  explicit blocking_socket(const addrinfo& to) : number(::socket(to.ai_family, to.ai_socktype, to.ai_protocol)) {
    if (number < 0) fail("socket");
  }
  ~blocking_socket() { ::close(number); }
  blocking_socket(const blocking_socket&) = delete;
};

/// What a server answers, head and all, until it closes.
inline std::string get(const hocket::url& page) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(page.port_or_default());
  if (const int problem = ::getaddrinfo(std::string(page.host()).c_str(), port.c_str(), &hints, &found); problem != 0)
    throw std::runtime_error(::gai_strerror(problem));
  const blocking_socket server(*found);
  const int refused = ::connect(server.number, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (refused != 0) fail("connect");
  const auto asked = fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", page.request_target(), page.host_with_port());
  for (std::string_view rest = asked; !rest.empty();) {
    const auto sent = ::send(server.number, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string answer;
  for (char piece[16384];;) {
    const auto received = ::recv(server.number, piece, sizeof piece, 0);
    if (received < 0) fail("recv");
    if (received == 0) return answer;
    answer.append(piece, static_cast<std::size_t>(received));
  }
}
