#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace hocket::crawl {

/// What a crawl has come to.
struct tally {
  std::uint64_t pages = 0;  // that were asked for and came to an end
  std::uint64_t ok = 0;     // of them: answered with a status below 400, and read to their end
  std::uint64_t failed = 0;
  std::uint64_t links = 0;                                      // rows of links.tsv
  std::uint64_t bytes = 0;                                      // of bodies
  std::map<std::string, std::uint64_t, std::less<>> skipped{};  // URLs seen and not fetched, by reason
};

}  // namespace hocket::crawl
