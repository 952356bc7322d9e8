#include <hocket/core/activity.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/resolver.hpp>

namespace hocket {

coro<std::vector<socket_address>> system_resolver::resolve(std::string host, std::uint16_t port, int family) {
  activity resolving(host);
  resolving.enter("resolving");
  co_return co_await hocket::resolve(host, port, family);
}

}  // namespace hocket
