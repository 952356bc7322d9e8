#include "top_table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/inspect/task_text.hpp>

#include "cells.hpp"
#include "short_figures.hpp"

namespace hocket::app {
namespace {

struct column_form {
  std::string_view title;
  std::size_t width;  // at least, of one that stretches
  int dispensable;    // the larger, the sooner it is left out
  bool is_text;       // begins at the left, and is sorted from A
  unsigned stretch;   // its share of what is left over
};

constexpr std::array<column_form, top_columns> forms{{
    {"LOOP", 4, 4, false, 0},
    {"TASK", 14, 9, true, 0},
    {"NAME", 14, 0, true, 1},
    {"STATE", 8, 3, true, 0},
    {"CPU%", 5, 2, false, 0},
    {"STEPS/S", 7, 3, false, 0},
    {"STEPS", 6, 7, false, 0},
    {"SLOWEST", 7, 5, false, 0},
    {"AGE", 6, 6, false, 0},
    {"SINCE", 6, 5, false, 0},
    {"DOES", 24, 1, true, 4},
    {"IN", 30, 8, true, 3},
}};

const column_form& form_of(top_column column) { return forms[static_cast<std::size_t>(column)]; }

const inspect::task& task_of(const top_view& view, const task_row& row) {
  return view.seen.loops[row.loop].tasks[row.task];
}

std::string doing_text(const inspect::loop& loop, const inspect::task& task) {
  std::string text = printable(task.activity);
  const std::string waits = inspect::wait_text(loop, task);
  if (!text.empty() && !waits.empty()) text += ": ";
  return text + waits;
}

// The file without its folders: there is little room.
std::string place_text(const top_view& view, const inspect::task& task) {
  if (task.frames.empty()) return {};
  const auto& [function, file, line] = view.seen.places[task.frames.front()];
  const std::size_t folders = file.rfind('/') + 1;  // 0 if there are none
  return printable(fmt::format("{}() {}:{}", function, std::string_view(file).substr(folders), line));
}

std::string text_of(const top_view& view, const task_row& row, top_column column) {
  const inspect::task& task = task_of(view, row);
  switch (column) {
    case top_column::loop:
      return fmt::format("{}", row.loop + 1);
    case top_column::id:
      return fmt::format("{:#x}", task.id);
    case top_column::name:
      return printable(task.name);
    case top_column::state:
      return row.deadlocked ? "deadlock" : inspect::state_text(task.state);
    case top_column::steps_per_second:
      return row.steps_per_second ? short_count(*row.steps_per_second) : "";
    case top_column::steps:
      return short_count(static_cast<double>(task.steps));
    case top_column::busy:
      return row.busy ? fmt::format("{:.1f}", *row.busy * 100) : "";
    case top_column::slowest:
      return row.slowest ? short_time(*row.slowest) : "";
    case top_column::age:
      return short_time(task.age);
    case top_column::since:
      return short_time(task.since);
    case top_column::doing:
      return doing_text(view.seen.loops[row.loop], task);
    case top_column::place:
      return place_text(view, task);
  }
  return {};
}

std::optional<double> figure(std::optional<std::chrono::nanoseconds> time) {
  return time ? std::optional(static_cast<double>(time->count())) : std::nullopt;
}

std::optional<double> figure_of(const top_view& view, const task_row& row, top_column column) {
  const inspect::task& task = task_of(view, row);
  switch (column) {
    case top_column::loop:
      return -static_cast<double>(row.loop);  // the first one first
    case top_column::steps_per_second:
      return row.steps_per_second;
    case top_column::steps:
      return static_cast<double>(task.steps);
    case top_column::busy:
      return row.busy;
    case top_column::slowest:
      return figure(row.slowest);
    case top_column::age:
      return static_cast<double>(task.age.count());
    case top_column::since:
      return static_cast<double>(task.since.count());
    default:
      return std::nullopt;
  }
}

bool is_known(const top_view& view, top_column column) {
  switch (column) {
    case top_column::loop:
      return view.loops.size() > 1;
    case top_column::busy:
    case top_column::slowest:
      return std::ranges::any_of(view.tasks,
                                 [&](const task_row& row) { return figure_of(view, row, column).has_value(); });
    default:
      return true;
  }
}

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool contains(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

bool is_wanted(const top_view& view, const task_row& row, const top_order& order) {
  if (order.loop && row.loop != *order.loop) return false;
  if (order.filter.empty()) return true;
  return std::ranges::any_of(std::array{top_column::name, top_column::doing, top_column::place},
                             [&](top_column each) { return contains(text_of(view, row, each), order.filter); });
}

// Each row's key is made once: texts take time.
template <class Key, class Before>
void sort_by(std::vector<std::uint32_t>& rows, std::size_t all, Key key_of, Before before) {
  std::vector<decltype(key_of(0U))> keys(all);
  for (const std::uint32_t each : rows) keys[each] = key_of(each);
  std::ranges::stable_sort(rows, [&](std::uint32_t a, std::uint32_t b) { return before(keys[a], keys[b]); });
}

}  // namespace

std::vector<std::uint32_t> rows_of(const top_view& view, const top_order& order) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t n = 0; n < view.tasks.size(); ++n)
    if (is_wanted(view, view.tasks[n], order)) rows.push_back(n);
  if (form_of(order.by).is_text) {
    sort_by(
        rows, view.tasks.size(), [&](std::uint32_t n) { return text_of(view, view.tasks[n], order.by); },
        [&](const std::string& a, const std::string& b) { return order.reversed ? b < a : a < b; });
  } else {
    const auto sort_by_figure = [&](top_column column) {
      sort_by(
          rows, view.tasks.size(), [&](std::uint32_t n) { return figure_of(view, view.tasks[n], column); },
          [&](const std::optional<double>& a, const std::optional<double>& b) {
            if (!a || !b) return a.has_value() && !b;
            return order.reversed ? *a < *b : *b < *a;
          });
    };
    if (order.by == top_column::busy) sort_by_figure(top_column::steps_per_second);
    sort_by_figure(order.by);
  }
  return rows;
}

