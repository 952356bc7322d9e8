// Commands typed at a prompt, while tasks go on printing above it.
// Run: prompt, then `in 2s hello`, `every 500ms tick`, `stop`; Ctrl-D or `quit` ends it. Reads commands from a pipe or a file, too.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program.hpp"

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

/// "2s", "0.5s", "300ms", "5m"; nothing if it is none, or more than a day.
std::optional<hocket::duration> time_in(std::string_view text) {
  double number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size());
  const double unit_seconds = unit == "ms" ? 1e-3 : unit == "s" ? 1 : unit == "m" ? 60 : 0;
  const double length = number * unit_seconds;
  if (error != std::errc() || !(length > 0 && length <= 86400)) return std::nullopt;
  return std::chrono::duration_cast<hocket::duration>(seconds(length));
}

hocket::coro<void> remind(hocket::console& screen, hocket::duration after, std::string text) {
  co_await hocket::sleep(after);
  co_await screen.print(std::move(text));
}

hocket::coro<void> repeat(hocket::console& screen, hocket::duration pause, std::string text) {
  for (;;) {
    co_await hocket::sleep(pause);
    co_await screen.print(text);
  }
}

std::string take_word(std::string_view& from) {
  from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
  const std::string word(from.substr(0, from.find(' ')));
  from.remove_prefix(std::min(word.size() + 1, from.size()));
  return word;
}

hocket::coro<void> talk(hocket::console& screen) {
  constexpr std::size_t most_tickers = 100;
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    std::vector<hocket::task<void>> tickers;
    while (const auto line = co_await screen.readline()) {
      std::string_view rest = *line;
      const std::string command = take_word(rest);
      if (command.empty()) continue;
      if (command == "quit") break;
      if (command == "stop") {
        for (auto& each : std::exchange(tickers, {})) each.cancel();
        continue;
      }
      const auto time = time_in(take_word(rest));
      if (command == "in" && time)
        group.create_task(remind(screen, *time, std::string(rest)));
      else if (command == "every" && time && *time >= 10ms && tickers.size() < most_tickers)
        tickers.push_back(group.create_task(repeat(screen, *time, std::string(rest))));
      else
        co_await screen.print("there are: in TIME TEXT, every TIME TEXT (10ms or more), stop, quit");
    }
    for (auto& each : tickers) each.cancel();
    if (screen.is_terminal()) group.cancel();  // a person is not kept waiting; from a pipe all reminders are given
  });
}

hocket::coro<void> amain() {
  hocket::console screen;
  try {
    co_await hocket::finally(talk(screen), hocket::move_on_after(1s, screen.close()));
  } catch (const hocket::exception_group& failed) {
    std::rethrow_exception(failed.errors().front());
  }
}

int main(int argc, char** argv) {
  CLI::App options("A prompt above which tasks print.", "prompt");
  read_command_line(options, argc, argv);
  return run_program(options, amain());
}
