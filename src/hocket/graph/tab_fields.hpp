#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <hocket/graph/line_reader.hpp>

namespace hocket::graph {

/// The fields of the line that `reader` gave last, with tabs between them. Throws `hocket::error` if there are not as many, or one is empty.
template <std::size_t Count>
[[nodiscard]] std::array<std::string_view, Count> tab_fields(std::string_view line, const line_reader& reader) {
  std::array<std::string_view, Count> fields;
  for (std::size_t n = 0; n < Count; ++n) {
    const auto tab = line.find('\t');
    const bool is_last = n + 1 == Count;
    if (is_last != (tab == std::string_view::npos)) throw reader.broken("has another number of fields");
    fields[n] = line.substr(0, tab);
    if (fields[n].empty()) throw reader.broken("has an empty field");
    if (!is_last) line.remove_prefix(tab + 1);
  }
  return fields;
}

}  // namespace hocket::graph
