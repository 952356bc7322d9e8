#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/inspect/task_text.hpp>

namespace hocket::inspect {

const char* state_text(task_state state) noexcept {
  switch (state) {
    case task_state::running:
      return "running";
    case task_state::ready:
      return "ready";
    case task_state::waiting:
      return "waiting";
  }
  return "";
}

std::string place_text(const snapshot& of, std::uint32_t place) {
  const auto& [function, file, line] = of.places[place];
  return printable(fmt::format("{}() {}:{}", function, file, line));
}

// What an operation moves goes to the other side.
static bool leaves(std::string_view kind) noexcept {
  return kind.starts_with("send") || kind.starts_with("write") || kind.starts_with("connect");
}

std::string time_text(std::chrono::nanoseconds length) {
  const double seconds = std::chrono::duration<double>(length).count();
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{:.1f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} d", seconds / 86400);
}

std::string wait_text(const loop& of, const task& waiting) {
  if (!waiting.waits_for) return {};
  const wait& what = *waiting.waits_for;
  std::string text = what.kind;
  if (!what.function.empty()) text.append(" ").append(what.function);
  if (what.process)
    text += *what.process != 0 ? fmt::format(" in process {}", *what.process) : ", in line for a process";
  if (what.thread) text += *what.thread != 0 ? fmt::format(" in thread {}", *what.thread) : ", in line for a thread";
  if (what.object) text += fmt::format(" {:#x}", *what.object);
  if (what.left && what.left->count() > 0)
    text += fmt::format(", {:.1f} s left", std::chrono::duration<double>(*what.left).count());
  if (what.left && what.left->count() <= 0) text += ", due";
  if (what.descriptor) text += fmt::format(" on descriptor {}", *what.descriptor);
  if (!what.peer.empty())
    text += (leaves(what.kind) ? " to " : " from ") + what.peer;
  else if (!what.own_address.empty())
    text += " at " + what.own_address;
  if (what.held_by) text += fmt::format(" held by '{}'", of.tasks[*what.held_by].name);
  if (what.count) text += fmt::format(", {} left", *what.count);
  if (what.awaited) text += fmt::format(" '{}'", of.tasks[*what.awaited].name);
  return printable(text);
}

std::string deadlock_text(const loop& of, const deadlock& told) {
  constexpr std::size_t most_named = 20;
  const std::size_t size = told.circle.size();
  std::string text;
  for (std::size_t n = 0; n < std::min(size, most_named); ++n)
    text.append(printable(of.tasks[told.circle[n]].name)).append(" > ");
  if (size > most_named) text += fmt::format("... {} more > ", size - most_named);
  text += printable(of.tasks[told.circle.front()].name);
  const std::size_t others = told.tasks.size() - size;
  if (others > 0) text += fmt::format(", and {} more task{}", others, others == 1 ? "" : "s");
  return text;
}

}  // namespace hocket::inspect
