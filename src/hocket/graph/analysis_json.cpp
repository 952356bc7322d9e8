#include <nlohmann/json.hpp>

#include <hocket/graph/analysis.hpp>

namespace hocket::graph {
namespace {

using nlohmann::ordered_json;

template <class Ranked>
ordered_json list(const link_graph& graph, const std::vector<Ranked>& ranked, const char* value) {
  ordered_json rows = ordered_json::array();
  for (const auto& each : ranked) rows.push_back({{"url", graph.url(each.url)}, {value, each.value}});
  return rows;
}

template <class Nodes>
ordered_json urls(const link_graph& graph, const Nodes& nodes) {
  ordered_json texts = ordered_json::array();
  for (const node each : nodes) texts.push_back(graph.url(each));
  return texts;
}

ordered_json json_of(const link_graph& graph, const broken_links& broken) {
  ordered_json rows = ordered_json::array();
  for (const broken_target& each : broken.most_linked) {
    const page& what = graph.page_of(each.url);
    rows.push_back({{"url", graph.url(each.url)},
                    {"status", what.status},
                    {"error", why_broken(graph, each.url)},
                    {"links", each.link_count},
                    {"pages", urls(graph, each.pages)}});
  }
  return {{"links", broken.links}, {"urls", broken.targets}, {"top", std::move(rows)}};
}

}  // namespace

std::string analysis_json(const analysis& found, const link_graph& graph) {
  ordered_json all;
  all["urls"] = graph.size();
  all["pages"] = found.totals.pages;
  all["ok"] = found.totals.ok;
  all["failed"] = found.totals.failed;
  all["links"] = graph.links();
  all["redirects"] = graph.redirects();
  all["page_rank"] = {{"iterations", found.rank_iterations},
                      {"converged", found.ranks_converged},
                      {"top", list(graph, found.highest_ranks, "rank")}};
  all["in_degree"] = list(graph, found.most_linked, "links");
  all["out_degree"] = list(graph, found.most_linking, "links");
  all["components"] = {{"count", found.component_count}, {"largest", found.largest_components}};
  all["broken_links"] = json_of(graph, found.broken_links);
  ordered_json chains = ordered_json::array();
  for (const redirect_chain& each : found.redirect_chains) chains.push_back(urls(graph, each.urls));
  all["redirect_chains"] = std::move(chains);
  all["dead_ends"] = {{"count", found.dead_ends.count}, {"first", urls(graph, found.dead_ends.first)}};
  all["orphans"] = {{"count", found.orphans.count}, {"first", found.orphans.first}};
  if (found.broken_fragments) {
    ordered_json rows = ordered_json::array();
    for (const broken_fragment& each : found.broken_fragments->first)
      rows.push_back({{"url", graph.url(each.target)}, {"fragment", each.fragment}, {"page", graph.url(each.page)}});
    all["broken_fragments"] = {{"checked", found.broken_fragments->checked},
                               {"count", found.broken_fragments->count},
                               {"first", std::move(rows)}};
  }
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hocket::graph
