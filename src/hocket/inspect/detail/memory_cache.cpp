#include <algorithm>

#include <hocket/inspect/detail/bound.hpp>
#include <hocket/inspect/detail/memory_cache.hpp>

namespace hocket::inspect::detail {

bool memory_cache::read(address from, std::span<std::byte> to) {
  while (!to.empty()) {
    const block* const source = at(from / block_size);
    if (source == nullptr) return false;
    const std::size_t begin = from % block_size;
    const std::size_t count = std::min(to.size(), block_size - begin);
    for (std::size_t page = begin / page_size; page <= (begin + count - 1) / page_size; ++page)
      if (!source->present[page]) return false;
    std::memcpy(to.data(), source->bytes.data() + begin, count);
    to = to.subspan(count);
    from += count;  // an address that wraps round is not there
  }
  return true;
}

std::string memory_cache::text(address from, std::size_t most) {
  std::string text;
  for (std::array<char, 64> piece; text.size() < most;) {
    // Not beyond a page, for the next one may not be there.
    const std::size_t count = std::min({piece.size(), most - text.size(), page_size - from % page_size});
    if (!read(from, std::as_writable_bytes(std::span(piece).first(count)))) return {};
    const auto end = std::find(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count), '\0');
    text.append(piece.begin(), end);
    if (end != piece.begin() + static_cast<std::ptrdiff_t>(count)) break;
    from += count;
  }
  return text;
}

const memory_cache::block* memory_cache::at(std::uint64_t number) {
  if (number == last_number_) return last_;
  const auto found = blocks_.find(number);
  if (found == blocks_.end() && is_closed_) {
    if (missed_.size() < most_blocks_) missed_.insert(number);
    return nullptr;
  }
  if (found != blocks_.end()) {
    last_ = found->second.get();
  } else {
    block& added = add(number);
    fill(added, number);
    last_ = &added;
  }
  last_number_ = number;
  return last_;
}

memory_cache::block& memory_cache::add(std::uint64_t number) {
  bound(blocks_.size(), most_blocks_);
  return *(blocks_[number] = std::make_unique_for_overwrite<block>());
}

void memory_cache::refresh() {
  for (const std::uint64_t number : missed_) static_cast<void>(add(number));
  missed_.clear();
  std::vector<memory::piece> pieces;
  std::vector<std::pair<std::uint64_t, block*>> all;
  for (auto& [number, block] : blocks_) {
    pieces.push_back({number * block_size, block->bytes});
    all.emplace_back(number, block.get());
  }
  // One that is not all there is read page by page.
  for (std::size_t done = 0; done < pieces.size();) {
    const std::size_t copied = source_.read_pieces(std::span(pieces).subspan(done));
    for (const std::size_t end = done + copied; done < end; ++done) all[done].second->present.fill(true);
    if (done < pieces.size()) {
      fill(*all[done].second, all[done].first);
      ++done;
    }
  }
}

void memory_cache::fill(block& filled, std::uint64_t number) {
  const address begin = number * block_size;
  const bool whole = source_.read(begin, filled.bytes);
  filled.present.fill(whole);
  if (whole) return;
  for (std::size_t page = 0; page < pages; ++page)
    filled.present[page] =
        source_.read(begin + page * page_size, std::span(filled.bytes).subspan(page * page_size, page_size));
}

}  // namespace hocket::inspect::detail
