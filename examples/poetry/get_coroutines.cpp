// The same with hocket: it has the loop, futures, tasks, coroutines and sockets.
// Run: get_coroutines [HOST:]PORT ...
#include <string>
#include <utility>
#include <vector>

#include <hocket/hocket.hpp>

#include "poetry.hpp"

hocket::coro<std::string> get_poem(address from) {
  auto [reader, writer] = co_await hocket::open_connection(from.host, from.port);
  std::string poem;
  for (;;) {
    const std::string bytes = co_await reader.read(1024);
    if (bytes.empty()) co_return poem;
    append(poem, bytes, from);
  }
}

hocket::coro<std::vector<std::string>> amain(std::vector<address> addresses) {
  std::vector<hocket::coro<std::string>> downloads;
  for (const address& each : addresses) downloads.push_back(get_poem(each));
  co_return co_await hocket::gather(std::move(downloads));
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) { return hocket::run(amain(addresses)); }

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_coroutines", "Downloads poems, by hocket's coroutines.", get_poetry);
}
