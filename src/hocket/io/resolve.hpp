#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/core/operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// Errors of getaddrinfo(3), with its words. Counterpart: socket.gaierror.
[[nodiscard]] const std::error_category& resolve_category() noexcept;

namespace detail {

class resolve_operation final : public operation {
 public:
  resolve_operation(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
  resolve_operation(resolve_operation&& other) noexcept
      : operation(static_cast<operation&&>(other)), host_(std::move(other.host_)), port_(other.port_) {}

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  [[nodiscard]] std::vector<socket_address> await_resume();
  bool stop() noexcept override;

 private:
  class job;

  std::string host_;
  std::uint16_t port_;
  job* job_ = nullptr;
  std::vector<socket_address> addresses_;
  int error_ = 0;         // an EAI_ code
  int system_error_ = 0;  // errno, with EAI_SYSTEM
};

}  // namespace detail

/// The addresses of `host`, in the order in which they should be tried (RFC 6724), each with `port`; at least one.
///
/// Names are looked up by getaddrinfo(3) on the loop's blocking pool; addresses in numbers are not. Throws std::system_error
/// in `resolve_category()`. Cancelling does not wait for the look-up, which cannot be stopped. Counterpart: loop.getaddrinfo.
[[nodiscard]] inline detail::resolve_operation resolve(std::string host, std::uint16_t port) {
  return {std::move(host), port};
}

}  // namespace hocket
