// Producers and consumers that know only the queue between them; when it is worked off, the consumers are cancelled.
// Run: asyncq [-p PRODUCERS] [-c CONSUMERS], for example asyncq -p 2 -c 5
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/hocket.hpp>

using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

struct item {
  std::string name;
  steady_clock::time_point made;
};

std::mt19937 dice{6901};  // a fixed seed: the same draws in every run
int draw() { return std::uniform_int_distribution(0, 10)(dice); }

std::string make_item() {
  const auto five_bytes = std::uniform_int_distribution<std::uint64_t>(0, 0xff'ffff'ffff)(dice);
  return fmt::format("{:010x}", five_bytes);
}

hocket::coro<void> sleep_at_random(std::string caller) {
  const int i = draw();
  fmt::print("{} sleeping for {} seconds.\n", caller, i);
  co_await hocket::sleep(std::chrono::seconds(i));
}

hocket::coro<void> produce(int name, hocket::queue<item>& q) {
  for (int left = draw(); left > 0; --left) {
    co_await sleep_at_random(fmt::format("Producer {}", name));
    const std::string i = make_item();
    co_await q.put({i, steady_clock::now()});
    fmt::print("Producer {} added <{}> to queue.\n", name, i);
  }
}

hocket::coro<void> consume(int name, hocket::queue<item>& q) {
  for (;;) {
    co_await sleep_at_random(fmt::format("Consumer {}", name));
    const auto [i, made] = co_await q.get();
    const seconds waited = steady_clock::now() - made;
    fmt::print("Consumer {} got element <{}> in {:.5f} seconds.\n", name, i, waited.count());
    q.task_done();
  }
}

hocket::coro<void> amain(int nprod, int ncon) {
  hocket::queue<item> q;
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    std::vector<hocket::task<void>> producers, consumers;
    for (int n = 0; n < nprod; ++n) producers.push_back(group.create_task(produce(n, q)));
    for (int n = 0; n < ncon; ++n) consumers.push_back(group.create_task(consume(n, q)));
    co_await hocket::gather(producers);
    co_await q.join();  // awaits the consumers' work, too
    for (auto& consumer : consumers) consumer.cancel();
  });
}

int main(int argc, char** argv) {
  int nprod = 5, ncon = 10;
  CLI::App options;
  options.add_option("-p,--nprod", nprod, "producers")->capture_default_str();
  options.add_option("-c,--ncon", ncon, "consumers")->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  const auto start = steady_clock::now();
  hocket::run(amain(nprod, ncon));
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("Program completed in {:.5f} seconds.\n", elapsed.count());
}
