#include <algorithm>
#include <limits>
#include <stdexcept>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/text_set.hpp>

namespace hocket::crawl {
namespace {

constexpr std::size_t block_size = 16 * 1024;
constexpr std::size_t first_slots = 256;
constexpr std::size_t most_kept = 1024;  // texts that `clear` keeps memory for

}  // namespace

std::size_t text_set::slot_of(std::string_view text, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const std::size_t number = slots_[slot] - 1;
    if (texts_[number].hash == hash && (*this)[number] == text) return slot;
  }
}

std::pair<std::size_t, bool> text_set::insert(std::string_view text) {
  const std::uint32_t hash = text_hash(text, seed_);
  if (slots_.empty()) widen();
  std::size_t slot = slot_of(text, hash);
  if (slots_[slot] != 0) return {slots_[slot] - 1, false};
  if (is_crowded()) {
    widen();
    slot = slot_of(text, hash);
  }
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max() - 1;
  if (texts_.size() >= most || text.size() > most) throw std::length_error("text_set");
  if (texts_.size() == texts_.capacity()) texts_.reserve(std::max(first_slots / 2, texts_.size() * 2));
  char* const bytes = room_for(text.size());
  std::ranges::copy(text, bytes);
  texts_.push_back({bytes, static_cast<std::uint32_t>(text.size()), hash});
  slots_[slot] = static_cast<std::uint32_t>(texts_.size());
  return {texts_.size() - 1, true};
}

bool text_set::contains(std::string_view text) const noexcept {
  return !slots_.empty() && slots_[slot_of(text, text_hash(text, seed_))] != 0;
}

void text_set::widen() {
  std::vector<std::uint32_t> wider(std::max(first_slots, slots_.size() * 2));
  const std::size_t mask = wider.size() - 1;
  for (std::uint32_t number = 0; number < texts_.size(); ++number) {
    std::size_t slot = texts_[number].hash & mask;
    while (wider[slot] != 0) slot = (slot + 1) & mask;
    wider[slot] = number + 1;
  }
  slots_ = std::move(wider);
}

char* text_set::room_for(std::size_t size) {
  if (size > free_size_) {
    const bool is_first = first_ == nullptr && size <= block_size;
    const std::size_t wanted = std::max(size, block_size);
    auto& block = is_first ? first_ : more_.emplace_back();
    block = std::make_unique_for_overwrite<char[]>(wanted);
    block_bytes_ += wanted;
    free_ = block.get();
    free_size_ = wanted;
  }
  free_size_ -= size;
  return std::exchange(free_, free_ + size);
}

void text_set::clear() noexcept {
  if (texts_.size() > most_kept) {
    *this = text_set(seed_);
    return;
  }
  if (texts_.size() * 16 < slots_.size())
    for (std::uint32_t number = 0; number < texts_.size(); ++number) slots_[slot_with(number)] = 0;
  else
    std::ranges::fill(slots_, 0);
  texts_.clear();
  more_.clear();
  free_ = first_.get();
  free_size_ = block_bytes_ = first_ == nullptr ? 0 : block_size;
}

// Where that text stands, be the slots before it empty or not.
std::size_t text_set::slot_with(std::uint32_t number) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = texts_[number].hash & mask;
  while (slots_[slot] != number + 1) slot = (slot + 1) & mask;
  return slot;
}

}  // namespace hocket::crawl
