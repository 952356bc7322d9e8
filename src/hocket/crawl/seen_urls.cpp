#include <algorithm>

#include <hocket/crawl/seen_urls.hpp>

namespace hocket::crawl {

bool seen_urls::see(std::string_view href, unsigned depth) {
  const std::uint64_t digest = digest_of(href);
  return digests_.insert(digest) || (!claims_.empty() && is_anew(digest, depth));
}

// Of a URL that was seen: whether it counts as new. If a page under way has claimed it, that is not known yet.
bool seen_urls::is_anew(std::uint64_t digest, unsigned depth) {
  const auto claim = claims_.find(digest);
  if (claim == claims_.end()) return false;
  if (!claim->second.is_held) {
    claims_.erase(claim);
    return true;
  }
  claim->second.linked_at = std::min(depth, claim->second.linked_at.value_or(depth));
  return false;
}

bool seen_urls::claim(std::string_view href) {
  const std::uint64_t digest = digest_of(href);
  const bool is_new = digests_.insert(digest);
  const auto known = claims_.find(digest);
  if (!is_new && (known == claims_.end() || known->second.is_held)) return false;
  claims_.insert_or_assign(digest, claim_state{});
  return true;
}

void seen_urls::keep(std::string_view href) { claims_.erase(digest_of(href)); }

std::optional<unsigned> seen_urls::release(std::string_view href) {
  const auto claim = claims_.find(digest_of(href));
  if (claim == claims_.end()) return std::nullopt;
  claim->second.is_held = false;
  const std::optional<unsigned> linked_at = claim->second.linked_at;
  if (linked_at) claims_.erase(claim);
  return linked_at;
}

}  // namespace hocket::crawl
