#include <hocket/crawl/page_links.hpp>

namespace hocket::crawl {

void page_links::begin() {
  extractor_.reset();
  hrefs_.clear();
  known_hrefs_.clear();
}

void page_links::feed(std::string_view bytes) {
  while (const auto link = extractor_.next(bytes)) {
    const auto [known, is_new] = known_hrefs_.try_emplace(std::string(link->href), hrefs_.size());
    if (is_new)
      hrefs_.push_back({known->first, link->nofollow});
    else
      hrefs_[known->second].nofollow &= link->nofollow;
  }
}

const std::vector<page_link>& page_links::finish(const hocket::url& document) {
  known_links_.clear();
  links_.clear();
  links_.reserve(hrefs_.size());  // the views of `known_links_` point into it
  const auto declared = extractor_.base_href();
  const auto base = declared ? hocket::url::parse(*declared, document) : document;
  for (const found& each : hrefs_) {
    auto resolved = hocket::url::parse(each.href, base ? *base : document);
    if (!resolved || (resolved->scheme() != "http" && resolved->scheme() != "https")) continue;
    links_.push_back({std::move(*resolved).without_fragment(), each.nofollow});
    const auto [known, is_new] = known_links_.try_emplace(links_.back().url.href(), links_.size() - 1);
    if (is_new) continue;
    links_[known->second].nofollow &= each.nofollow;
    links_.pop_back();
  }
  return links_;
}

}  // namespace hocket::crawl
