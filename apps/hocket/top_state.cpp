#include "top_state.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include <hocket/base/utf8.hpp>
#include <hocket/inspect/tree_text.hpp>

namespace hocket::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t longest_filter = 100;
constexpr std::size_t most_lines = 10'000;  // of a chain
constexpr std::array intervals{milliseconds(100),   milliseconds(200),   milliseconds(500),    milliseconds(1'000),
                               milliseconds(2'000), milliseconds(5'000), milliseconds(10'000), milliseconds(30'000)};

void change_interval(top_state& state, bool longer) {
  if (longer) {
    const auto next = std::ranges::upper_bound(intervals, state.interval);
    if (next != intervals.end()) state.interval = *next;
  } else {
    const auto next = std::ranges::lower_bound(intervals, state.interval);
    if (next != intervals.begin()) state.interval = *std::prev(next);
  }
}

void select(top_state& state, std::size_t position, const top_view& view, const std::vector<std::uint32_t>& rows) {
  if (rows.empty()) return;
  state.position = std::min(position, rows.size() - 1);
  const task_row& row = view.tasks[rows[state.position]];
  const inspect::loop& loop = view.seen.loops[row.loop];
  state.selected = key_of(view.seen, loop, loop.tasks[row.task]);
  state.first_line = 0;
  follow_selected(state, view, rows);
}

/// Where a key for moving leads from `at`; `at` for another key. `last` is the furthest.
std::size_t moved(std::size_t at, char32_t key, std::size_t page, std::size_t last) {
  const std::size_t step = std::max<std::size_t>(page, 1);
  switch (key) {
    case key_up:
    case U'k':
      return at - std::min<std::size_t>(at, 1);
    case key_down:
    case U'j':
      return std::min(at + 1, last);
    case key_page_up:
      return at - std::min(at, step);
    case key_page_down:
      return std::min(at + step, last);
    case key_home:
    case U'g':
      return 0;
    case key_end:
    case U'G':
      return last;
    default:
      return at;
  }
}

bool is_move(char32_t key) { return moved(1, key, 1, 3) != 1; }

void move(top_state& state, char32_t key, const top_view& view, const std::vector<std::uint32_t>& rows) {
  if (state.chain && state.in_chain) {
    state.first_line = moved(state.first_line, key, state.chain_page, state.last_line);
  } else if (!rows.empty()) {
    select(state, moved(std::min(state.position, rows.size() - 1), key, state.page, rows.size() - 1), view, rows);
  }
}

void type(top_state& state, char32_t key) {
  std::string& filter = state.order.filter;
  if (key == key_enter) {
    state.typing = false;
  } else if (key == key_escape) {
    state.typing = false;
    filter.clear();
  } else if (key == key_backspace) {
    while (!filter.empty() && (filter.back() & 0xc0) == 0x80) filter.pop_back();  // what continues a character
    if (!filter.empty()) filter.pop_back();
  } else if (key >= U' ' && key < key_none && key != 0x7f && filter.size() < longest_filter) {
    append_utf8(filter, key);
  }
}

// To the next column that is shown at some width, and round again.
void sort_by_another(top_state& state, bool to_the_right, const top_view& view) {
  constexpr std::size_t wide_enough = 1000;
  const std::vector<placed_column> columns = columns_for(view, wide_enough);
  const auto now = std::ranges::find(columns, state.order.by, &placed_column::which);
  const auto at = static_cast<std::size_t>(now - columns.begin()) % columns.size();
  state.order.by = columns[(at + (to_the_right ? 1 : columns.size() - 1)) % columns.size()].which;
}

void show_another_loop(top_order& order, std::size_t loops) {
  const std::size_t next = order.loop ? *order.loop + 1 : 0;
  order.loop = next < loops && loops > 1 ? std::optional(next) : std::nullopt;
}

void escape(top_state& state) {
  if (state.chain)
    state.chain = state.in_chain = false;
  else
    state.order.filter.clear();
}

void toggle_chain(top_state& state, const top_view& view, const std::vector<std::uint32_t>& rows) {
  state.chain = !state.chain && !rows.empty();
  state.in_chain = false;
  if (state.chain) select(state, state.position, view, rows);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < most_lines) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return lines;
}

}  // namespace

void press(top_state& state, char32_t key, const top_view& view, const std::vector<std::uint32_t>& rows) {
  if (key == key_none || key == key_resized) return;
  if (state.typing) return type(state, key);
  if (state.help) {
    state.help = false;
    return;
  }
  if (is_move(key)) return move(state, key, view, rows);
  switch (key) {
    case U'q':
      state.quit = true;
      break;
    case U'h':
    case U'?':
      state.help = true;
      break;
    case U'p':
    case U' ':
      state.paused = !state.paused;
      break;
    case U'/':
      state.typing = true;
      break;
    case U'<':
    case key_left:
      sort_by_another(state, false, view);
      break;
    case U'>':
    case key_right:
      sort_by_another(state, true, view);
      break;
    case U'r':
      state.order.reversed = !state.order.reversed;
      break;
    case U'l':
      show_another_loop(state.order, view.loops.size());
      break;
    case U'+':
      change_interval(state, true);
      break;
    case U'-':
      change_interval(state, false);
      break;
    case key_enter:
      toggle_chain(state, view, rows);
      break;
    case key_tab:
      state.in_chain = state.chain && !state.in_chain;
      break;
    case key_escape:
      escape(state);
      break;
    default:
      break;
  }
}

void follow_selected(top_state& state, const top_view& view, const std::vector<std::uint32_t>& rows) {
  if (state.order.loop && *state.order.loop >= view.loops.size()) state.order.loop.reset();
  if (!state.selected) return;
  const auto is_selected = [&](const task_row& row) {
    const inspect::loop& loop = view.seen.loops[row.loop];
    const inspect::task& task = loop.tasks[row.task];
    return task.id == state.selected->id && loop.id == state.selected->loop &&
           key_of(view.seen, loop, task) == *state.selected;
  };
  const auto row = std::ranges::find_if(rows, [&](std::uint32_t each) { return is_selected(view.tasks[each]); });
  if (row != rows.end()) state.position = static_cast<std::size_t>(row - rows.begin());
  if (!state.chain) return;
  const auto task = std::ranges::find_if(view.tasks, is_selected);  // whether or not the filter lets it be seen
  state.ended = task == view.tasks.end();
  if (!state.ended) state.lines = lines_of(inspect::tree_text(view.seen, view.seen.loops[task->loop], task->task));
}

}  // namespace hocket::app
