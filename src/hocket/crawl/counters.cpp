#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/counters.hpp>

namespace hocket::crawl {

std::uint64_t counters::add(char kind, std::string_view text) {
  return add(wide_text_hash(text, seed_ + static_cast<unsigned char>(kind)));
}

std::uint64_t counters::add(std::uint64_t digest) {
  const std::uint64_t count = ++counts_[digest];
  if (changed_) changed_(digest, count);
  return count;
}

}  // namespace hocket::crawl
