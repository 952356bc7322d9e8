// A URL stands in a block as its text between two heads, so that it may be taken from either end. Blocks are small at first, for there may
// be very many hosts with a few URLs each.

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

#include <hocket/base/assert.hpp>
#include <hocket/crawl/packed_targets.hpp>

namespace hocket::crawl {
namespace {

constexpr std::size_t smallest_block = 512;
constexpr std::size_t largest_block = std::size_t{64} * 1024;
constexpr std::size_t most_kept = 4096;  // bytes of a block that has nothing in it

struct head {
  std::uint64_t number;
  std::uint32_t depth;
  std::int32_t priority;
  std::uint32_t size;
};
using tail = std::uint32_t;  // the size again
constexpr std::size_t bytes_of_head = 20;

constexpr std::size_t bytes_of(std::size_t text) noexcept { return bytes_of_head + text + sizeof(tail); }

target target_at(const char* from) {
  head what{};
  std::memcpy(&what, from, bytes_of_head);
  auto where = url::parse(std::string_view(from + bytes_of_head, what.size));
  HOCKET_ASSERT(where, "the text of a URL is one");
  return {.url = std::move(*where), .depth = what.depth, .priority = what.priority, .number = what.number};
}

}  // namespace

void packed_targets::push_back(const target& next) {
  const std::string& text = next.url.href();
  const head what{next.number, next.depth, next.priority, static_cast<std::uint32_t>(text.size())};
  char* to = room_for(bytes_of(text.size()));
  std::memcpy(to, &what, bytes_of_head);
  std::memcpy(to + bytes_of_head, text.data(), text.size());
  std::memcpy(to + bytes_of_head + text.size(), &what.size, sizeof(tail));
  ++size_;
}

target packed_targets::pop_front() {
  block& first = blocks_.front();
  target taken = target_at(first.bytes.get() + first.begin);
  first.begin += bytes_of(taken.url.href().size());
  --size_;
  if (first.begin == first.end) forget(blocks_.begin());
  return taken;
}

target packed_targets::pop_back() {
  block& last = blocks_.back();
  tail size = 0;
  std::memcpy(&size, last.bytes.get() + last.end - sizeof size, sizeof size);
  target taken = target_at(last.bytes.get() + last.end - bytes_of(size));
  last.end -= bytes_of(size);
  --size_;
  if (last.begin == last.end) forget(std::prev(blocks_.end()));
  return taken;
}

char* packed_targets::room_for(std::size_t bytes) {
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().end < bytes) {
    const std::size_t usual = blocks_.empty() ? smallest_block : std::min(blocks_.back().capacity * 2, largest_block);
    const std::size_t capacity = std::max(usual, bytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), capacity});
  }
  block& last = blocks_.back();
  last.end += bytes;
  return last.bytes.get() + last.end - bytes;
}

// A small one that is the last stays: it is likely to be wanted again.
void packed_targets::forget(std::list<block>::iterator emptied) {
  if (size_ == 0 && emptied->capacity <= most_kept)
    emptied->begin = emptied->end = 0;
  else
    blocks_.erase(emptied);
}

}  // namespace hocket::crawl
