// A generator never ends; who takes from it stops when enough has come, and goes on later where it stopped.
// Run: endless
#include <fmt/format.h>

#include <hocket/hocket.hpp>

hocket::generator<int> endless() {
  for (;;)
    for (const int i : {9, 8, 7, 6}) co_yield i;
}

int main() {
  auto e = endless();
  int total = 0;
  for (const int i : e) {
    fmt::print("{} ", i);
    total += i;
    if (total > 100) break;  // the generator stays as it is
  }
  fmt::print("\n");
  for (int more = 0; more < 3; ++more) fmt::print("{} ", *e.next());
  fmt::print("\n");
}
