#include <algorithm>

#include <hocket/crawl/warc/gzip_member.hpp>

namespace hocket::crawl {

void gzip_member::encode(std::string_view piece, http::encoding_end end, std::string& packed) {
  for (bool done = false; !done;) {
    const std::size_t before = packed.size();
    packed.resize(before + std::max<std::size_t>(piece.size() / 2, 1024));
    const auto step = encoder_.encode(piece, std::span(packed).subspan(before), end);
    packed.resize(before + step.produced);
    piece.remove_prefix(step.consumed);
    done = step.done;
  }
}

}  // namespace hocket::crawl
