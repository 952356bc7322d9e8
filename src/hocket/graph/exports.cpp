#include <ostream>
#include <string>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/base/utf8.hpp>
#include <hocket/graph/components.hpp>
#include <hocket/graph/degrees.hpp>
#include <hocket/graph/exports.hpp>
#include <hocket/graph/markup.hpp>
#include <hocket/graph/page_rank.hpp>

namespace hocket::graph {
namespace {

/// Calls `link(from, to)` and `redirect(from, to)` for all of them.
template <class OnLink, class OnRedirect>
void for_each_edge(const link_graph& graph, OnLink link, OnRedirect redirect) {
  for (node from = 0; from < graph.size(); ++from) {
    for (const node to : graph.links_from(from)) link(from, to);
    if (const auto to = graph.redirect(from)) redirect(from, *to);
  }
}

// A quoted string whose backslashes and character references Graphviz would read.
std::string dot_label(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '&' ? "&amp;" : std::string(1, c);
  }
  return quoted + '"';
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  return valid;
}

std::string csv_field(std::string_view text) {
  constexpr std::string_view of_formulas = "=+-@\t\r";
  std::string field = valid_utf8(text);
  if (!field.empty() && of_formulas.contains(field.front())) field.insert(0, "'");
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace

void write_dot(std::ostream& out, const link_graph& graph) {
  out << "digraph crawl {\n";
  for (node each = 0; each < graph.size(); ++each)
    out << fmt::format("  n{} [label={}];\n", each, dot_label(graph.url(each)));
  for_each_edge(
      graph, [&](node from, node to) { out << fmt::format("  n{} -> n{};\n", from, to); },
      [&](node from, node to) { out << fmt::format("  n{} -> n{} [style=dashed];\n", from, to); });
  out << "}\n";
}

void write_graphml(std::ostream& out, const link_graph& graph) {
  out << R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="url" for="node" attr.name="url" attr.type="string"/>
  <key id="status" for="node" attr.name="status" attr.type="int"/>
  <key id="depth" for="node" attr.name="depth" attr.type="int"/>
  <key id="kind" for="edge" attr.name="kind" attr.type="string"/>
  <graph id="crawl" edgedefault="directed">
)";
  for (node each = 0; each < graph.size(); ++each) {
    out << fmt::format(R"(    <node id="n{}"><data key="url">{}</data>)", each, markup_escaped(graph.url(each)));
    const page& what = graph.page_of(each);
    if (what.is_known)
      out << fmt::format(R"(<data key="status">{}</data><data key="depth">{}</data>)", what.status, what.depth);
    out << "</node>\n";
  }
  const auto write_edge = [&out](node from, node to, std::string_view kind) {
    out << fmt::format(R"(    <edge source="n{}" target="n{}"><data key="kind">{}</data></edge>)"
                       "\n",
                       from, to, kind);
  };
  for_each_edge(
      graph, [&](node from, node to) { write_edge(from, to, "link"); },
      [&](node from, node to) { write_edge(from, to, "redirect"); });
  out << "  </graph>\n</graphml>\n";
}

void write_edges(std::ostream& out, const link_graph& graph) {
  for (node from = 0; from < graph.size(); ++from) {
    const std::string source = valid_utf8(graph.url(from));
    for (const node to : graph.links_from(from)) out << source << '\t' << valid_utf8(graph.url(to)) << '\n';
  }
}

void write_csv(std::ostream& out, const link_graph& graph) {
  const auto degrees = in_degrees(graph);
  const auto ranks = page_rank(graph).values;
  const auto parts = strongly_connected_components(graph).of;
  out << "url,status,content_type,bytes,depth,ms,error,redirect,in_degree,out_degree,page_rank,component\r\n";
  for (node each = 0; each < graph.size(); ++each) {
    const page& what = graph.page_of(each);
    const auto redirect = graph.redirect(each);
    out << csv_field(graph.url(each)) << ',';
    if (what.is_known)
      out << fmt::format("{},{},{},{},{},{}", what.status, csv_field(graph.text(what.content_type)), what.bytes,
                         what.depth, what.milliseconds, csv_field(graph.text(what.error)));
    else
      out << ",,,,,";
    out << fmt::format(",{},{},{},{:.9g},{}\r\n", redirect ? csv_field(graph.url(*redirect)) : "", degrees[each],
                       graph.links_from(each).size(), ranks[each], parts[each]);
  }
}

}  // namespace hocket::graph
