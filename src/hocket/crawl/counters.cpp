// Sets of eight, which are doubled until there are as many as may be, and only then displace anything. Who comes for the first time has
// a place at once, and loses it to the next one who comes to the same set: one that is met often enough in between stays.

#include <algorithm>
#include <utility>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/counters.hpp>

namespace hocket::crawl {

static constexpr std::size_t first_sets = 32;

counters::counters(std::uint64_t seed, std::size_t most_bytes)
    : seed_(seed), sets_(std::min(first_sets, most_bytes / sizeof(set))), most_sets_(most_bytes / sizeof(set)) {}

std::uint64_t counters::add(char kind, std::string_view text) {
  return add(wide_text_hash(text, seed_ + static_cast<unsigned char>(kind)));
}

std::uint64_t counters::add(std::uint64_t digest) {
  const std::uint64_t count = ++entry_of(digest).count;
  if (changed_) changed_(digest, count);
  return count;
}

// That of the name, or a free one for it, at the front of its set.
counters::entry& counters::entry_of(std::uint64_t name) {
  for (;;) {
    set& here = set_of(name);
    auto place = std::ranges::find_if(here, [name](const entry& each) { return each.count == 0 || each.name == name; });
    if (place == here.end()) {
      if (sets_.size() < most_sets_) {
        widen();
        continue;
      }
      place = std::prev(std::ranges::min_element(here.rbegin(), here.rend(), {}, &entry::count).base());
      *place = {};
    }
    place->name = name;
    std::rotate(here.begin(), place, place + 1);
    return here.front();
  }
}

// Those of a set stay in their order.
void counters::widen() {
  const std::vector<set> before = std::exchange(sets_, std::vector<set>(sets_.size() * 2));
  for (const set& each : before)
    for (const entry& counted : each) {
      if (counted.count == 0) break;
      set& there = set_of(counted.name);
      *std::ranges::find(there, std::uint64_t{0}, &entry::count) = counted;
    }
}

}  // namespace hocket::crawl
