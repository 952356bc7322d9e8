#pragma once

#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/graph/drawing.hpp>

namespace hocket::graph {

/// Where a point of a drawing stands; the unit is arbitrary.
struct place {
  double x;
  double y;
};

/// Lays a drawing out by Graphviz' `sfdp`, a program that must be there. It is told of numbers only, nothing that a server chose. Cancelled, it
/// kills the program. Throws `hocket::error` if it is not there or fails, `timeout_error` after a minute.
[[nodiscard]] coro<std::vector<place>> lay_out(const drawing& picture);

/// The drawing as SVG, a document of its own and fit to stand inside of HTML: no scripts, no styles, no references. Each point tells its name
/// where one points at it; the heaviest are labelled.
[[nodiscard]] std::string svg_of(const drawing& picture, const std::vector<place>& places);

}  // namespace hocket::graph
