// One poem after another, with calls that block: takes as long as all poems together.
// Run: get_blocking [HOST:]PORT ...
#include <string>
#include <vector>

#include "blocking_poem.hpp"

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  std::vector<std::string> poems;
  for (const address& each : addresses) poems.push_back(get_poem(each));
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_blocking", "Downloads poems, one after another.", get_poetry);
}
