#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/graph/analysis.hpp>

namespace hocket::graph {
namespace {

/// "1 page", "1,169 pages".
std::string counted(std::uint64_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : several);
}

class writer {
 public:
  explicit writer(const link_graph& graph) : graph_(graph) {}

  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  template <class Ranked>
  void degrees(std::string_view title, const std::vector<Ranked>& list) {
    if (list.empty()) return;
    line("\n{}", title);
    for (const auto& each : list) line("  {:>9}  {}", grouped(each.value), url(each.url));
  }

  /// Of a list that may be longer than what is shown of it.
  void and_more(std::uint64_t all, std::size_t shown, std::string_view indent) {
    if (all > shown) line("{}and {} more", indent, grouped(all - shown));
  }

  [[nodiscard]] std::string url(node which) const { return printable(graph_.url(which)); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  const link_graph& graph_;
  std::string text_;
};

void write_broken_links(writer& out, const broken_links& broken, const link_graph& graph) {
  out.line("\nBroken links: {}{}", grouped(broken.links),
           broken.links == 0 ? "" : ", to " + counted(broken.targets, "URL", "URLs"));
  for (const broken_target& target : broken.most_linked) {
    out.line("  {}  {}", out.url(target.url), printable(why_broken(graph, target.url)));
    for (const node page : target.pages) out.line("    on {}", out.url(page));
    out.and_more(target.link_count, target.pages.size(), "    ");
  }
  out.and_more(broken.targets, broken.most_linked.size(), "  ");
}

void write_redirects(writer& out, const analysis& found, const link_graph& graph) {
  out.line("\nRedirects: {}", grouped(graph.redirects()));
  for (const redirect_chain& chain : found.redirect_chains) {
    std::string path;
    for (const node each : chain.urls) path += (path.empty() ? "" : " -> ") + out.url(each);
    out.line("  {}{}", path, chain.is_circle ? " (a circle)" : "");
  }
}

void write_broken_fragments(writer& out, const broken_fragments& broken) {
  out.line("\nBroken fragments: {} of {}", grouped(broken.count), grouped(broken.checked));
  for (const broken_fragment& each : broken.first) {
    out.line("  {}#{}", out.url(each.target), printable(each.fragment));
    out.line("    on {}", out.url(each.page));
  }
  out.and_more(broken.count, broken.first.size(), "  ");
}

}  // namespace

std::string analysis_text(const analysis& found, const link_graph& graph) {
  writer out(graph);
  out.line("{} ({} ok, {} failed), {}, {}", counted(found.totals.pages, "page", "pages"), grouped(found.totals.ok),
           grouped(found.totals.failed), counted(graph.size(), "URL", "URLs"), counted(graph.links(), "link", "links"));
  if (!found.highest_ranks.empty()) {
    out.line("\nHighest PageRank ({}, {})", counted(found.rank_iterations, "iteration", "iterations"),
             found.ranks_converged ? "converged" : "not converged");
    for (const auto& each : found.highest_ranks) out.line("  {:9.7f}  {}", each.value, out.url(each.url));
  }
  out.degrees("Most links to them", found.most_linked);
  out.degrees("Most links on them", found.most_linking);
  out.line("\nStrongly connected components: {}", grouped(found.component_count));
  if (!found.largest_components.empty())
    out.line("  the largest has {}", counted(found.largest_components.front(), "URL", "URLs"));
  write_broken_links(out, found.broken_links, graph);
  write_redirects(out, found, graph);
  out.line("\nDead ends: {}", counted(found.dead_ends.count, "page without links", "pages without links"));
  for (const node each : found.dead_ends.first) out.line("  {}", out.url(each));
  out.and_more(found.dead_ends.count, found.dead_ends.first.size(), "  ");
  out.line("\nOrphans: {} no other page links to", counted(found.orphans.count, "URL that", "URLs that"));
  for (const std::string& each : found.orphans.first) out.line("  {}", printable(each));
  out.and_more(found.orphans.count, found.orphans.first.size(), "  ");
  if (found.broken_fragments) write_broken_fragments(out, *found.broken_fragments);
  return out.take();
}

}  // namespace hocket::graph
