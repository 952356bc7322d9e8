#include "report_file.hpp"

#include <ostream>

#include <fmt/format.h>

#include <hocket/core/run.hpp>
#include <hocket/graph/hosts.hpp>
#include <hocket/graph/picture.hpp>
#include <hocket/graph/report.hpp>

#include "graph_export.hpp"
#include "whole_file.hpp"

namespace hocket::app {

static coro<void> add_picture(graph::report_options& options, const graph::link_graph& graph) {
  const graph::drawing picture = graph::draw(graph);
  try {
    const std::vector<graph::place> places = co_await graph::lay_out(picture);
    options.picture = graph::svg_of(picture, places);
    options.picture_caption = graph::caption_of(picture);
  } catch (const error& problem) {
    options.picture_caption = fmt::format("There is none: {}.", problem.what());
  }
}

std::string write_report(const report_arguments& arguments, const graph::link_graph& graph) {
  graph::report_options options;
  options.rows = arguments.rows;
  options.summary = graph::read_summary(arguments.directory);
  options.fragments = broken_fragments_of(graph, arguments.directory, arguments.rows, arguments.scratch);
  if (graph.size() > 0) options.title = fmt::format("Crawl of {}", graph::host_of(graph.url(0)));
  if (!arguments.no_picture && graph.size() > 0) run(add_picture(options, graph));
  const std::string path = arguments.out.empty() ? arguments.directory + "/report.html" : arguments.out;
  write_whole_file(path, [&](std::ostream& out) { out << graph::report_html(graph, options); });
  return path;
}

}  // namespace hocket::app
