#include <algorithm>

#include <hocket/graph/redirect_chains.hpp>

namespace hocket::graph {
namespace {

redirect_chain chain_from(const link_graph& graph, node first) {
  redirect_chain chain{.urls = {first}};
  while (chain.urls.size() <= most_redirects && !chain.is_circle) {
    const auto next = graph.redirect(chain.urls.back());
    if (!next) break;
    chain.is_circle = std::ranges::find(chain.urls, *next) != chain.urls.end();
    chain.urls.push_back(*next);
  }
  return chain;
}

}  // namespace

std::vector<redirect_chain> redirect_chains(const link_graph& graph, std::size_t hops, std::size_t count) {
  std::vector<bool> is_led_to(graph.size());
  for (node from = 0; from < graph.size(); ++from)
    if (const auto to = graph.redirect(from)) is_led_to[*to] = true;
  std::vector<redirect_chain> found;
  std::vector<bool> is_told(graph.size());
  const auto take = [&](node first, bool only_circles) {
    redirect_chain chain = chain_from(graph, first);
    for (const node each : chain.urls) is_told[each] = true;
    if (chain.urls.size() > hops && (chain.is_circle || !only_circles)) found.push_back(std::move(chain));
  };
  for (node from = 0; from < graph.size() && found.size() < count; ++from)
    if (!is_led_to[from] && graph.redirect(from)) take(from, false);
  for (node from = 0; from < graph.size() && found.size() < count; ++from)
    if (is_led_to[from] && !is_told[from] && graph.redirect(from)) take(from, true);
  std::ranges::sort(found, {}, [](const redirect_chain& chain) { return chain.urls.front(); });
  return found;
}

}  // namespace hocket::graph
