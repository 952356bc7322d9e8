// How fast links are taken out of pages: those of a folder and below, in pieces of 16 KiB as they come from the network.
//
//   link_extractor_cases FOLDER          such as /usr/share/doc/postgresql-doc-15/html

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <hocket/crawl/link_extractor.hpp>

namespace {

/// Only counts.
class counter final : public hocket::crawl::element_observer {
 public:
  void on_resource(hocket::crawl::resource_kind, std::string_view) override { ++resources; }
  void on_anchor(std::string_view) override { ++anchors; }

  std::size_t resources = 0;
  std::size_t anchors = 0;
};

constexpr int runs = 40;
constexpr std::size_t piece_size = 16 * 1024;

std::size_t links_in(hocket::crawl::link_extractor& extractor, std::string_view page) {
  extractor.reset();
  std::size_t links = 0;
  while (!page.empty()) {
    std::string_view piece = page.substr(0, piece_size);
    page.remove_prefix(piece.size());
    while (extractor.next(piece)) ++links;
  }
  return links;
}

/// Megabytes a second in the best of a few runs: what others on the machine take is left out.
void measure(const char* name, hocket::crawl::link_extractor& extractor, const std::vector<std::string>& pages) {
  double least = 1e9;
  std::size_t bytes = 0;
  std::size_t links = 0;
  for (int run = 0; run < runs; ++run) {
    bytes = links = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& page : pages) {
      links += links_in(extractor, page);
      bytes += page.size();
    }
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  fmt::print("{}: {:.0f} MB/s, {} pages, {} links\n", name, static_cast<double>(bytes) / 1e6 / least, pages.size(),
             links);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return fmt::print(stderr, "usage: link_extractor_cases FOLDER\n"), 2;
  std::vector<std::string> pages;
  for (const auto& each : std::filesystem::recursive_directory_iterator(arguments[1])) {
    if (each.path().extension() != ".html") continue;
    std::ifstream file(each.path(), std::ios::binary);
    pages.emplace_back(std::istreambuf_iterator(file), std::istreambuf_iterator<char>());
  }
  if (pages.empty()) return 1;
  hocket::crawl::link_extractor links;
  measure("links", links, pages);
  counter all;
  hocket::crawl::link_extractor elements(&all);
  measure("all elements", elements, pages);
  fmt::print("  {} resources, {} anchors\n", all.resources / runs, all.anchors / runs);
}
