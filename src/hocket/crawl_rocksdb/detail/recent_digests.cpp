// Sets of eight, each a line of the processor's cache. What belongs into a set that has a free place is there, if it ever was: while
// the table grows nothing is displaced.

#include <algorithm>
#include <utility>

#include <hocket/crawl_rocksdb/detail/recent_digests.hpp>

namespace hocket::crawl::detail {

static constexpr std::size_t first_sets = 512;

// 0 stands for a free place.
static constexpr std::uint64_t stored(std::uint64_t digest) noexcept { return digest == 0 ? 1 : digest; }

recent_digests::recent_digests(std::size_t most_bytes)
    : sets_(std::min(first_sets, most_bytes / sizeof(set))), most_sets_(most_bytes / sizeof(set)) {}

recent_digests::answer recent_digests::look_up(std::uint64_t digest) const noexcept {
  const auto& here = sets_[digest & (sets_.size() - 1)].digests;
  bool is_known = false;
  for (const std::uint64_t each : here) is_known |= each == stored(digest);  // all at once
  if (is_known) return answer::known;
  return knows_all_ && here.back() == 0 ? answer::unknown : answer::perhaps;
}

void recent_digests::insert(std::uint64_t digest) {
  for (;;) {
    auto& here = set_of(digest).digests;
    const auto place =
        std::ranges::find_if(here, [digest](std::uint64_t each) { return each == 0 || each == stored(digest); });
    if (place != here.end()) {
      *place = stored(digest);
      return;
    }
    if (sets_.size() >= most_sets_) {
      here[(digest >> 32) % ways] = stored(digest);
      return;
    }
    widen();
  }
}

void recent_digests::widen() {
  const std::vector<set> before = std::exchange(sets_, std::vector<set>(sets_.size() * 2));
  for (const set& each : before)
    for (const std::uint64_t digest : each.digests)
      if (digest != 0) insert(digest);
}

}  // namespace hocket::crawl::detail
