#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// A URL to fetch.
struct target {
  hocket::url url;
  unsigned depth = 0;                  // links from a seed
  int priority = 0;                    // at its host, the greater first
  unsigned attempts = 0;               // made so far
  std::vector<std::string> claimed{};  // where earlier attempts were redirected to: seen, but nobody else's
  std::uint64_t number = 0;            // given by the frontier: of two, the lesser was found first
};

}  // namespace hocket::crawl
