#include <hocket/io/resolve.hpp>
#include <hocket/io/resolver.hpp>

namespace hocket {

coro<std::vector<socket_address>> system_resolver::resolve(std::string host, std::uint16_t port, int family) {
  co_return co_await hocket::resolve(std::move(host), port, family);
}

}  // namespace hocket
