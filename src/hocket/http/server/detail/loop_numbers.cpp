#include <algorithm>
#include <set>

#include <hocket/http/server/detail/loop_numbers.hpp>

namespace hocket::http::detail {

std::vector<std::uint32_t> loop_numbers::of(const inspect::snapshot& seen) {
  if (!seen.torn)
    std::erase_if(known_, [&](const auto& each) {
      return std::ranges::find(seen.loops, each.first, &inspect::loop::id) == seen.loops.end();
    });
  std::set<std::uint32_t> taken;
  for (const auto& [id, number] : known_) taken.insert(number);
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t free = 1; const inspect::loop& each : seen.loops) {
    const auto [entry, is_new] = known_.try_emplace(each.id, 0);
    if (is_new) {
      while (taken.contains(free)) ++free;
      entry->second = free++;
    }
    numbers.push_back(entry->second);
  }
  return numbers;
}

}  // namespace hocket::http::detail
