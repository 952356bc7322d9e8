#pragma once

#include <string>
#include <utility>
#include <vector>

#include <hocket/io/io_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// A socket, mostly one that listens, with which a service manager started this process: it outlives the process, so that clients who come while
/// that is started again wait instead of being refused. Owns its descriptor, which belongs to no loop yet. Source: sd_listen_fds(3).
class passed_socket {
 public:
  /// Takes ownership of an open descriptor; makes it non-blocking and closed in programs that this one starts. Throws std::system_error, and then
  /// it stays the caller's.
  passed_socket(int number, std::string name);
  passed_socket(passed_socket&& other) noexcept
      : number_(std::exchange(other.number_, -1)), name_(std::move(other.name_)) {}
  passed_socket& operator=(passed_socket&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~passed_socket();

  /// As the manager calls it (FileDescriptorName=), "unknown" if it does not say.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int number() const noexcept { return number_; }

  /// Whether connections can be accepted from it: a listening stream socket, of TCP or of unix (`local_address` tells).
  [[nodiscard]] bool is_listening() const noexcept;
  /// Throws std::system_error if it is no socket.
  [[nodiscard]] socket_address local_address() const;

  /// Another descriptor of it, for the running loop: `tcp_listener listener(passed.handle())`. Throws std::system_error.
  [[nodiscard]] io_handle handle(std::source_location where = std::source_location::current()) const;

 private:
  int number_;
  std::string name_;
};

/// Those that this process was given, in the manager's order; none if it was given none, or if they were meant for another process (its
/// parent, say). They are given once: the variables of the environment that tell of them (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES) are removed, so
/// call it before there are threads. Throws `error` if the variables make no sense, std::system_error if a descriptor is not open.
[[nodiscard]] std::vector<passed_socket> take_passed_sockets();

}  // namespace hocket
