#include <hocket/crawl/memory_frontier.hpp>

namespace hocket::crawl {

void memory_frontier::add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  if (seen_.see(found.href(), depth)) judge_new(found, depth, decide, fresh);
}

void memory_frontier::judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  const verdict given = decide(found);
  if (given.against.empty()) fresh.push_back({.url = found, .depth = depth, .priority = given.priority});
}

coro<std::vector<target>> memory_frontier::begin(std::span<const url> seeds, const judge& decide) {
  std::vector<target> fresh;
  for (const url& seed : seeds) add(seed, 0, decide, fresh);
  co_return fresh;
}

coro<std::vector<target>> memory_frontier::finish(const finished_page& done, const judge& decide) {
  std::vector<target> fresh;
  for (const std::string& href : done.claimed) seen_.keep(href);
  for (const std::string& href : done.released)
    if (const auto linked_at = seen_.release(href)) judge_new(*url::parse(href), *linked_at, decide, fresh);
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

coro<bool> memory_frontier::claim(std::string href) { co_return seen_.claim(href); }

void memory_frontier::pass_over(std::string_view href, std::string_view reason) {
  if (seen_.contains(href)) return;
  if (passed_over_.insert(href).second) reasons_.push_back(reason);
}

coro<void> memory_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  for (std::size_t number = 0; number < passed_over_.size(); ++number)
    if (const std::string_view href = passed_over_[number]; !seen_.contains(href)) visit(href, reasons_[number]);
  passed_over_.clear();
  reasons_.clear();
  co_return;
}

}  // namespace hocket::crawl
