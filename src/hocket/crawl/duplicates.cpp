#include <algorithm>
#include <cstring>

#include <hocket/base/folded_product.hpp>
#include <hocket/crawl/duplicates.hpp>

namespace hocket::crawl {
namespace {

constexpr std::uint64_t odd = 0x9e3779b97f4a7c15, other_odd = 0xbf58476d1ce4e5b9;

}  // namespace

// Sixteen bytes a product, as text_hash.cpp; in lanes, so that no product waits for the one before it; in a copy, which the bytes cannot
// be part of.
std::size_t content_digest::take_blocks(std::string_view bytes) noexcept {
  const std::uint64_t secret =
      folded_product(seed_ ^ other_odd, odd);  // nothing like the first state: see text_hash.cpp
  auto state = state_;
  std::size_t taken = 0;
  for (; bytes.size() - taken >= block_bytes; taken += block_bytes) {
    std::array<std::uint64_t, 2 * lanes> words;
    std::memcpy(words.data(), bytes.data() + taken, block_bytes);
    for (std::size_t n = 0; n < lanes; ++n)
      state[n] = folded_product(state[n] ^ words[2 * n], words[2 * n + 1] ^ secret);
  }
  state_ = state;
  return taken;
}

void content_digest::feed(std::string_view piece) noexcept {
  const std::size_t held = size_ % block_bytes;
  size_ += piece.size();
  if (held != 0) {
    const std::size_t taken = piece.copy(held_.data() + held, block_bytes - held);
    if (held + taken < block_bytes) return;
    take_blocks({held_.data(), block_bytes});
    piece.remove_prefix(taken);
  }
  piece.remove_prefix(take_blocks(piece));
  piece.copy(held_.data(), piece.size());
}

std::uint64_t content_digest::value() const noexcept {
  content_digest last = *this;
  std::fill(last.held_.begin() + size_ % block_bytes, last.held_.end(), '\0');
  last.take_blocks({last.held_.data(), block_bytes});
  std::uint64_t all = size_;
  for (const std::uint64_t each : last.state_) all = folded_product(all ^ each, odd);
  return all;
}

}  // namespace hocket::crawl
