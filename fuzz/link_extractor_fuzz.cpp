// Feeds a document to the link extractor whole, byte by byte and cut at places that the input chooses, and expects the
// same. The first byte is how many cuts there are (up to 15); each takes two more bytes. The rest is the document.
//
// A finding is a crash: a sanitizer's report, or the call of abort() below.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/crawl/link_extractor.hpp>

namespace {

using hocket::crawl::link_extractor;

class recorder final : public hocket::crawl::element_observer {
 public:
  void on_resource(hocket::crawl::resource_kind kind, std::string_view url) override {
    found.push_back(std::string(name_of(kind)) + " " + std::string(url));
  }
  void on_anchor(std::string_view name) override { found.push_back("#" + std::string(name)); }

  std::vector<std::string> found;
};

struct findings {
  std::vector<std::pair<std::string, bool>> links;
  std::optional<std::string> base;

  bool operator==(const findings&) const = default;
};

// The document in pieces that end at the cuts (ascending), each in memory of its own, so that overruns are seen.
findings extract(std::string_view document, const std::vector<std::size_t>& cuts, recorder* observer = nullptr) {
  link_extractor extractor(observer);
  findings found;
  const auto feed = [&](std::string_view piece) {
    const auto memory = std::make_unique<char[]>(piece.size());
    std::ranges::copy(piece, memory.get());
    std::string_view bytes{memory.get(), piece.size()};
    while (const auto link = extractor.next(bytes)) found.links.emplace_back(link->href, link->nofollow);
    if (!bytes.empty()) std::abort();
  };
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    feed(document.substr(begin, cut - begin));
    begin = cut;
  }
  feed(document.substr(begin));
  if (const auto base = extractor.base_href()) found.base.emplace(*base);
  return found;
}

std::vector<std::size_t> take_cuts(std::string_view& input) {
  std::vector<std::size_t> cuts;
  const auto take_byte = [&]() -> std::size_t {
    if (input.empty()) return 0;
    const auto byte = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    return byte;
  };
  const std::size_t count = take_byte() % 16;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t high = take_byte();
    cuts.push_back(high << 8 | take_byte());
  }
  for (auto& cut : cuts) cut = std::min(cut, input.size());
  std::ranges::sort(cuts);
  return cuts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view document{reinterpret_cast<const char*>(data), size};
  const std::vector<std::size_t> cuts = take_cuts(document);
  std::vector<std::size_t> every_byte(document.size());
  for (std::size_t n = 0; n < every_byte.size(); ++n) every_byte[n] = n;

  const findings whole = extract(document, {});
  recorder of_whole, of_cuts,
      of_bytes;  // who is told of elements finds the same links, and the same elements however it is cut
  if (extract(document, {}, &of_whole) != whole || extract(document, cuts, &of_cuts) != whole ||
      extract(document, every_byte, &of_bytes) != whole || of_cuts.found != of_whole.found ||
      of_bytes.found != of_whole.found)
    std::abort();
  if (extract(document, cuts) != whole || extract(document, every_byte) != whole) std::abort();
  return 0;
}
