#pragma once

#include <string>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// The whole graph as an SQLite database in a new file: a table `urls` with what is known of each and its measures, as `write_csv` has them;
/// a table `links` of pairs of their numbers, and a view `named_links` of pairs of URLs. What is no UTF-8 in a text becomes U+FFFD.
/// Takes the place of a file of that name when it is complete. Throws `hocket::error`.
void write_sqlite(const std::string& path, const link_graph& graph);

}  // namespace hocket::graph
