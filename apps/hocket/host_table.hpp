#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <hocket/crawl/stats/crawl_stats.hpp>

namespace hocket::app {

/// A table of hosts for a terminal of that width: a head, and a line for each. None if there is no room for it, or no host.
[[nodiscard]] std::vector<std::string> host_table(const std::vector<crawl::host_stats>& hosts, std::size_t columns);

}  // namespace hocket::app
