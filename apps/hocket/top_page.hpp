#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "top_state.hpp"
#include "top_view.hpp"

namespace hocket::app {

enum class text_look : std::uint8_t { plain, heading, bar, selected, running, ready, faint, alarm };

/// Text of one look on a line of the screen.
struct text_run {
  std::string text;
  text_look look = text_look::plain;
};
using screen_line = std::vector<text_run>;

/// What is looked into, and how.
struct top_subject {
  std::string name;        // "31337: shop --serve"
  std::string problem{};   // why the last look failed; printable
  bool has_blocks = true;  // the terminal shows U+2581 and its like
};

/// The screen, at most so many lines of at most so many columns: what there is no room for is left out. Sets in `state` what depends on the
/// size: how many rows are seen, and which is the first.
[[nodiscard]] std::vector<screen_line> page_of(const top_view& view, const std::vector<std::uint32_t>& rows,
                                               top_state& state, const top_subject& subject, std::size_t lines,
                                               std::size_t columns);

}  // namespace hocket::app
