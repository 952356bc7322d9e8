#include <string_view>
#include <unordered_set>

#include <hocket/graph/orphans.hpp>

namespace hocket::graph {
namespace {

/// Of each URL: another page links there or, if that counts, is redirected there.
std::vector<bool> led_to(const link_graph& graph, bool by_redirects) {
  std::vector<bool> found(graph.size());
  for (node from = 0; from < graph.size(); ++from) {
    for (const node to : graph.links_from(from))
      if (to != from) found[to] = true;
    if (const auto to = graph.redirect(from); to && by_redirects) found[*to] = true;
  }
  return found;
}

void add(orphans& found, std::string_view url, std::size_t at_most) {
  if (++found.count <= at_most) found.first.emplace_back(url);
}

}  // namespace

orphans find_orphans(const link_graph& graph, std::size_t at_most) {
  const auto is_led_to = led_to(graph, true);
  orphans found;
  for (node each = 0; each < graph.size(); ++each) {
    const page& what = graph.page_of(each);
    if (what.is_listed && what.error == 0 && !is_led_to[each]) add(found, graph.url(each), at_most);
  }
  return found;
}

orphans find_orphans(const link_graph& graph, const std::vector<std::string>& sitemap, std::size_t at_most) {
  const auto is_led_to = led_to(graph, false);
  std::unordered_set<std::string_view> seen;
  orphans found;
  for (const std::string& url : sitemap) {
    if (!seen.insert(url).second) continue;
    const auto known = graph.find(url);
    if (!known || !is_led_to[*known]) add(found, url, at_most);
  }
  return found;
}

}  // namespace hocket::graph
