// From top to bottom: a bar, a summary, the table of tasks, the chain of one of them if it is open, and a line of help. In a small window parts of
// the summary give way first, so that half of the lines are left for tasks.

#include "top_page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/base/printable.hpp>

#include "cells.hpp"
#include "short_figures.hpp"

namespace hocket::app {
namespace {

screen_line plain(std::string text, text_look look = text_look::plain) { return {{std::move(text), look}}; }

/// Two texts at the ends of a line; the first is cut if need be, and where the second has no room it alone is left.
std::string apart(std::string_view left, std::string_view right, std::size_t columns) {
  const std::size_t taken = columns_of(right);
  constexpr std::size_t least_left = 20;
  if (columns < taken + least_left) return padded(left, columns);
  return padded(left, columns - taken) + std::string(right);
}

screen_line title_bar(const top_view& view, const top_state& state, const top_subject& subject, std::size_t columns) {
  std::string right = state.paused ? "  paused" : "  every " + short_time(state.interval);
  if (view.seen.stopped.count() > 0) right += ", stopped " + short_time(view.seen.stopped);
  if (view.seen.torn) right += ", torn";
  return plain(apart(" hocket top " + subject.name, right + " ", columns), text_look::bar);
}

/// A part of the summary.
struct block {
  int dispensable;  // the larger, the sooner it gives way
  std::vector<screen_line> lines;
};

/// The loop that was chosen, or all of them.
const loop_row& chosen_row(const top_view& view, const top_state& state) {
  return state.order.loop && *state.order.loop < view.loops.size() ? view.loops[*state.order.loop] : view.all;
}

block task_counts(const loop_row& row) {
  std::string text = fmt::format("tasks {}: {} running, {} ready, {} waiting", grouped(row.tasks()),
                                 grouped(row.running), grouped(row.ready), grouped(row.waiting));
  if (row.deadlocked > 0) text += fmt::format(" ({} deadlocked)", grouped(row.deadlocked));
  if (row.seconds > 0) text += fmt::format("; {} steps/s", short_count(row.steps_per_second));
  return {0, {plain(std::move(text))}};
}

/// Of the loop that was chosen, or of the process.
block processor_use(const top_view& view, const top_state& state) {
  if (!view.seen.sampled) return {2, {}};
  double in_steps = 0;
  double beside = 0;
  for (std::size_t n = 0; n < view.seen.loops.size(); ++n) {
    const auto& load = view.seen.loops[n].load;
    if (!load || (state.order.loop && *state.order.loop != n)) continue;
    in_steps += load->in_steps;
    beside += load->beside;
  }
  const auto& [length, samples, load] = *view.seen.sampled;
  const double others = !state.order.loop && load ? std::max(0.0, *load - in_steps - beside) : 0;
  std::string text = fmt::format("cpu   {:.1f}%: tasks {:.1f}%, loops {:.1f}%", (in_steps + beside + others) * 100,
                                 in_steps * 100, beside * 100);
  if (!state.order.loop) text += fmt::format(", other threads {:.1f}%", others * 100);
  text += fmt::format("   sampled {}/s",
                      short_count(static_cast<double>(samples) / std::chrono::duration<double>(length).count()));
  return {2, {plain(std::move(text))}};
}

std::string loop_line(std::string_view name, const loop_row& row) {
  const bool has_rates = row.seconds > 0;
  const auto rate = [&](double value) { return has_rates ? short_count(value) : ""; };
  const auto size = [&](double value) { return has_rates ? short_size(value) : ""; };
  return fmt::format("{:<5}{:>7}{:>7}{:>8}{:>8}{:>7}{:>8}{:>10}{:>5}{:>7}{:>7}", name,
                     short_count(static_cast<double>(row.tasks())), short_count(static_cast<double>(row.due)),
                     rate(row.steps_per_second), rate(row.turns_per_second), rate(row.operations_per_second()),
                     short_count(static_cast<double>(row.timers)), short_count(static_cast<double>(row.in_flight)),
                     short_count(static_cast<double>(row.descriptors)), size(row.received_per_second),
                     size(row.sent_per_second));
}

block loop_table(const top_view& view, const top_state& state, std::size_t most_lines) {
  block made{3, {}};
  made.lines.push_back(
      plain(fmt::format("{:<5}{:>7}{:>7}{:>8}{:>8}{:>7}{:>8}{:>10}{:>5}{:>7}{:>7}", "LOOP", "TASKS", "READY", "STEPS/S",
                        "TURNS/S", "OPS/S", "TIMERS", "IN FLIGHT", "FDS", "IN/S", "OUT/S"),
            text_look::heading));
  if (view.loops.size() > 1) made.lines.push_back(plain(loop_line("all", view.all)));
  for (std::size_t n = 0; n < view.loops.size(); ++n) {
    if (state.order.loop && n != *state.order.loop) continue;
    if (made.lines.size() + 1 == most_lines && n + 1 < view.loops.size()) {
      made.lines.push_back(
          plain(fmt::format("... and {} more: l shows one at a time", view.loops.size() - n), text_look::faint));
      break;
    }
    made.lines.push_back(plain(loop_line(fmt::format("{}", n + 1), view.loops[n])));
  }
  return made;
}

std::chrono::microseconds limit_of(std::size_t bucket) { return std::chrono::microseconds(std::int64_t{1} << bucket); }

/// Below which limit this share of the times is.
std::string limit_text(const loop_row& row, std::uint64_t all, double share) {
  std::uint64_t below = 0;
  for (std::size_t n = 0; n + 1 < row.lag.size(); ++n) {
    below += row.lag[n];
    if (static_cast<double>(below) >= share * static_cast<double>(all)) return "< " + short_time(limit_of(n));
  }
  return "> " + short_time(limit_of(row.lag.size() - 2));
}

// The heights are logarithms: what is rare, and slow, is what one looks for.
std::string bars(const loop_row& row, bool has_blocks) {
  static constexpr std::array<std::string_view, 9> blocks{"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 9> letters{".", "1", "2", "3", "4", "5", "6", "7", "8"};
  const auto& shapes = has_blocks ? blocks : letters;
  const double most = std::log2(static_cast<double>(std::ranges::max(row.lag)) + 1);
  std::string text;
  for (const std::uint64_t count : row.lag) {
    const double height = count > 0 ? std::ceil(8 * std::log2(static_cast<double>(count) + 1) / most) : 0;
    text += shapes[static_cast<std::size_t>(std::clamp(height, 0.0, 8.0))];
  }
  return text;
}

block lag_histogram(const loop_row& row, bool has_blocks) {
  const std::uint64_t all = std::accumulate(row.lag.begin(), row.lag.end(), std::uint64_t{0});
  if (all == 0) return {2, {}};
  std::string text = fmt::format("lag   {} {} {}   half {}, 99 % {}, all {}", short_time(limit_of(0)),
                                 bars(row, has_blocks), short_time(limit_of(row.lag.size() - 2)),
                                 limit_text(row, all, 0.5), limit_text(row, all, 0.99), limit_text(row, all, 1));
  return {1, {plain(std::move(text))}};
}

block operations(const loop_row& row, std::size_t columns) {
  std::vector<operation_rate> sorted = row.operations;
  std::ranges::stable_sort(sorted, std::greater(), &operation_rate::done);
  std::string text;
  for (const operation_rate& each : sorted) {
    std::string next =
        fmt::format("{}{} {}/s", text.empty() ? "ops   " : ", ", printable(each.kind), short_count(each.done));
    if (each.failed > 0) next += fmt::format(" ({}/s failed)", short_count(each.failed));
    if (each.done <= 0 || columns_of(text) + columns_of(next) > columns) break;
    text += next;
  }
  return {4, text.empty() ? std::vector<screen_line>() : std::vector<screen_line>{plain(std::move(text))}};
}

block slowest_step(const top_view& view) {
  if (!view.slowest) return {5, {}};
  const slow_step& step = *view.slowest;
  return {5,
          {plain(fmt::format("slow  {}, a step of '{}' in {}(), {} ago", short_time(step.lasted), printable(step.name),
                             printable(step.function), short_time(view.when - step.seen)))}};
}

std::vector<screen_line> summary_of(const top_view& view, const top_state& state, const top_subject& subject,
                                    std::size_t most_lines, std::size_t columns) {
  const loop_row& row = chosen_row(view, state);
  const std::size_t most_loops = std::max<std::size_t>(3, most_lines / 2);
  std::vector<block> blocks{task_counts(row),
                            processor_use(view, state),
                            loop_table(view, state, most_loops),
                            lag_histogram(row, subject.has_blocks),
                            operations(row, columns),
                            slowest_step(view)};
  const auto lines_of = [&] {
    return std::accumulate(blocks.begin(), blocks.end(), std::size_t{0},
                           [](std::size_t sum, const block& each) { return sum + each.lines.size(); });
  };
  while (lines_of() > most_lines) {
    const auto last = std::ranges::max_element(
        blocks, {}, [](const block& each) { return each.lines.empty() ? -1 : each.dispensable; });
    last->lines.clear();
  }
  std::vector<screen_line> all;
  for (block& each : blocks) std::ranges::move(each.lines, std::back_inserter(all));
  return all;
}

text_look look_of(const task_row& row, inspect::task_state state) {
  if (row.deadlocked) return text_look::alarm;
  if (state == inspect::task_state::running) return text_look::running;
  return state == inspect::task_state::ready ? text_look::ready : text_look::plain;
}

void keep_in_sight(std::size_t& first, std::size_t position, std::size_t page, std::size_t all) {
  first = std::min(first, all - std::min(all, page));
  if (position < first) first = position;
  if (page > 0 && position >= first + page) first = position + 1 - page;
}

std::string_view nothing_text(const top_view& view, const top_state& state) {
  if (view.loops.empty()) return "no loop runs there";
  if (!state.order.filter.empty()) return "no task matches: Esc shows all";
  return "no tasks";
}

std::vector<screen_line> table_of(const top_view& view, const std::vector<std::uint32_t>& rows, top_state& state,
                                  std::size_t lines, std::size_t columns) {
  std::vector<screen_line> table;
  const std::vector<placed_column> placed = columns_for(view, columns);
  screen_line heading;
  for (const placed_column& each : placed) {
    if (!heading.empty()) heading.push_back({" ", text_look::bar});
    heading.push_back({title_text(each), each.which == state.order.by ? text_look::selected : text_look::bar});
  }
  table.push_back(std::move(heading));
  state.page = lines > 0 ? lines - 1 : 0;
  state.position = rows.empty() ? 0 : std::min(state.position, rows.size() - 1);
  keep_in_sight(state.first, state.position, state.page, rows.size());
  if (rows.empty()) table.push_back(plain(std::string(nothing_text(view, state)), text_look::faint));
  for (std::size_t n = state.first; n < rows.size() && table.size() < lines; ++n) {
    const task_row& row = view.tasks[rows[n]];
    std::string text;
    for (const placed_column& each : placed) {
      if (!text.empty()) text += ' ';
      text += cell_text(view, row, each);
    }
    const bool is_selected = n == state.position && !(state.chain && state.ended);
    table.push_back(plain(std::move(text), is_selected
                                               ? text_look::selected
                                               : look_of(row, view.seen.loops[row.loop].tasks[row.task].state)));
  }
  return table;
}

/// In pieces that fit; those after a line's first are indented.
std::vector<std::string> wrapped(const std::vector<std::string>& lines, std::size_t columns) {
  const std::size_t most_indented = columns / 4;
  std::vector<std::string> pieces;
  for (std::string_view left : lines) {
    std::size_t indented = 0;
    do {
      std::size_t taken = leading_bytes(left, columns - indented);
      if (const std::size_t blank = left.rfind(' ', taken); taken < left.size() && blank < taken && blank > taken / 2)
        taken = blank + 1;
      pieces.push_back(std::string(indented, ' ').append(left.substr(0, taken)));
      left.remove_prefix(taken);
      indented = std::min<std::size_t>(most_indented, 8);
      if (taken == 0) break;
    } while (!left.empty());
  }
  return pieces;
}

std::vector<screen_line> chain_of(top_state& state, std::size_t lines, std::size_t columns) {
  std::vector<screen_line> pane;
  const std::vector<std::string> text = wrapped(state.lines, columns);
  state.chain_page = lines > 0 ? lines - 1 : 0;
  state.last_line = text.size() - std::min(text.size(), state.chain_page);
  state.first_line = std::min(state.first_line, state.last_line);
  const std::string left = state.ended ? " It has ended; it waited so:" : " What it waits for";
  const std::string right = state.in_chain ? "Tab: back to the tasks " : "Tab: move in it  Enter: close ";
  pane.push_back(plain(apart(left, right, columns), state.in_chain ? text_look::selected : text_look::bar));
  for (std::size_t n = state.first_line; n < text.size() && pane.size() < lines; ++n)
    pane.push_back(plain(text[n], state.ended ? text_look::faint : text_look::plain));
  return pane;
}

screen_line last_line(const top_view& view, const std::vector<std::uint32_t>& rows, const top_state& state,
                      const top_subject& subject, std::size_t columns) {
  if (state.typing) return plain(fmt::format("filter: {}_", state.order.filter), text_look::heading);
  if (!subject.problem.empty()) return plain(subject.problem, text_look::alarm);
  const std::string sorted = fmt::format("by {}{}", title_of(state.order.by), state.order.reversed ? ", reversed" : "");
  if (!state.order.filter.empty())
    return plain(
        apart(fmt::format("'{}': {} of {} tasks", state.order.filter, grouped(rows.size()), grouped(view.tasks.size())),
              sorted, columns));
  return plain(apart("q quit  h help  < > sort  r reverse  / filter  Enter chain  p pause", sorted, columns));
}

constexpr std::array help_lines{
    "up, down (k, j)       the task above, below",
    "Page Up, Page Down    a page up, down",
    "Home, End (g, G)      the first task, the last",
    "Enter                 what the task waits for; Tab moves in it, Esc closes it",
    "< > (left, right)     sort by the column to the left, to the right",
    "r                     sort the other way round",
    "/                     only tasks whose name, work or place has this text",
    "Esc                   all tasks again",
    "l                     only the first loop, the second, ..., all",
    "p (blank)             pause, go on",
    "+ -                   look less often, more often",
    "Ctrl-L                draw all anew",
    "q (Ctrl-C)            quit",
    "",
    "cpu      parts of a processor: in tasks, in loops beside them, in other threads",
    "lag      how long the loop ran between two looks at what the system has for it:",
    "         a bar for each double of the time before, with logarithmic heights",
    "READY    what is due to run, of the tasks and beside them",
    "CPU%     the part of a processor that the task had: counted, or else by samples",
    "SLOWEST  at least so long took a step of the task since hocket top looks at it",
    "SINCE    so long ago its last step began",
};

std::vector<screen_line> help(std::size_t lines) {
  std::vector<screen_line> page;
  for (const char* each : help_lines)
    if (page.size() + 1 < lines) page.push_back(plain(each));
  page.resize(lines > 0 ? lines - 1 : 0);
  page.push_back(plain("any key goes back", text_look::heading));
  return page;
}

void fit(std::vector<screen_line>& page, std::size_t lines, std::size_t columns) {
  if (page.size() > lines) page.resize(lines);
  for (screen_line& line : page) {
    std::size_t left = columns;
    for (text_run& run : line) {
      run.text = cut(run.text, left);
      left -= columns_of(run.text);
    }
  }
}

}  // namespace

std::vector<screen_line> page_of(const top_view& view, const std::vector<std::uint32_t>& rows, top_state& state,
                                 const top_subject& subject, std::size_t lines, std::size_t columns) {
  std::vector<screen_line> page{title_bar(view, state, subject, columns)};
  const auto append = [&](std::vector<screen_line> more) { std::ranges::move(more, std::back_inserter(page)); };
  if (state.help) {
    append(help(lines - std::min<std::size_t>(lines, 1)));
  } else {
    const std::size_t body = lines > 2 ? lines - 2 : 0;
    append(summary_of(view, state, subject, body / 2, columns));
    const std::size_t left = body + 1 - std::min(body + 1, page.size());
    const std::size_t table = state.chain ? left / 2 : left;
    append(table_of(view, rows, state, table, columns));
    page.resize(std::max(page.size(), 1 + body - std::min(body, left - table)));
    if (state.chain) append(chain_of(state, left - table, columns));
    page.resize(1 + body);
    page.push_back(last_line(view, rows, state, subject, columns));
  }
  fit(page, lines, columns);
  return page;
}

}  // namespace hocket::app
