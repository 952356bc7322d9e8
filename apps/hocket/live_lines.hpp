#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::app {

struct terminal_size {
  std::size_t columns;
  std::size_t rows;
};

/// Of the terminal at standard error, as of now; nothing if there is none, or it does not know.
[[nodiscard]] std::optional<terminal_size> size_of_terminal() noexcept;

/// Lines at the bottom of standard error that are replaced in place while others are printed above them.
///
/// Each is cut to the terminal's width: one that wraps could not be replaced. If the window has changed since, they are counted as it shows them now.
class live_lines {
 public:
  /// Shows these in place of those before; of several only the first if nothing is known of the terminal.
  void show(std::vector<std::string> lines);

  /// Prints a line above. What would command a terminal is replaced (`printable`).
  void say(std::string_view line);

  /// Takes away what is live.
  void clear();

 private:
  [[nodiscard]] std::string to_first_line() const;

  std::vector<std::size_t> shown_;  // their lengths
};

}  // namespace hocket::app
