#include <hocket/io/server.hpp>

namespace hocket {

std::vector<socket_address> server::addresses() const {
  std::vector<socket_address> all;
  for (const stream_listener& each : sockets())
    if (each.is_open()) all.push_back(each.local_address());
  return all;
}

}  // namespace hocket
