#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "top_view.hpp"

namespace hocket::app {

enum class top_column : std::uint8_t {
  loop,
  id,
  name,
  state,
  busy,
  steps_per_second,
  steps,
  slowest,
  age,
  since,
  doing,
  place,
};
inline constexpr std::size_t top_columns = 12;

/// Which rows are shown, and in which order.
struct top_order {
  top_column by = top_column::busy;  // where that is equal, or not known, by steps a second
  bool reversed = false;             // figures begin with the largest otherwise, texts with A
  std::string filter;                // of a name, or of what the task does and where; ASCII letters large or small
  std::optional<std::size_t> loop;   // only this one's
};

/// Indices of `view.tasks`. Rows that are equal keep the snapshot's order; those of which the figure is not known come last.
[[nodiscard]] std::vector<std::uint32_t> rows_of(const top_view& view, const top_order& order);

struct placed_column {
  top_column which;
  std::size_t width;
};

/// The columns that find room in so many of the terminal, in their order: not those of which nothing is known, and the dispensable ones least.
[[nodiscard]] std::vector<placed_column> columns_for(const top_view& view, std::size_t width);

[[nodiscard]] std::string_view title_of(top_column column) noexcept;

/// A row's text, as wide as the columns.
[[nodiscard]] std::string cell_text(const top_view& view, const task_row& row, placed_column column);
[[nodiscard]] std::string title_text(placed_column column);

}  // namespace hocket::app
