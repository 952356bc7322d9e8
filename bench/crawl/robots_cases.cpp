// What robots.txt files cost: each of a folder's files parsed, the slowest told; and a URL asked about.
//
//   robots_cases FOLDER          such as ../shared/conformance/robots/real

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <hocket/crawl/robots.hpp>

using microseconds = std::chrono::duration<double, std::micro>;
using hocket::crawl::robots;

namespace {

constexpr int runs = 20;

/// The least of a few runs: what others on the machine add is left out.
template <class Work>
double least_microseconds(Work work) {
  double least = 1e9;
  for (int run = 0; run < runs; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    least = std::min(least, microseconds(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return fmt::print(stderr, "usage: robots_cases FOLDER\n"), 2;
  struct slow {
    double parse, ask;
    std::string file;
    std::size_t size, rules;
  };
  std::vector<slow> files;
  double all = 0;
  const auto page = *hocket::url::parse("http://example.org/some/where/page-of-a-site.html?with=a&query=2");
  for (const auto& each : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream file(each.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator(file), {}};
    robots rules;
    const double parse = least_microseconds([&] { rules = robots::parse(text, "hocket"); });
    bool allowed = false;
    const double ask = least_microseconds([&] { allowed ^= rules.allows(page); });
    files.push_back({parse, ask, each.path().filename(), text.size(), rules.rules()});
    all += parse;
  }
  if (files.empty()) return 1;
  fmt::print("{} files, {:.1f} us each\n", files.size(), all / static_cast<double>(files.size()));
  std::ranges::sort(files, std::greater(), &slow::parse);
  for (std::size_t n = 0; n < std::min<std::size_t>(3, files.size()); ++n)
    fmt::print("slowest: {:.0f} us, {} bytes, {} rules, asked in {:.2f} us, {}\n", files[n].parse, files[n].size,
               files[n].rules, files[n].ask, files[n].file);
  return files.front().parse < 1000 ? 0 : 1;
}
