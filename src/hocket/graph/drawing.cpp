#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/graph/drawing.hpp>
#include <hocket/graph/hosts.hpp>
#include <hocket/graph/most.hpp>
#include <hocket/graph/page_rank.hpp>
#include <hocket/graph/successors.hpp>

namespace hocket::graph {
namespace {

constexpr std::uint64_t enough_hosts = 5;  // that a picture of them tells more than one of pages
constexpr std::uint32_t left_out = ~std::uint32_t{0};

drawing::state state_of(const link_graph& graph, node which) {
  if (graph.is_broken(which)) return drawing::state::broken;
  if (graph.redirect(which)) return drawing::state::redirected;
  return graph.page_of(which).is_known ? drawing::state::fetched : drawing::state::not_fetched;
}

/// Adds the lines between points: `point_of` each URL, or `left_out`. Those of a point with itself are no lines.
void add_lines(drawing& picture, const link_graph& graph, const std::vector<std::uint32_t>& point_of,
               std::size_t most) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> links;
  for (node from = 0; from < graph.size(); ++from) {
    if (point_of[from] == left_out) continue;
    const successors to(graph, from);
    for (std::size_t n = 0; n < to.size(); ++n)
      if (point_of[to[n]] != left_out && point_of[to[n]] != point_of[from]) ++links[{point_of[from], point_of[to[n]]}];
  }
  for (const auto& [ends, count] : links) picture.lines.push_back({ends.first, ends.second, count});
  std::ranges::stable_sort(picture.lines, std::ranges::greater{}, &drawing::line::links);
  if (picture.lines.size() > most) picture.lines.resize(most);
}

drawing draw_urls(const link_graph& graph, const drawing_options& options, drawing::content which) {
  const auto ranks = page_rank(graph).values;
  const auto is_wanted = [&](node each) {
    const page& what = graph.page_of(each);
    return which == drawing::content::all_urls || (what.is_known && !graph.redirect(each));
  };
  drawing picture{.shows = which, .all_points = graph.size()};
  std::vector<std::uint32_t> point_of(graph.size(), left_out);
  for (const node each :
       most(graph.size(), options.max_points, [&](node url) { return is_wanted(url) ? ranks[url] : 0.0; })) {
    point_of[each] = static_cast<std::uint32_t>(picture.points.size());
    picture.points.push_back(
        {.name = std::string(graph.url(each)), .weight = ranks[each], .what = state_of(graph, each)});
  }
  add_lines(picture, graph, point_of, options.max_lines);
  return picture;
}

drawing draw_hosts(const link_graph& graph, const drawing_options& options, const hosts& found) {
  drawing picture{.shows = drawing::content::hosts, .all_points = found.all.size()};
  std::vector<std::uint32_t> point_of_host(found.all.size(), left_out);
  const auto count = static_cast<std::uint32_t>(found.all.size());
  for (const std::uint32_t each : most(count, options.max_points, [&](std::uint32_t n) { return found.all[n].urls; })) {
    const host& its = found.all[each];
    point_of_host[each] = static_cast<std::uint32_t>(picture.points.size());
    const auto what = its.pages == 0            ? drawing::state::not_fetched
                      : its.failed == its.pages ? drawing::state::broken
                                                : drawing::state::fetched;
    picture.points.push_back(
        {.name = std::string(its.name), .weight = static_cast<double>(its.urls), .urls = its.urls, .what = what});
  }
  std::vector<std::uint32_t> point_of(graph.size());
  for (node each = 0; each < graph.size(); ++each) point_of[each] = point_of_host[found.of[each]];
  add_lines(picture, graph, point_of, options.max_lines);
  return picture;
}

}  // namespace

drawing draw(const link_graph& graph, const drawing_options& options) {
  if (graph.size() <= options.max_points) return draw_urls(graph, options, drawing::content::all_urls);
  const hosts found = hosts_of(graph);
  const auto fetched = std::ranges::count_if(found.all, [](const host& its) { return its.pages > 0; });
  if (static_cast<std::uint64_t>(fetched) >= enough_hosts) return draw_hosts(graph, options, found);
  return draw_urls(graph, options, drawing::content::highest_ranks);
}

std::string caption_of(const drawing& picture) {
  const std::string shown = grouped(picture.points.size()), all = grouped(picture.all_points);
  switch (picture.shows) {
    case drawing::content::hosts:
      return shown == all ? fmt::format("All {} hosts; larger ones have more URLs.", all)
                          : fmt::format("The {} hosts with most URLs, of {}.", shown, all);
    case drawing::content::highest_ranks:
      return fmt::format("The {} pages of highest PageRank, of {} URLs.", shown, all);
    case drawing::content::all_urls:
      break;
  }
  return fmt::format("All {} URLs; larger ones have a higher PageRank.", all);
}

}  // namespace hocket::graph
