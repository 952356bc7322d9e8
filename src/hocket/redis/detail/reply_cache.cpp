#include <algorithm>
#include <array>
#include <utility>

#include <hocket/redis/detail/reply_cache.hpp>

namespace hocket::redis::detail {
namespace {

constexpr std::size_t overhead = 256;  // of an entry: tables, links

// Chance, time, what others have done, or keys that are not named.
constexpr std::array<std::string_view, 16> depends_on_more{
    "EVALSHA_RO", "EVAL_RO",     "FCALL_RO", "HRANDFIELD", "HSCAN", "MEMORY",   "OBJECT",      "PTTL",
    "SORT_RO",    "SRANDMEMBER", "SSCAN",    "TTL",        "XINFO", "XPENDING", "ZRANDMEMBER", "ZSCAN"};
static_assert(std::ranges::is_sorted(depends_on_more));

std::size_t size_of(const reply& said) noexcept {
  std::size_t bytes = sizeof(reply);
  if (said.has_text()) bytes += said.text().capacity();
  if (said.has_items())
    for (const reply& each : said.items()) bytes += size_of(each);
  return bytes;
}

}  // namespace

bool is_cacheable(const command_rule& rule) noexcept {
  return rule.goes == spread::keys && rule.reads && rule.places != key_places::streams &&
         !std::ranges::binary_search(depends_on_more, rule.name);
}

reply_cache::reply_cache(std::size_t max_entries, std::size_t max_bytes, std::uint64_t seed)
    : max_entries_(max_entries),
      max_bytes_(max_bytes),
      by_question_(0, seeded_text_hash{seed}),
      by_key_(0, seeded_text_hash{seed}) {}

const reply* reply_cache::find(std::string_view question) {
  const auto found = by_question_.find(question);
  if (found == by_question_.end()) return nullptr;
  found->second->unlink();
  by_use_.push_back(*found->second);
  return &found->second->answer;
}

void reply_cache::keep(std::string question, const reply& answer, fetch& of) {
  of.unlink();
  if (of.is_stale_) return;
  auto made = std::make_unique<entry>();
  made->bytes = overhead + 2 * question.size() + size_of(answer);
  for (const std::string& each : of.keys_) made->bytes += overhead + 2 * each.size();
  if (made->bytes > max_bytes_) return;
  if (const auto known = by_question_.find(question); known != by_question_.end()) forget(*known->second);
  made->question = std::move(question);
  made->keys = std::move(of.keys_);
  std::ranges::sort(made->keys);
  made->keys.erase(std::ranges::unique(made->keys).begin(), made->keys.end());
  made->answer = answer;
  entry& kept = *made;
  by_use_.push_back(kept);
  bytes_ += kept.bytes;
  for (const std::string& each : kept.keys) by_key_[each].push_back(&kept);
  by_question_.emplace(kept.question, std::move(made));
  while (by_question_.size() > max_entries_ || bytes_ > max_bytes_) forget(by_use_.front());
}

void reply_cache::invalidate(std::string_view key) {
  fetches_.for_each([key](fetch& each) {
    if (std::ranges::find(each.keys_, key) != each.keys_.end()) each.is_stale_ = true;
  });
  for (auto found = by_key_.find(key); found != by_key_.end(); found = by_key_.find(key)) forget(*found->second.back());
}

void reply_cache::clear() noexcept {
  fetches_.for_each([](fetch& each) { each.is_stale_ = true; });
  while (!by_use_.empty()) forget(by_use_.front());
}

void reply_cache::forget(entry& which) noexcept {
  which.unlink();
  bytes_ -= which.bytes;
  for (const std::string& each : which.keys) {
    const auto of_key = by_key_.find(each);
    std::erase(of_key->second, &which);
    if (of_key->second.empty()) by_key_.erase(of_key);
  }
  by_question_.erase(by_question_.find(which.question));  // it is gone now
}

}  // namespace hocket::redis::detail
