#include <hocket/crawl/page_elements.hpp>

namespace hocket::crawl {

void element_collector::on_resource(resource_kind kind, std::string_view url) {
  if (!wanted_.resources) return;
  key_.assign(1, static_cast<char>(kind)).append(url);
  resources_.insert(key_);
}

void element_collector::on_anchor(std::string_view name) {
  if (wanted_.fragments && name.size() <= max_anchor_bytes) anchors_.insert(name);
}

void element_collector::clear() noexcept {
  resources_.clear();
  anchors_.clear();
}

resource_kind element_collector::kind(std::size_t resource) const noexcept {
  return static_cast<resource_kind>(resources_[resource].front());
}

std::vector<std::string> element_collector::anchors() const {
  std::vector<std::string> names;
  for (std::size_t n = 0; n < anchors_.size(); ++n) names.emplace_back(anchors_[n]);
  return names;
}

}  // namespace hocket::crawl
