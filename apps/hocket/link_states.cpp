#include "link_states.hpp"

namespace hocket::app {

void link_states::tell(const std::string& url, const crawl::link_verdict& verdict) {
  if (!verdict.error.empty()) failed_.insert_or_assign(url, link_failure{verdict.status, verdict.error});
}

bool link_states::is_unknown(graph::node url) const noexcept {
  return !graph_.page_of(url).is_known && !graph_.redirect(url);
}

// A page that is redirected to where the crawl does not go is what is there.
std::optional<link_failure> link_states::failure_of(graph::node url) const {
  for (int hops = 0; hops < graph::most_redirects; ++hops) {
    const graph::page& what = graph_.page_of(url);
    if (what.error != 0 && !what.leads_beyond) return link_failure{what.status, std::string(graph_.text(what.error))};
    const auto next = graph_.redirect(url);
    if (!next) return what.is_known ? std::nullopt : told_of(graph_.url(url));
    url = *next;
  }
  return link_failure{graph_.page_of(url).status, "redirected in a circle"};
}

std::optional<link_failure> link_states::failure_of(std::string_view url) const {
  const auto known = graph_.find(url);
  return known ? failure_of(*known) : told_of(url);
}

std::optional<link_failure> link_states::told_of(std::string_view url) const {
  const auto found = failed_.find(std::string(url));
  if (found == failed_.end()) return std::nullopt;
  return found->second;
}

}  // namespace hocket::app
