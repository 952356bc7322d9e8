#include <cstring>

#include <hocket/base/folded_product.hpp>
#include <hocket/crawl/duplicates.hpp>

namespace hocket::crawl {
static constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;

void content_digest::feed(std::string_view piece) noexcept {
  while (!piece.empty() && (size_ % 8 != 0 || piece.size() < 8)) {
    word_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(piece.front())) << (size_ % 8 * 8);
    piece.remove_prefix(1);
    if (++size_ % 8 != 0) continue;
    state_ = folded_product(state_ ^ word_, odd);
    word_ = 0;
  }
  for (; piece.size() >= 8; piece.remove_prefix(8), size_ += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, piece.data(), 8);
    state_ = folded_product(state_ ^ word, odd);
  }
  for (; !piece.empty(); piece.remove_prefix(1), ++size_)
    word_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(piece.front())) << (size_ % 8 * 8);
}

std::uint64_t content_digest::value() const noexcept {
  return folded_product(folded_product(state_ ^ word_, odd) ^ size_, odd);
}

}  // namespace hocket::crawl
