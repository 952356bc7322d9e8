// Stackless' model: tasklets that meet at channels. Whoever comes first waits for the other; nothing is kept in between.
// Run: microthreads
#include <array>
#include <string_view>

#include <fmt/format.h>

#include <hocket/green.hpp>
#include <hocket/hocket.hpp>

namespace green = hocket::green;

// Each takes what comes, and hands it on a little larger, until there is nothing more.
void worker(std::string_view name, green::channel<int>& from, green::channel<int>& to) {
  for (int item = from.receive(); item != 0; item = from.receive()) {
    fmt::print("{} has {}\n", name, item);
    to.send(item * 10);
  }
  fmt::print("{} ends\n", name);
  to.send(0);
}

void run_tasklets() {
  std::array<green::channel<int>, 3> channels;
  green::group tasklets;
  tasklets.spawn([&channels] { worker("Ping", channels[0], channels[1]); });
  tasklets.spawn([&channels] { worker("Pong", channels[1], channels[2]); });
  tasklets.spawn([&channels] {
    for (const int item : {1, 2, 3, 0}) channels[0].send(item);
  });
  for (int item = channels[2].receive(); item != 0; item = channels[2].receive()) fmt::print("out comes {}\n", item);
  tasklets.join();
  fmt::print("who waits at a channel now: {}\n", channels[0].balance());
}

int main() { hocket::run(green::run(run_tasklets)); }
