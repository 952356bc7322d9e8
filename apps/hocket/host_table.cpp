#include "host_table.hpp"

#include <chrono>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>

namespace hocket::app {

static constexpr std::size_t indent = 2;
static constexpr std::size_t least_host_width = 12;
static constexpr std::size_t columns_for_all = 60;  // fewer: pages and milliseconds only

// The end of a name says more than its beginning.
static std::string shortened(const std::string& host, std::size_t width) {
  return host.size() <= width ? host : ".." + host.substr(host.size() - width + 2);
}

std::vector<std::string> host_table(const std::vector<crawl::host_stats>& hosts, std::size_t columns) {
  const bool has_all = columns >= columns_for_all;
  const auto numbers = [has_all](std::string_view pages, std::string_view failed, std::string_view ms,
                                 std::string_view megabytes) {
    return has_all ? fmt::format("{:>10}{:>8}{:>9}{:>9}", pages, failed, ms, megabytes)
                   : fmt::format("{:>9}{:>8}", pages, ms);
  };
  const std::string head = numbers("pages", "failed", "ms", "MB");
  if (hosts.empty() || columns < indent + least_host_width + head.size() + 1) return {};
  const std::size_t width = columns - indent - head.size() - 1;
  std::vector<std::string> lines{
      fmt::format("{:{}}{:<{}}{}", "", indent, shortened("slowest hosts", width), width, head)};
  for (const crawl::host_stats& each : hosts) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(each.latest).count();
    lines.push_back(
        fmt::format("{:{}}{:<{}}{}", "", indent, shortened(each.host, width), width,
                    numbers(grouped(each.pages), grouped(each.failed), grouped(static_cast<std::uint64_t>(ms)),
                            fmt::format("{:.1f}", static_cast<double>(each.bytes) / 1e6))));
  }
  return lines;
}

}  // namespace hocket::app
