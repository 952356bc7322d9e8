#include <algorithm>
#include <utility>

#include <hocket/crawl_redis/detail/holdings.hpp>

namespace hocket::crawl::detail {

bool holdings::take_over(const held_partitions& mine) {
  const std::size_t lost = std::erase_if(leases_, [&mine](const auto& each) {
    const auto found = mine.find(each.first);
    return found == mine.end() || found->second != each.second.token;
  });
  if (lost > 0) forget_urls();
  for (const auto& [which, token] : mine) leases_.try_emplace(which, lease{.token = token});
  return lost > 0;
}

// Those of leases that are no more.
void holdings::forget_urls() {
  std::erase_if(urls_, [this](const auto& each) { return token_of(each.second.from) != each.second.token; });
  begun_ =
      static_cast<std::size_t>(std::ranges::count_if(urls_, [](const auto& each) { return each.second.is_begun; }));
}

held_partitions holdings::all() const {
  held_partitions found;
  for (const auto& [which, held] : leases_) found.emplace(which, held.token);
  return found;
}

held_partitions holdings::staying() const {
  held_partitions found;
  for (const auto& [which, held] : leases_)
    if (!held.is_leaving) found.emplace(which, held.token);
  return found;
}

held_partitions holdings::ready_to_go(time_point long_ago) const {
  held_partitions found;
  for (const auto& [which, held] : leases_)
    if (held.is_leaving && (held.begun == 0 || held.leaving_since < long_ago)) found.emplace(which, held.token);
  return found;
}

fencing_token holdings::token_of(partition which) const {
  const auto found = leases_.find(which);
  return found == leases_.end() ? 0 : found->second.token;
}

bool holdings::is_staying(partition which, fencing_token token) const {
  const auto found = leases_.find(which);
  return found != leases_.end() && found->second.token == token && !found->second.is_leaving;
}

bool holdings::give_up(std::size_t how_many, const std::vector<partition>& idle, time_point now) {
  std::vector<lease*> candidates;
  for (auto& [which, held] : leases_) {
    if (std::ranges::find(idle, which) != idle.end()) continue;
    if (held.is_leaving)
      how_many -= std::min<std::size_t>(how_many, 1);
    else
      candidates.push_back(&held);
  }
  how_many = std::min(how_many, candidates.size());
  std::ranges::stable_sort(candidates, {}, [](const lease* each) { return each->begun; });
  for (std::size_t n = 0; n < how_many; ++n) leave(*candidates[n], now);
  return how_many > 0;
}

void holdings::give_up_all(time_point now) {
  for (auto& [which, held] : leases_) leave(held, now);
}

void holdings::leave(lease& which, time_point now) const {
  if (which.is_leaving) return;
  which.is_leaving = true;
  which.leaving_since = now;
}

void holdings::forget(const held_partitions& gone) {
  for (const auto& [which, token] : gone)
    if (token_of(which) == token) leases_.erase(which);
  forget_urls();
}

bool holdings::add(const taken_url& given, fencing_token token) {
  return urls_.try_emplace(given.href, held_url{.from = given.from, .token = token}).second;
}

bool holdings::is_wanted(const target& which) const {
  const auto found = urls_.find(which.url.href());
  if (found == urls_.end() || found->second.token != which.number) return false;
  return found->second.is_begun || is_staying(found->second.from, found->second.token);
}

void holdings::begin(const target& which) {
  held_url& held = urls_.at(which.url.href());
  if (std::exchange(held.is_begun, true)) return;
  ++begun_;
  ++leases_.at(held.from).begun;
}

void holdings::remove(const std::string& href, fencing_token token) {
  const auto found = urls_.find(href);
  if (found == urls_.end() || found->second.token != token) return;
  if (found->second.is_begun) {
    --begun_;
    if (const auto held = leases_.find(found->second.from); held != leases_.end() && held->second.token == token)
      --held->second.begun;
  }
  urls_.erase(found);
}

}  // namespace hocket::crawl::detail
