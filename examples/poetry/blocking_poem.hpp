#pragma once

#include <string>

#include "poetry.hpp"

/// Downloads a poem; whoever calls it waits in `connect`, and in each `recv`. As get_blocking, get_processes and get_threads do.
inline std::string get_poem(const address& from) {
  const tcp_socket socket;
  try_connect(socket, from);  // a socket that blocks does not return before it is connected
  std::string poem;
  for (;;) {
    const auto bytes = try_receive(socket, from);
    if (!bytes || bytes->empty()) return poem;
    append(poem, *bytes, from);
  }
}
