#include <algorithm>

#include <hocket/crawl/memory_frontier.hpp>

namespace hocket::crawl {

void memory_frontier::add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  const std::uint64_t digest = digest_of(found.href());
  if (seen_.insert(digest) || (!claims_.empty() && is_anew(digest, depth))) judge_new(found, depth, decide, fresh);
}

// Of a URL that was seen: whether it counts as new. If a page under way has claimed it, that is not known yet.
bool memory_frontier::is_anew(std::uint64_t digest, unsigned depth) {
  const auto claim = claims_.find(digest);
  if (claim == claims_.end()) return false;
  if (!claim->second.is_held) {
    claims_.erase(claim);
    return true;
  }
  claim->second.linked_at = std::min(depth, claim->second.linked_at.value_or(depth));
  return false;
}

void memory_frontier::judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  const verdict given = decide(found);
  if (given.against.empty()) fresh.push_back({.url = found, .depth = depth, .priority = given.priority});
}

void memory_frontier::release(const std::string& href, const judge& decide, std::vector<target>& fresh) {
  const auto claim = claims_.find(digest_of(href));
  if (claim == claims_.end()) return;
  claim->second.is_held = false;
  if (!claim->second.linked_at) return;
  judge_new(*url::parse(href), *claim->second.linked_at, decide, fresh);
  claims_.erase(claim);
}

coro<std::vector<target>> memory_frontier::begin(std::span<const url> seeds, const judge& decide) {
  std::vector<target> fresh;
  for (const url& seed : seeds) add(seed, 0, decide, fresh);
  co_return fresh;
}

coro<std::vector<target>> memory_frontier::finish(const finished_page& done, const judge& decide) {
  std::vector<target> fresh;
  for (const std::string& href : done.claimed) claims_.erase(digest_of(href));
  for (const std::string& href : done.released) release(href, decide, fresh);
  for (const url& each : done.besides) add(each, done.page.depth, decide, fresh);
  for (const page_link& link : done.links) {
    if (!done.not_followed.empty())
      pass_over(link.url.href(), done.not_followed);
    else if (link.nofollow)
      pass_over(link.url.href(), "nofollow");
    else
      add(link.url, done.page.depth + 1, decide, fresh);
  }
  co_return fresh;
}

coro<bool> memory_frontier::claim(std::string href) {
  const std::uint64_t digest = digest_of(href);
  const bool is_new = seen_.insert(digest);
  const auto known = claims_.find(digest);
  if (!is_new && (known == claims_.end() || known->second.is_held)) co_return false;
  claims_.insert_or_assign(digest, claim_state{});
  co_return true;
}

void memory_frontier::pass_over(std::string_view href, std::string_view reason) {
  if (seen_.contains(digest_of(href))) return;
  if (passed_over_.insert(href).second) reasons_.push_back(reason);
}

coro<void> memory_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  for (std::size_t number = 0; number < passed_over_.size(); ++number)
    if (const std::string_view href = passed_over_[number]; !seen_.contains(digest_of(href)))
      visit(href, reasons_[number]);
  passed_over_.clear();
  reasons_.clear();
  co_return;
}

}  // namespace hocket::crawl
