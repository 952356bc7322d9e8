// A grandmaster plays 24 amateurs, one game after another or a move at each table in turn: twelve hours, or one.
// Run: chess (which takes a moment, for its clock jumps to whatever happens next)
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/testing/virtual_clock.hpp>

using namespace std::chrono_literals;

constexpr int opponents = 24, pairs_of_moves = 30;
constexpr auto judit_thinks = 5s, opponent_thinks = 55s;

hocket::coro<void> game(hocket::lock& judit) {
  for (int pair = 0; pair < pairs_of_moves; ++pair) {
    {
      const auto at_this_table = co_await judit.scoped_lock();  // who has waited longest comes first
      co_await hocket::sleep(judit_thinks);
    }
    co_await hocket::sleep(opponent_thinks);
  }
}

hocket::coro<void> one_after_another() {
  hocket::lock judit;
  for (int opponent = 0; opponent < opponents; ++opponent) co_await game(judit);
}

hocket::coro<void> from_table_to_table() {
  hocket::lock judit;
  std::vector<hocket::coro<void>> games;
  for (int opponent = 0; opponent < opponents; ++opponent) games.push_back(game(judit));
  co_await hocket::gather(std::move(games));
}

void time_exhibition(const char* version, hocket::coro<void> exhibition) {
  hocket::testing::virtual_clock clock;
  const auto start = clock.now();
  hocket::run(std::move(exhibition), {.clock = &clock});
  const auto minutes = std::chrono::floor<std::chrono::minutes>(clock.now() - start).count();
  fmt::print("{} version: {} h {} min\n", version, minutes / 60, minutes % 60);
}

int main() {
  time_exhibition("Synchronous", one_after_another());
  time_exhibition("Asynchronous", from_table_to_table());
}
