#pragma once

#include <string>
#include <vector>

#include <hocket/crawl_redis/crawl_control.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::app {

/// A shared crawl at two moments, for rates: `passed` lies between them.
struct watched_crawl {
  crawl::shared_crawl before;
  crawl::shared_crawl now;
  duration passed{};
};

/// For people.
[[nodiscard]] std::vector<std::string> status_lines(const watched_crawl& crawl);
/// One object, without a newline.
[[nodiscard]] std::string status_json(const watched_crawl& crawl);

}  // namespace hocket::app
