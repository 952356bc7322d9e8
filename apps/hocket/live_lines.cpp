#include "live_lines.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hocket/base/printable.hpp>

#include "progress_line.hpp"

namespace hocket::app {

static constexpr std::string_view to_end_of_line = "\x1b[K";
static constexpr std::string_view to_end_of_screen = "\x1b[J";

std::optional<terminal_size> size_of_terminal() noexcept {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 2) return std::nullopt;
  return terminal_size{size.ws_col, size.ws_row};
}

// The cursor stands behind the last line. A window that has become narrower shows a line in several rows.
std::string live_lines::to_first_line() const {
  const auto size = size_of_terminal();
  std::size_t rows = 0;
  for (const std::size_t length : shown_)
    rows += size ? std::max<std::size_t>(1, (length + size->columns - 1) / size->columns) : 1;
  return rows > 1 ? fmt::format("\r\x1b[{}A", rows - 1) : "\r";
}

void live_lines::show(std::vector<std::string> lines) {
  if (!size_of_terminal() && lines.size() > 1) lines.resize(1);
  std::string text = to_first_line();
  std::vector<std::size_t> lengths;
  for (std::string& line : lines) {
    line = fitted(std::move(line));
    if (!lengths.empty()) text += "\r\n";
    text.append(line).append(to_end_of_line);
    lengths.push_back(line.size());
  }
  if (shown_.size() > 1) text += to_end_of_screen;
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
  shown_ = std::move(lengths);
}

void live_lines::say(std::string_view line) {
  clear();
  fmt::print(stderr, "{}\n", printable(line));
}

void live_lines::clear() {
  if (shown_.empty()) return;
  fmt::print(stderr, "{}{}", to_first_line(), shown_.size() > 1 ? to_end_of_screen : to_end_of_line);
  std::fflush(stderr);
  shown_.clear();
}

}  // namespace hocket::app
