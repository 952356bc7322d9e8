#include "terminal_screen.hpp"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <hocket/base/utf8.hpp>

#include "command.hpp"

#define NCURSES_NOMACROS 1
#include <curses.h>

namespace hocket::app {
namespace {

constexpr int escape_delay_ms = 25;  // within which the rest of a key comes that begins with Esc

enum pair : short { running_pair = 1, ready_pair, alarm_pair };

// Attributes that mean something without colours, too.
attr_t attributes_of(text_look look) {
  const auto color = [](short pair) { return has_colors() ? static_cast<attr_t>(COLOR_PAIR(pair)) : attr_t{}; };
  switch (look) {
    case text_look::plain:
      return A_NORMAL;
    case text_look::heading:
      return A_BOLD;
    case text_look::bar:
      return A_REVERSE;
    case text_look::selected:
      return A_REVERSE | A_BOLD;
    case text_look::running:
      return A_BOLD | color(running_pair);
    case text_look::ready:
      return color(ready_pair);
    case text_look::faint:
      return A_DIM;
    case text_look::alarm:
      return A_BOLD | color(alarm_pair);
  }
  return A_NORMAL;
}

std::wstring wide(std::string_view text) {
  std::wstring made;
  while (!text.empty()) {
    const utf8_character first = leading_utf8(text);
    made += static_cast<wchar_t>(first.value);
    text.remove_prefix(first.size);
  }
  return made;
}

char32_t key_of_code(wint_t code) {
  switch (code) {
    case KEY_UP:
      return key_up;
    case KEY_DOWN:
      return key_down;
    case KEY_LEFT:
      return key_left;
    case KEY_RIGHT:
      return key_right;
    case KEY_PPAGE:
      return key_page_up;
    case KEY_NPAGE:
      return key_page_down;
    case KEY_HOME:
      return key_home;
    case KEY_END:
      return key_end;
    case KEY_ENTER:
      return key_enter;
    case KEY_BACKSPACE:
    case KEY_DC:
      return key_backspace;
    case KEY_RESIZE:  // ncurses' own news
      return key_resized;
    default:
      return key_other;
  }
}

char32_t key_of_character(wint_t character) {
  switch (character) {
    case L'\r':
    case L'\n':
      return key_enter;
    case L'\x1b':
      return key_escape;
    case L'\b':
    case L'\x7f':
      return key_backspace;
    case L'\t':
      return key_tab;
    default:
      return character < key_none ? static_cast<char32_t>(character) : char32_t{key_other};
  }
}

}  // namespace

terminal_screen::terminal_screen() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    throw failure("this needs a terminal; hocket ps --watch prints instead", wrong_usage);
  std::setlocale(LC_CTYPE, "");
  has_blocks_ = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  screen_ = newterm(nullptr, stdout, stdin);
  if (screen_ == nullptr) {
    const char* const name = std::getenv("TERM");
    throw failure(fmt::format("this needs a terminal that is known, and TERM is '{}'; hocket ps --watch prints instead",
                              name != nullptr ? name : ""),
                  work_failed);
  }
  set_escdelay(escape_delay_ms);
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, true);
  nodelay(stdscr, true);
  curs_set(0);
  if (!has_colors()) return;
  start_color();
  use_default_colors();
  init_pair(running_pair, COLOR_GREEN, -1);
  init_pair(ready_pair, COLOR_YELLOW, -1);
  init_pair(alarm_pair, COLOR_RED, -1);
}

terminal_screen::~terminal_screen() {
  curs_set(1);
  endwin();
  delscreen(screen_);
}

std::size_t terminal_screen::lines() const { return static_cast<std::size_t>(std::max(0, getmaxy(stdscr))); }
std::size_t terminal_screen::columns() const { return static_cast<std::size_t>(std::max(0, getmaxx(stdscr))); }

void terminal_screen::draw(const std::vector<screen_line>& page) {
  werase(stdscr);
  int row = 0;
  for (const screen_line& line : page) {
    wmove(stdscr, row++, 0);
    for (const text_run& run : line) {
      wattrset(stdscr, static_cast<int>(attributes_of(run.look)));
      waddwstr(stdscr, wide(run.text).c_str());
    }
  }
  wrefresh(stdscr);
}

void terminal_screen::forget() {
  reset_prog_mode();
  clearok(stdscr, true);
}

char32_t terminal_screen::read_key() {
  wint_t read = 0;
  switch (wget_wch(stdscr, &read)) {
    case OK:
      return key_of_character(read);
    case KEY_CODE_YES:
      return key_of_code(read);
    default:
      return key_none;
  }
}

}  // namespace hocket::app
