#include <unordered_map>

#include <hocket/graph/hosts.hpp>

namespace hocket::graph {

std::string_view host_of(std::string_view url) noexcept {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return url;
  url.remove_prefix(scheme_end + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  return url.substr(url.rfind('@') + 1);
}

hosts hosts_of(const link_graph& graph) {
  hosts found;
  found.of.reserve(graph.size());
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  for (node each = 0; each < graph.size(); ++each) {
    const auto next = static_cast<std::uint32_t>(found.all.size());
    const auto [place, is_new] = numbers.try_emplace(host_of(graph.url(each)), next);
    if (is_new) found.all.push_back({.name = place->first});
    found.of.push_back(place->second);
    host& its = found.all[place->second];
    const page& what = graph.page_of(each);
    ++its.urls;
    if (!what.is_listed) continue;
    ++its.pages;
    its.failed += what.error == 0 ? 0 : 1;
    its.bytes += what.bytes;
    its.milliseconds += what.milliseconds;
  }
  return found;
}

}  // namespace hocket::graph
