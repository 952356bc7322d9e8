#pragma once

#include <cstddef>
#include <string>

#include <hocket/graph/link_graph.hpp>

namespace hocket::app {

struct report_arguments {
  std::string directory;
  std::string out;  // empty: report.html in the directory
  std::string scratch;
  std::size_t rows = 1000;
  bool no_picture = false;
};

/// Writes the report of a crawl, and gives the name of its file. The picture is left out, and the report says why, if it cannot be drawn.
/// Runs a loop meanwhile. Throws `failure`, `hocket::error`.
std::string write_report(const report_arguments& arguments, const graph::link_graph& graph);

}  // namespace hocket::app
