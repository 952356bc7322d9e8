// Reads a page whose encoding its Content-Type names (the first byte says which) whole and in pieces, and expects the same
// links, each a URL in normal form of http or https.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/page_links.hpp>

namespace {

using hocket::url;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> links_of(std::string_view page, std::string_view charset, std::size_t piece_size) {
  static const url document = url::parse("http://example.org/docs/a.html?q#f").value();
  static hocket::crawl::page_links links;
  links.begin(charset);
  for (; page.size() > piece_size; page.remove_prefix(piece_size)) links.feed(std::string(page.substr(0, piece_size)));
  links.feed(std::string(page));
  std::vector<std::string> found;
  for (const auto& each : links.finish(document)) {
    require(url::parse(each.url.href()) == each.url);
    require(each.url.scheme() == "http" || each.url.scheme() == "https");
    require(!each.url.has_fragment());
    found.push_back(each.url.href());
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr auto encodings = static_cast<unsigned>(hocket::encoding::x_user_defined) + 1;
  const auto charset = name_of(static_cast<hocket::encoding>(data[0] % encodings));
  const std::size_t piece_size = data[1] % 64 + std::size_t{1};
  const std::string_view page(reinterpret_cast<const char*>(data + 2), size - 2);
  require(links_of(page, charset, piece_size) == links_of(page, charset, page.size() + 1));
  return 0;
}
