#include <utility>

#include <hocket/io/shared_address.hpp>

namespace hocket {

tcp_listener shared_address::listen(listen_options options, std::source_location where) {
  const std::lock_guard guard(mutex_);
  if (!is_taken_ && !options.reuse_port && address_.port() != 0)
    static_cast<void>(tcp_listener::listen(address_, options, where));  // throws if somebody is there; closes at once
  options.reuse_port = true;
  tcp_listener made = tcp_listener::listen(address_, options, where);
  if (!std::exchange(is_taken_, true)) address_ = made.local_address();
  return made;
}

}  // namespace hocket
