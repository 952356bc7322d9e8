#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "top_table.hpp"
#include "top_view.hpp"

namespace hocket::app {

/// Keys that are no characters; what is typed is itself, in Unicode.
enum top_key : char32_t {
  key_none = 0x110000,
  key_up,
  key_down,
  key_left,
  key_right,
  key_page_up,
  key_page_down,
  key_home,
  key_end,
  key_enter,
  key_escape,
  key_backspace,
  key_tab,
  key_other,    // which means nothing here
  key_resized,  // none: the terminal has another size
};

/// What the user of `hocket top` has chosen.
struct top_state {
  top_order order;
  std::optional<task_key>
      selected;              // the row follows it wherever it is sorted to; until there is one the first row is marked
  std::size_t position = 0;  // of that row, or where it was last
  std::size_t first = 0;     // the row at the top
  std::size_t page = 10;     // rows that are seen

  bool chain = false;              // of the selected task is shown
  bool in_chain = false;           // keys move in it, not in the table
  std::vector<std::string> lines;  // of the chain, as last known
  std::size_t first_line = 0;      // at the top
  std::size_t last_line = 0;       // that can be there
  std::size_t chain_page = 5;      // lines that are seen
  bool ended = false;              // the task of the chain

  bool typing = false;  // a filter
  bool help = false;
  bool paused = false;
  bool quit = false;
  std::chrono::milliseconds interval{1000};  // between two looks
};

/// Does what a key is for. `rows` are those of the view in the state's order.
void press(top_state& state, char32_t key, const top_view& view, const std::vector<std::uint32_t>& rows);

/// Finds the selected task again in a new view, order or filter, and its chain.
void follow_selected(top_state& state, const top_view& view, const std::vector<std::uint32_t>& rows);

}  // namespace hocket::app
