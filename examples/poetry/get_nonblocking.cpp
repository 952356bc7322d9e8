// Sockets that do not block, without anything better to do than to ask again: still one poem after another, and a processor is
// busy all the time.
// Run: get_nonblocking [HOST:]PORT ...
#include <string>
#include <vector>

#include "poetry.hpp"

std::string get_poem(const address& from) {
  const tcp_socket socket(SOCK_NONBLOCK);
  while (!try_connect(socket, from)) continue;
  std::string poem;
  for (;;) {
    const auto bytes = try_receive(socket, from);
    if (!bytes) continue;
    if (bytes->empty()) return poem;
    append(poem, *bytes, from);
  }
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  std::vector<std::string> poems;
  for (const address& each : addresses) poems.push_back(get_poem(each));
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_nonblocking", "Downloads poems, asking again and again.", get_poetry);
}
