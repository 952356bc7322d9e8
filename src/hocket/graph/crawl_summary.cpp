#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/crawl_summary.hpp>

namespace hocket::graph {

static constexpr std::streamsize most_bytes = 1024 * 1024;

std::optional<crawl_summary> read_summary(const std::string& directory) {
  const std::string path = directory + "/summary.json";
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return std::nullopt;
  std::string text(most_bytes, '\0');
  if (file) file.read(text.data(), most_bytes);
  if (!file.is_open() || file.bad() || errno == EISDIR)
    throw error(fmt::format("cannot read '{}': {}", path, std::system_category().message(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto object = nlohmann::json::parse(text, nullptr, false);
  const auto is_right = [&] {
    if (!object.is_object() || !object.contains("seconds") || !object["seconds"].is_number()) return false;
    if (!object.contains("skipped") || !object["skipped"].is_object()) return false;
    const auto& skipped = object["skipped"];
    return std::all_of(skipped.begin(), skipped.end(), [](const auto& count) { return count.is_number_unsigned(); });
  };
  if (!is_right()) throw error(fmt::format("'{}' is not the summary of a crawl", path));
  return crawl_summary{.seconds = object["seconds"], .skipped = object["skipped"]};
}

}  // namespace hocket::graph
