// hocket ps: the tasks of another process, one a line.

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/inspect/task_text.hpp>

#include "inspect_command.hpp"

namespace hocket::app {
namespace {

using row = std::array<std::string, 11>;
constexpr std::array<std::string_view, std::tuple_size_v<row>> titles{
    "TASK", "NAME", "STATE", "FOR", "AGE", "STEPS", "IN STEPS", "CPU%", "WAITS FOR", "DOES", "IN"};

constexpr std::size_t widest = 60;

// No column but the last is wider: one task's long words would push all others' off the screen. Cut between characters.
std::string cut(std::string text) {
  if (text.size() <= widest) return text;
  std::size_t size = widest - 3;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size) + "...";
}

// The last column may be as wide as it is. Columns in which nothing stands are left out.
void write(const std::vector<row>& rows, std::string& to) {
  std::array<std::size_t, titles.size()> widths{};
  for (const row& each : rows)
    for (std::size_t n = 0; n < widths.size(); ++n) widths[n] = std::max(widths[n], each[n].size());
  const auto write_line = [&](const auto& line) {
    for (std::size_t n = 0; n + 1 < line.size(); ++n)
      if (widths[n] > 0)
        fmt::format_to(std::back_inserter(to), "{:{}}  ", line[n], std::max(widths[n], titles[n].size()));
    to.append(line.back()).append("\n");
  };
  write_line(titles);
  for (const row& each : rows) write_line(each);
}

std::string load_text(const inspect::loop& loop) {
  if (!loop.load) return {};
  const auto& [in_steps, beside] = *loop.load;
  return fmt::format(", {:.1f} % of a processor ({:.1f} % beside its tasks)", (in_steps + beside) * 100, beside * 100);
}

std::string sampled_text(const inspect::sampling& sampled) {
  const std::string used = sampled.load ? fmt::format(", {:.1f} % of a processor in all", *sampled.load * 100) : "";
  return fmt::format("{} samples in {}{}\n", sampled.samples, inspect::time_text(sampled.length), used);
}

std::string table_of(const inspect::snapshot& seen) {
  std::string text;
  if (seen.sampled) text += sampled_text(*seen.sampled);
  if (seen.loops.empty()) text += "no loops\n";
  std::size_t number = 0;
  for (const inspect::loop& loop : seen.loops) {
    fmt::format_to(std::back_inserter(text), "{}loop {}: {}, {} turns, {} tasks{}\n", number > 0 ? "\n" : "",
                   number + 1, loop.running ? "running" : "not running", loop.turns, loop.tasks.size(),
                   load_text(loop));
    ++number;
    std::vector<row> rows;
    for (const inspect::task& task : loop.tasks)
      rows.push_back({fmt::format("{:#x}", task.id), cut(printable(task.name)), inspect::state_text(task.state),
                      inspect::time_text(task.since), inspect::time_text(task.age), fmt::format("{}", task.steps),
                      task.spent ? inspect::time_text(*task.spent) : "",
                      task.load ? fmt::format("{:.1f}", *task.load * 100) : "", cut(inspect::wait_text(loop, task)),
                      cut(printable(task.activity)),
                      task.frames.empty() ? "" : inspect::place_text(seen, task.frames.front())});
    if (!rows.empty()) write(rows, text);
    for (const inspect::deadlock& each : loop.deadlocks)
      text.append("deadlock: ").append(inspect::deadlock_text(loop, each)).append("\n");
  }
  return text;
}

}  // namespace

void add_ps(CLI::App& program, action& chosen) {
  add_inspect_command(
      program, chosen,
      {.name = "ps", .description = "List the tasks of a running process", .text = table_of, .samples = true});
}

}  // namespace hocket::app
