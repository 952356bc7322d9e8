#include <unordered_map>

#include <hocket/graph/broken_links.hpp>
#include <hocket/graph/most.hpp>

namespace hocket::graph {

broken_links find_broken_links(const link_graph& graph, std::size_t count, std::size_t pages_each) {
  std::vector<std::uint32_t> links_to(graph.size());  // if it is broken
  const auto for_each_broken_link = [&graph](auto function) {
    for (node page = 0; page < graph.size(); ++page)
      for (const node target : graph.links_from(page))
        if (graph.is_broken(target)) function(page, target);
  };
  broken_links found;
  for_each_broken_link([&](node, node target) {
    ++found.links;
    found.targets += links_to[target]++ == 0 ? 1 : 0;
  });
  std::unordered_map<node, std::size_t> place;
  for (const node target : most(graph.size(), count, [&](node each) { return links_to[each]; })) {
    place.emplace(target, found.most_linked.size());
    found.most_linked.push_back({.url = target, .link_count = links_to[target], .pages = {}});
  }
  for_each_broken_link([&](node page, node target) {
    const auto listed = place.find(target);
    if (listed == place.end()) return;
    std::vector<node>& pages = found.most_linked[listed->second].pages;
    if (pages.size() < pages_each) pages.push_back(page);
  });
  return found;
}

std::string_view why_broken(const link_graph& graph, node url) {
  for (int hops = 0; hops < most_redirects; ++hops) {
    if (const auto error = graph.page_of(url).error; error != 0) return graph.text(error);
    const auto next = graph.redirect(url);
    if (!next) return "";
    url = *next;
  }
  return "redirected in a circle";
}

}  // namespace hocket::graph
