#pragma once

#include <cstddef>
#include <vector>

#include "top_page.hpp"

struct screen;  // ncurses'

namespace hocket::app {

/// The whole terminal at standard input and output, by ncurses, for as long as one exists; afterwards it is as before, with what it showed.
///
/// Ctrl-Z gives it back meanwhile. What has handlers for SIGINT and SIGTERM keeps them if they were set before.
class terminal_screen {
 public:
  /// Throws `failure` if there is no terminal, or one that nothing is known of. Sets the locale's characters.
  terminal_screen();
  ~terminal_screen();
  terminal_screen(const terminal_screen&) = delete;

  /// As it is now.
  [[nodiscard]] std::size_t lines() const;
  [[nodiscard]] std::size_t columns() const;
  [[nodiscard]] bool has_blocks() const noexcept { return has_blocks_; }

  void draw(const std::vector<screen_line>& page);

  /// Draws all of it anew the next time, whatever others have written there.
  void forget();

  /// The next key that was pressed: a character, or a `top_key`; `key_none` if there is none.
  [[nodiscard]] char32_t read_key();

 private:
  struct ::screen* screen_;
  bool has_blocks_ = false;
};

}  // namespace hocket::app
