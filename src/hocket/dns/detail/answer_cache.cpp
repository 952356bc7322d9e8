#include <hocket/dns/detail/answer_cache.hpp>

namespace hocket::detail {

answer_ref answer_cache::find(const std::string& question, time_point now) {
  const auto found = by_question_.find(question);
  if (found == by_question_.end()) return nullptr;
  const auto entry = found->second;
  if (now >= entry->until) {
    forget(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->answer;
}

void answer_cache::keep(const std::string& question, answer_ref answer, time_point until) {
  if (size_ == 0) return;
  if (const auto found = by_question_.find(question); found != by_question_.end()) forget(found->second);
  if (entries_.size() >= size_) forget(std::prev(entries_.end()));
  entries_.push_front({.question = question, .answer = std::move(answer), .until = until});
  by_question_.emplace(entries_.front().question, entries_.begin());
}

void answer_cache::clear() noexcept {
  by_question_.clear();
  entries_.clear();
}

void answer_cache::forget(entries::iterator old) noexcept {
  by_question_.erase(old->question);
  entries_.erase(old);
}

}  // namespace hocket::detail
