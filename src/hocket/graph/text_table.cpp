#include <limits>

#include <hocket/base/error.hpp>
#include <hocket/base/text_hash.hpp>
#include <hocket/graph/text_table.hpp>

namespace hocket::graph {

static constexpr std::size_t first_slots = 1024;

text_table::text_table(const std::string& directory, std::uint64_t seed)
    : directory_(directory), seed_(seed), bytes_(directory), ends_(directory), hashes_(directory), slots_(directory) {
  slots_.resize(first_slots);
}

std::string_view text_table::operator[](std::uint32_t number) const noexcept {
  const std::uint64_t begin = number == 0 ? 0 : ends_[number - 1];
  return {bytes_.data() + begin, ends_[number] - begin};
}

// The slot that has the text, or the free one where it would be.
std::size_t text_table::slot_of(std::string_view text, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const std::uint32_t number = slots_[slot] - 1;
    if (hashes_[number] == hash && (*this)[number] == text) return slot;
  }
}

std::optional<std::uint32_t> text_table::find(std::string_view text) const noexcept {
  const std::uint32_t found = slots_[slot_of(text, text_hash(text, seed_))];
  if (found == 0) return std::nullopt;
  return found - 1;
}

std::uint32_t text_table::insert(std::string_view text) {
  const std::uint32_t hash = text_hash(text, seed_);
  std::size_t slot = slot_of(text, hash);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  if ((hashes_.size() + 1) * 2 > slots_.size()) {
    widen();
    slot = slot_of(text, hash);
  }
  if (hashes_.size() >= std::numeric_limits<std::uint32_t>::max() - 1)
    throw error("there are too many different texts");
  bytes_.append({text.data(), text.size()});
  ends_.push_back(bytes_.size());
  hashes_.push_back(hash);
  slots_[slot] = size();
  return size() - 1;
}

void text_table::widen() {
  mapped_vector<std::uint32_t> wider(directory_);
  wider.resize(slots_.size() * 2);
  const std::size_t mask = wider.size() - 1;
  for (std::uint32_t number = 0; number < size(); ++number) {
    std::size_t slot = hashes_[number] & mask;
    while (wider[slot] != 0) slot = (slot + 1) & mask;
    wider[slot] = number + 1;
  }
  slots_ = std::move(wider);
}

}  // namespace hocket::graph
