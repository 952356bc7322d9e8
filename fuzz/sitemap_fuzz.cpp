// Sitemaps of anybody: how they are cut changes nothing, and what they name are URLs of the web.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/sitemap/sitemap_reader.hpp>

namespace {

std::string named_in(std::string_view text, std::size_t piece) {
  std::string found;
  hocket::sitemap_reader reader([&found](hocket::sitemap_reader::entry, const hocket::url& where) {
    if (where.scheme() != "http" && where.scheme() != "https") __builtin_trap();
    found += where.href() + "\n";
  });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) reader.feed(text.substr(0, piece));
  reader.finish();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (named_in(text, 1 + data[0]) != named_in(text, size)) __builtin_trap();
  return 0;
}