std::vector<placed_column> columns_for(const top_view& view, std::size_t width) {
  std::vector<top_column> known;
  int most = 0;
  for (std::size_t n = 0; n < top_columns; ++n) {
    const auto column = static_cast<top_column>(n);
    if (!is_known(view, column)) continue;
    known.push_back(column);
    most = std::max(most, form_of(column).dispensable);
  }
  std::vector<placed_column> placed;
  std::size_t taken = 0;
  unsigned stretch = 0;
  do {
    placed.clear();
    taken = stretch = 0;
    for (const top_column each : known) {
      const column_form& form = form_of(each);
      if (form.dispensable > most) continue;
      taken += form.width + (placed.empty() ? 0 : 1);
      stretch += form.stretch;
      placed.push_back({each, form.width});
    }
  } while (taken > width && most-- > 0);
  if (taken > width) placed.back().width = width;  // the name alone is left
  if (taken < width && stretch > 0) {
    std::size_t left = width - taken;
    for (placed_column& each : placed) {
      const unsigned share = form_of(each.which).stretch;
      if (share == 0) continue;
      const std::size_t more = left * share / stretch;
      each.width += more;
      left -= more;
      stretch -= share;
    }
  }
  return placed;
}

std::string_view title_of(top_column column) noexcept { return form_of(column).title; }

std::string title_text(placed_column column) {
  const column_form& form = form_of(column.which);
  return form.is_text ? padded(form.title, column.width) : right_aligned(form.title, column.width);
}

std::string cell_text(const top_view& view, const task_row& row, placed_column column) {
  const std::string text = text_of(view, row, column.which);
  return form_of(column.which).is_text ? padded(text, column.width) : right_aligned(text, column.width);
}

}  // namespace hocket::app
