#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/core/operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// Errors of getaddrinfo(3) and getnameinfo(3), with their words. Counterpart: socket.gaierror.
[[nodiscard]] const std::error_category& resolve_category() noexcept;

/// What is wanted of getaddrinfo(3). Zeros: whatever there is.
struct getaddrinfo_hints {
  int family = 0;    // AF_INET, AF_INET6
  int type = 0;      // SOCK_STREAM, ...
  int protocol = 0;  // IPPROTO_TCP, ...
  int flags = 0;     // AI_...
};

/// One way to reach a service: arguments for socket(2), and where to connect or bind.
struct address_info {
  int family = 0;
  int type = 0;
  int protocol = 0;
  std::string canonical_name{};  // of the first only, with AI_CANONNAME
  socket_address address{};
};

/// An address in words. Counterpart: the tuple of loop.getnameinfo.
struct name_info {
  std::string host;
  std::string service;
};

namespace detail {

/// Waits for a call on the blocking pool that nothing can stop. Cancelled it leaves the call behind, which owns its arguments and
/// ends unheard.
class name_operation : public operation {
 public:
  class job;

  bool stop() noexcept override;

 protected:
  name_operation() noexcept;
  name_operation(name_operation&& other) noexcept;
  ~name_operation();

  /// Ends it before it begins, as if the call had answered so.
  void fail(int error) noexcept { refusal_ = error; }
  [[nodiscard]] bool has_failed() const noexcept { return refusal_ != 0; }
  /// A test may want it to fail.
  void ask_observer() noexcept;

  void submit(std::coroutine_handle<> waiter, std::unique_ptr<job> made);
  /// Throws `cancelled`, and if the call failed std::system_error, in which `what` could not be done.
  void finish(const char* what, const std::string& of);

  std::unique_ptr<job> ended_;

 private:
  job* job_ = nullptr;  // while it runs; it deletes itself or becomes `ended_`
  int refusal_ = 0;     // an EAI_ code
};

class getaddrinfo_operation : public name_operation {
 public:
  getaddrinfo_operation(std::string host, std::string service, getaddrinfo_hints hints) noexcept
      : host_(std::move(host)), service_(std::move(service)), hints_(hints) {}

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  [[nodiscard]] std::vector<address_info> await_resume();

 protected:
  std::string host_;
  std::string service_;
  getaddrinfo_hints hints_;
};

class resolve_operation final : public getaddrinfo_operation {
 public:
  resolve_operation(std::string host, std::uint16_t port, int family) noexcept;

  [[nodiscard]] bool await_ready();
  [[nodiscard]] std::vector<socket_address> await_resume();

 private:
  std::uint16_t port_;
  std::vector<socket_address> numeric_;
};

class getnameinfo_operation final : public name_operation {
 public:
  getnameinfo_operation(const socket_address& address, int flags) noexcept : address_(address), flags_(flags) {}

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  [[nodiscard]] name_info await_resume();

 private:
  socket_address address_;
  int flags_;
};

}  // namespace detail

/// The addresses of `host`, in the order in which they should be tried (RFC 6724), each with `port`; at least one. `family` is
/// AF_INET or AF_INET6 for those alone.
///
/// Names are looked up by getaddrinfo(3) on the loop's blocking pool; addresses in numbers are not. Throws std::system_error
/// in `resolve_category()`. Cancelling does not wait for the look-up, which cannot be stopped.
[[nodiscard]] inline detail::resolve_operation resolve(std::string host, std::uint16_t port, int family = AF_UNSPEC) {
  return {std::move(host), port, family};
}

/// What getaddrinfo(3) says, in its order; at least one. `host` may be empty (loopback, or with AI_PASSIVE any address), and so
/// may `service`, a name of /etc/services or a number.
///
/// Runs on the loop's blocking pool. Throws and is cancelled as `resolve`. Counterpart: loop.getaddrinfo.
[[nodiscard]] inline detail::getaddrinfo_operation getaddrinfo(std::string host, std::string service,
                                                               getaddrinfo_hints hints = {}) {
  return {std::move(host), std::move(service), hints};
}
[[nodiscard]] inline detail::getaddrinfo_operation getaddrinfo(std::string host, std::uint16_t port,
                                                               getaddrinfo_hints hints = {}) {
  return {std::move(host), std::to_string(port), hints};
}

/// The names of an address and its port, by getnameinfo(3) with `flags` (NI_...): numbers where there is no name, unless
/// NI_NAMEREQD. Throws and is cancelled as `resolve`. Counterpart: loop.getnameinfo.
[[nodiscard]] inline detail::getnameinfo_operation getnameinfo(const socket_address& address, int flags = 0) {
  return {address, flags};
}

}  // namespace hocket
