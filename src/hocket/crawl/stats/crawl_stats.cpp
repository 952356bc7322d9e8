#include <algorithm>
#include <chrono>

#include <hocket/crawl/stats/crawl_stats.hpp>

namespace hocket::crawl {

/// Host and port of a URL as it is serialized.
static std::string_view host_in(std::string_view href) {
  href.remove_prefix(std::min(href.find("://") + 3, href.size()));
  href = href.substr(0, href.find_first_of("/?#"));
  const auto user = href.rfind('@');
  return user == std::string_view::npos ? href : href.substr(user + 1);
}

void crawl_stats::add(const page_record& page) {
  ++by_status_[page.status];
  const double seconds = static_cast<double>(page.milliseconds) / 1000;
  ++durations_[static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin())];
  milliseconds_ += page.milliseconds;
  host_stats* const host = find_or_add(host_in(page.url));
  if (host == nullptr) return;
  const duration took = std::chrono::milliseconds(page.milliseconds);
  host->latest = host->pages == 0 ? took : host->latest + (took - host->latest) / 8;
  ++host->pages;
  if (!page.error.empty()) ++host->failed;
  host->bytes += page.bytes;
}

host_stats* crawl_stats::find_or_add(std::string_view host) {
  const auto found = hosts_.find(host);
  if (found != hosts_.end()) return &found->second;
  if (hosts_.size() == most_hosts) return nullptr;
  return &hosts_.emplace(host, host_stats{.host = std::string(host)}).first->second;
}

template <class Table, class Before>
static std::vector<host_stats> first_of(const Table& hosts, std::size_t most, Before before) {
  std::vector<const host_stats*> all;
  for (const auto& [name, each] : hosts) all.push_back(&each);
  const auto size = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), all.begin() + size, all.end(), [&](const host_stats* a, const host_stats* b) {
    if (before(*a, *b)) return true;
    return !before(*b, *a) && a->host < b->host;
  });
  std::vector<host_stats> chosen;
  for (auto at = all.begin(); at != all.begin() + size; ++at) chosen.push_back(**at);
  return chosen;
}

std::vector<host_stats> crawl_stats::slowest(std::size_t most) const {
  return first_of(hosts_, most, [](const host_stats& a, const host_stats& b) { return a.latest > b.latest; });
}

std::vector<host_stats> crawl_stats::busiest(std::size_t most) const {
  return first_of(hosts_, most, [](const host_stats& a, const host_stats& b) { return a.pages > b.pages; });
}

}  // namespace hocket::crawl
