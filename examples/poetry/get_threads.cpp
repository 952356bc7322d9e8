// The function of get_blocking, on a thread for each poem: takes as long as the longest. What threads share they must not touch at
// the same time; here each has its own poem, and its future brings it.
// Run: get_threads [HOST:]PORT ...
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "blocking_poem.hpp"

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  std::vector<std::future<std::string>> coming;
  for (const address& each : addresses) coming.push_back(std::async(std::launch::async, get_poem, std::cref(each)));
  std::vector<std::string> poems;
  for (auto& each : coming) poems.push_back(each.get());  // or throws what was thrown there
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_threads", "Downloads poems, each on a thread.", get_poetry);
}
