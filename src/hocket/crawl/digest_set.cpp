// The first bits of a digest say in which part it is, the next ones how far from the beginning of that, whatever the size: so a part may
// grow by an eighth, and its digests stand in nearly the same order before and after. At most 17 of 20 places are taken, and where a
// digest's own is, it stands in the next that is free.

#include <algorithm>
#include <utility>

#include <hocket/crawl/digest_set.hpp>

namespace hocket::crawl {
namespace {

constexpr unsigned bits_of_part = 8;
constexpr std::size_t first_places = 8;

// 0 stands for a free place.
constexpr std::uint64_t stored(std::uint64_t digest) noexcept { return digest == 0 ? 1 : digest; }

constexpr std::size_t part_of(std::uint64_t digest) noexcept { return digest >> (64 - bits_of_part); }

/// The one that has the digest, or the free one where it would be.
std::size_t place_of(const std::vector<std::uint64_t>& places, std::uint64_t digest) noexcept {
  const std::uint64_t share = digest << bits_of_part >> 32;
  std::size_t place = share * places.size() >> 32;
  while (places[place] != 0 && places[place] != digest)
    if (++place == places.size()) place = 0;
  return place;
}

}  // namespace

digest_set::digest_set() : parts_(std::size_t{1} << bits_of_part) {}

bool digest_set::insert(std::uint64_t digest) {
  digest = stored(digest);
  part& here = parts_[part_of(digest)];
  if ((here.used + 1) * 20 > here.places.size() * 17) {
    if (contains(digest)) return false;
    widen(here);
  }
  std::uint64_t& place = here.places[place_of(here.places, digest)];
  if (place != 0) return false;
  place = digest;
  ++here.used;
  ++size_;
  return true;
}

bool digest_set::contains(std::uint64_t digest) const noexcept {
  digest = stored(digest);
  const part& here = parts_[part_of(digest)];
  return !here.places.empty() && here.places[place_of(here.places, digest)] != 0;
}

void digest_set::widen(part& which) {
  std::vector<std::uint64_t> wider(std::max(first_places, which.places.size() + which.places.size() / 8));
  for (const std::uint64_t digest : which.places)
    if (digest != 0) wider[place_of(wider, digest)] = digest;
  which.places = std::move(wider);
}

std::size_t digest_set::held_bytes() const noexcept {
  std::size_t bytes = parts_.size() * sizeof(part);
  for (const part& each : parts_) bytes += each.places.capacity() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace hocket::crawl
