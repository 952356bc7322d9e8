#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <hocket/graph/broken_fragments.hpp>
#include <hocket/graph/crawl_index.hpp>
#include <hocket/graph/link_graph.hpp>

namespace hocket::app {

/// The names of what a graph can be written as, in the order of the alphabet.
[[nodiscard]] const std::vector<std::string>& graph_formats();

/// Writes a graph as one of these formats to `path` or, if that is empty, to standard output. A file is written beside its place first, which
/// it takes when it is complete. Throws `failure`; `hocket::error` if the picture cannot be drawn.
void export_graph(const graph::link_graph& graph, const std::string& format, const std::string& path);

/// Reads the graph of a folder; the authors of its pages do not know its seed. Says on standard error if a file ends within a line. Throws
/// `hocket::error`.
[[nodiscard]] graph::link_graph read_graph(const std::string& directory, const std::string& scratch_directory = {});

/// `graph::crawl_index::read`, with a seed as for `read_graph`.
[[nodiscard]] graph::crawl_index read_index(const std::string& directory);

/// `graph::find_broken_fragments`, with a seed as for `read_graph`.
[[nodiscard]] std::optional<graph::broken_fragments> broken_fragments_of(const graph::link_graph& graph,
                                                                         const std::string& directory,
                                                                         std::size_t at_most,
                                                                         const std::string& scratch_directory = {});

}  // namespace hocket::app
