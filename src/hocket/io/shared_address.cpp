#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/io/shared_address.hpp>

namespace hocket {
namespace {

socket_address address_of(const passed_socket& socket) {
  if (!socket.is_listening())
    throw error(fmt::format("nobody listens at descriptor {} ('{}'), with which this process was started",
                            socket.number(), printable(socket.name())));
  return socket.local_address();
}

}  // namespace

shared_address::shared_address(passed_socket socket) : address_(address_of(socket)), passed_(std::move(socket)) {}

tcp_listener shared_address::listen(listen_options options, std::source_location where) {
  const std::lock_guard guard(mutex_);
  if (passed_) return tcp_listener(passed_->handle(where));
  if (!is_taken_ && !options.reuse_port && address_.port() != 0)
    static_cast<void>(tcp_listener::listen(address_, options, where));  // throws if somebody is there; closes at once
  options.reuse_port = true;
  tcp_listener made = tcp_listener::listen(address_, options, where);
  if (!std::exchange(is_taken_, true)) address_ = made.local_address();
  return made;
}

}  // namespace hocket
