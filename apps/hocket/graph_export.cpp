#include "graph_export.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>
#include <random>

#include <fmt/format.h>

#include <hocket/core/run.hpp>
#include <hocket/graph/exports.hpp>
#include <hocket/graph/picture.hpp>
#ifdef HOCKET_HAS_GRAPH_SQLITE
#include <hocket/graph_sqlite/write_sqlite.hpp>
#endif

#include "command.hpp"
#include "whole_file.hpp"

namespace hocket::app {
namespace {

using graph::link_graph;

coro<void> write_picture(std::ostream& out, const link_graph& graph) {
  const graph::drawing picture = graph::draw(graph);
  const std::vector<graph::place> places = co_await graph::lay_out(picture);
  out << graph::svg_of(picture, places);
}

void write_to(std::ostream& out, const link_graph& graph, const std::string& format) {
  if (format == "csv") return write_csv(out, graph);
  if (format == "dot") return write_dot(out, graph);
  if (format == "edges") return write_edges(out, graph);
  if (format == "graphml") return write_graphml(out, graph);
  run(write_picture(out, graph));
}

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

void write_database(const std::string& path, const link_graph& graph) {
  if (path.empty()) throw failure("a database needs a file: give -o FILE", wrong_usage);
#ifdef HOCKET_HAS_GRAPH_SQLITE
  write_sqlite(path, graph);
#else
  static_cast<void>(graph);
  throw failure("this program was built without SQLite", work_failed);
#endif
}

}  // namespace

const std::vector<std::string>& graph_formats() {
  static const std::vector<std::string> formats{"csv", "dot", "edges", "graphml", "sqlite", "svg"};
  return formats;
}

void export_graph(const link_graph& graph, const std::string& format, const std::string& path) {
  if (format == "sqlite") return write_database(path, graph);
  if (!path.empty()) return write_whole_file(path, [&](std::ostream& out) { write_to(out, graph, format); });
  errno = 0;
  write_to(std::cout, graph, format);
  if (!std::cout.flush())
    throw failure(fmt::format("cannot write to standard output: {}", std::strerror(errno)), work_failed);
}

link_graph read_graph(const std::string& directory, const std::string& scratch_directory) {
  link_graph graph = link_graph::read(directory, {.scratch_directory = scratch_directory, .seed = random_seed()});
  if (graph.is_cut())
    fmt::print(stderr, "hocket graph: a file of '{}' ends within a line, which was passed over\n", directory);
  return graph;
}

graph::crawl_index read_index(const std::string& directory) {
  return graph::crawl_index::read(directory, {.seed = random_seed()});
}

std::optional<graph::broken_fragments> broken_fragments_of(const link_graph& graph, const std::string& directory,
                                                           std::size_t at_most, const std::string& scratch_directory) {
  return find_broken_fragments(graph, directory, at_most,
                               {.scratch_directory = scratch_directory, .seed = random_seed()});
}

}  // namespace hocket::app
