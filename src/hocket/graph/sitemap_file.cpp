#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <zlib.h>

#include <hocket/base/error.hpp>
#include <hocket/graph/sitemap_file.hpp>
#include <hocket/sitemap/sitemap_reader.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::graph {
namespace {

constexpr unsigned most_levels = 3;  // an index of indexes, which the protocol does not know

error cannot_read(const std::string& path, std::string_view why) {
  return error(fmt::format("cannot read sitemap '{}': {}", path, why));
}

/// Hands on what is in a file, unpacked if it is packed.
template <class Take>
void read_unpacked(const std::string& path, Take take) {
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  const auto system_says = [] { return std::system_category().message(errno); };
  if (!file) throw cannot_read(path, system_says());
  std::array<char, 64 * 1024> piece{};
  for (;;) {
    const int size = gzread(file.get(), piece.data(), static_cast<unsigned>(piece.size()));
    int problem = Z_OK;
    const char* const text = gzerror(file.get(), &problem);
    if (problem == Z_ERRNO) throw cannot_read(path, system_says());
    if (problem != Z_OK && problem != Z_STREAM_END) throw cannot_read(path, text);
    if (size <= 0) return;
    take(std::string_view(piece.data(), static_cast<std::size_t>(size)));
  }
}

std::string beside(const std::string& index, const url& sitemap) {
  const std::string_view path = sitemap.path();
  const std::string name = percent_decode(path.substr(path.rfind('/') + 1));
  const bool is_name = !name.empty() && name != "." && name != ".." &&
                       name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  if (!is_name) throw error(fmt::format("sitemap '{}' names {}, which is no file's name", index, sitemap.href()));
  const std::string file = (std::filesystem::path(index).parent_path() / name).string();
  std::error_code problem;
  if (!std::filesystem::exists(file, problem))
    throw error(fmt::format("sitemap '{}' is an index that names {}: put that beside it, as '{}'", index,
                            sitemap.href(), file));
  return file;
}

void read_into(std::vector<std::string>& urls, const std::string& path, unsigned level) {
  std::vector<url> sitemaps;
  const auto take = [&](sitemap_reader::entry what, url where) {
    if (what == sitemap_reader::entry::page)
      urls.push_back(where.href());
    else
      sitemaps.push_back(std::move(where));
  };
  sitemap_reader reader(take, std::numeric_limits<std::size_t>::max());
  read_unpacked(path, [&](std::string_view piece) {
    if (reader.is_full())
      throw error(fmt::format("sitemap '{}' is larger than {} bytes", path, sitemap_reader::most_bytes));
    reader.feed(piece);
  });
  reader.finish();
  if (!sitemaps.empty() && level == most_levels)
    throw error(fmt::format("sitemap '{}' is an index within indexes within an index", path));
  for (const url& each : sitemaps) read_into(urls, beside(path, each), level + 1);
}

}  // namespace

std::vector<std::string> read_sitemap_file(const std::string& path) {
  std::vector<std::string> urls;
  read_into(urls, path, 1);
  return urls;
}

}  // namespace hocket::graph
