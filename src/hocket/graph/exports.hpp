#pragma once

#include <iosfwd>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

// The whole graph for programs of others, in the order of its URLs' numbers, written as it is read: none of these takes memory for the links.
// What is no UTF-8 in a URL becomes U+FFFD. A stream that fails is the caller's to notice.

/// Graphviz' language: a node `n7` for each URL, labelled with it; redirects are dashed.
/// Source: https://graphviz.org/doc/info/lang.html
void write_dot(std::ostream& out, const link_graph& graph);

/// A node `n7` for each URL, with `url`, `status` (of what was asked for) and `depth`; an edge has `kind`, `link` or `redirect`.
/// Source: http://graphml.graphdrawing.org/specification.html
void write_graphml(std::ostream& out, const link_graph& graph);

/// A line for each link: two URLs with a tab between them.
void write_edges(std::ostream& out, const link_graph& graph);

/// A row for each URL with what is known of it and its measures, headed by their names. Fields that spreadsheets would take for a formula
/// begin with an apostrophe. Up to 32 bytes of memory a URL.
/// Source: RFC 4180; OWASP, "CSV Injection"
void write_csv(std::ostream& out, const link_graph& graph);

}  // namespace hocket::graph
